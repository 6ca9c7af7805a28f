import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { workerdTestBindings } from "./test/workerd-bindings.ts";

/** Three layers: pure and local (node), objects in real workerd, journeys through the whole stack. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.workerd.test.ts", "test/journey/**", "node_modules/**"],
          testTimeout: 30_000,
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
        },
      },
      {
        test: {
          name: "journey",
          include: ["test/journey/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          // Each file brings up a stack of its own on free ports, and mostly waits for it.
          maxWorkers: 2,
        },
      },
    ],
  },
});
