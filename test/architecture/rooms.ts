/**
 * The rooms of the tree, and the arrows that may be drawn between them. ARCHITECTURE.md draws the same table, and a test
 * compares the two. A room may import from itself, and from the rooms in `may`: they must lie in a lower layer, or beside it.
 */

export interface Room {
  name: string;
  /** 0 is the bottom. */
  layer: number;
  /** Folders (ending in a slash) and files; the longest match decides. */
  paths: readonly string[];
  may: readonly string[];
  /** npm packages and `node:*`, `cloudflare:*`. A scope's or package's sub-paths are included. */
  packages: readonly string[];
}

export const ROOMS: readonly Room[] = [
  // The bottom: what everything agrees on, and what decides.
  { name: "contract", layer: 0, paths: ["src/contract/"], may: [], packages: ["zod"] },
  { name: "core", layer: 1, paths: ["src/core/"], may: ["contract"], packages: ["@noble/hashes"] },
  { name: "env", layer: 1, paths: ["src/env.ts"], may: ["contract"], packages: [] },
  { name: "deadline", layer: 1, paths: ["src/deadline.ts"], may: [], packages: [] },

  // The Worker's tools.
  { name: "crypto", layer: 2, paths: ["src/crypto/"], may: ["contract"], packages: ["zod"] },
  {
    name: "settings",
    layer: 3,
    paths: ["src/settings.ts"],
    may: ["contract", "crypto", "env"],
    packages: ["jose", "zod"],
  },
  {
    name: "services",
    layer: 3,
    paths: ["src/services/"],
    may: ["contract", "core", "crypto", "deadline", "env"],
    packages: ["zod"],
  },
  {
    name: "postgres",
    layer: 3,
    paths: ["src/postgres/"],
    may: ["contract", "core", "crypto", "deadline"],
    packages: ["@neondatabase/serverless", "drizzle-orm", "zod"],
  },

  // The objects: none knows another one's class, they meet by the stubs' interfaces.
  {
    name: "objects",
    layer: 4,
    paths: ["durable-objects/"],
    may: ["contract", "core", "env"],
    packages: [],
  },
  {
    name: "outbox",
    layer: 5,
    paths: ["durable-objects/outbox/"],
    may: ["contract", "core", "env", "objects", "postgres"],
    packages: [],
  },
  {
    name: "plugin object",
    layer: 6,
    paths: ["durable-objects/plugin/"],
    may: ["contract", "core", "crypto", "env", "objects", "outbox", "services", "settings"],
    packages: ["cloudflare:*", "zod"],
  },
  {
    name: "policy object",
    layer: 6,
    paths: ["durable-objects/policy/"],
    may: ["contract", "core", "env", "objects", "outbox"],
    packages: ["cloudflare:*"],
  },
  {
    name: "release object",
    layer: 6,
    paths: ["durable-objects/release/"],
    may: ["contract", "core", "env", "objects", "outbox"],
    packages: ["cloudflare:*"],
  },
  {
    name: "fleet object",
    layer: 6,
    paths: ["durable-objects/fleet/"],
    may: ["contract", "core", "env", "objects", "outbox"],
    packages: ["cloudflare:*"],
  },
  {
    name: "sira object",
    layer: 6,
    paths: ["durable-objects/sira/"],
    may: ["contract", "core", "env", "objects", "outbox"],
    packages: ["cloudflare:*"],
  },
  {
    name: "notice object",
    layer: 6,
    paths: ["durable-objects/notice/"],
    may: ["contract", "core", "crypto", "env", "objects", "outbox", "services", "settings"],
    packages: ["cloudflare:*"],
  },
  {
    name: "feed object",
    layer: 6,
    paths: ["durable-objects/feed/"],
    may: ["contract", "core", "env"],
    packages: ["cloudflare:*"],
  },

  // The doors.
  {
    name: "http",
    layer: 7,
    paths: ["src/http/"],
    may: ["contract", "crypto", "env", "objects", "postgres", "services", "settings"],
    packages: ["hono", "jose", "zod"],
  },
  {
    name: "entry",
    layer: 8,
    paths: ["src/index.ts"],
    may: [
      "env",
      "feed object",
      "fleet object",
      "http",
      "notice object",
      "objects",
      "plugin object",
      "policy object",
      "release object",
      "services",
      "sira object",
    ],
    packages: [],
  },

  // What runs elsewhere: in the shop, in a sandbox, in a browser, on a laptop.
  { name: "client core", layer: 1, paths: ["plugin-client/core/"], may: ["contract"], packages: [] },
  {
    name: "client file host",
    layer: 2,
    paths: ["plugin-client/file-host/"],
    may: ["client core", "contract"],
    packages: ["node:*"],
  },
  {
    name: "client",
    layer: 3,
    paths: ["plugin-client/"],
    may: ["client core", "client file host", "contract"],
    packages: ["esbuild", "node:*"],
  },
  {
    name: "staging runner",
    layer: 1,
    paths: ["staging-runner/"],
    may: ["contract"],
    packages: ["fflate", "hono", "node:*"],
  },
  {
    name: "dashboard",
    layer: 1,
    paths: ["dashboard/src/"],
    may: ["contract"],
    packages: ["@preact/signals", "preact", "preact-iso", "zod"],
  },
  {
    name: "dashboard build",
    layer: 0,
    paths: ["dashboard/vite.config.ts"],
    may: [],
    packages: ["node:*", "vite"],
  },
  {
    name: "demo plugin",
    layer: 0,
    paths: ["local/demo/plugin/"],
    may: [],
    packages: ["node:*"],
  },
  {
    name: "local stack",
    layer: 4,
    paths: ["local/"],
    may: ["client", "client core", "client file host", "contract"],
    packages: [
      "esbuild",
      "fflate",
      "jose",
      "miniflare",
      "node:*",
      "pg",
      "standardwebhooks",
      "vite",
      "wrangler",
      "ws",
      "zod",
    ],
  },
];

