import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/longest-first.ts";
import { workerdTestBindings } from "./test/workerd-bindings.ts";

/** Many a test waits for a process or a deadline: one worker per core, not one less as vitest would have it. */
const WORKERS = 2;

/** Files that start a process of their own need more than vitest's 10 s on a busy machine. */
const HOOK_MS = 60_000;

/** Three layers: pure and local (node), objects in real workerd, journeys through the whole stack. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.workerd.test.ts", "test/journey/**", "node_modules/**"],
          testTimeout: 30_000,
          hookTimeout: HOOK_MS,
          maxWorkers: WORKERS,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: workerdTestBindings(), cf: false },
          }),
        ],
        test: {
          name: "workerd",
          include: ["test/**/*.workerd.test.ts"],
          testTimeout: 30_000,
          hookTimeout: HOOK_MS,
          maxWorkers: WORKERS,
        },
      },
      {
        test: {
          name: "journey",
          include: ["test/journey/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          // Each file brings up a stack of its own on free ports, and mostly waits for it.
          maxWorkers: 3,
          // Never together with the others.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