/** Rooms outside the table: they may import every room and every declared package, and no room may import them. */
export const FREE_PATHS: readonly string[] = ["test/", "sim/", "bench/", "vitest.config.ts"];

/** Rooms of which another one may take types only: nothing of them is left when they run. */
export const TYPES_ONLY: readonly { from: string; to: string; why: string }[] = [
  { from: "client core", to: "contract", why: "the client has no dependency at run time" },
  { from: "client", to: "contract", why: "the client has no dependency at run time" },
  { from: "client file host", to: "contract", why: "the client has no dependency at run time" },
];

/** Rooms in which every answer follows from the arguments: no clock, no chance, no outside; and names they may use all the same. */
export const PURE_ROOMS: Readonly<Record<string, readonly string[]>> = {
  // There `env` is a plugin's own surroundings, a field of its heartbeat.
  contract: ["env"],
  core: [],
};

/** Folders whose files are laid over another folder before they run: their imports may name files of either. */
export const OVERLAYS: readonly { over: string; base: string }[] = [
  { over: "local/demo/plugin/versions/", base: "local/demo/plugin/common/" },
];

/** Where the global `fetch` may stand, besides tests. */
export const FETCH_PATHS: readonly { path: string; why: string }[] = [
  { path: "src/services/", why: "every outbound call of the Worker" },
  { path: "src/postgres/connection.ts", why: "gives the Neon driver's own calls a deadline" },
  { path: "plugin-client/core/platform.ts", why: "the client's one door to the network" },
  { path: "staging-runner/download.ts", why: "fetches the release under test" },
  { path: "dashboard/src/api/call.ts", why: "the dashboard's one file that sends requests" },
  { path: "local/", why: "the stack waits for its children, the demo plugin sends webhooks" },
];

/** The room of a file; null when it lies in none, "free" when it may import what it likes. */
export function roomOf(path: string, rooms: readonly Room[] = ROOMS): Room | "free" | null {
  if (FREE_PATHS.some((free) => covers(free, path))) return "free";
  let best: { room: Room; length: number } | null = null;
  for (const room of rooms)
    for (const own of room.paths)
      if (covers(own, path) && own.length > (best?.length ?? 0)) best = { room, length: own.length };
  return best?.room ?? null;
}

export function covers(own: string, path: string): boolean {
  return own.endsWith("/") ? path.startsWith(own) : path === own;
}
