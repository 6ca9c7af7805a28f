/** The layers hold: who may import whom, what may be touched where. Each rule is also shown to object to a bad example. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cyclesOf } from "./cycles.ts";
import { type Declared, undeclaredPackages, unexplainedPackages, unusedPackages } from "./dependencies.ts";
import { tableUnder } from "./markdown.ts";
import { parseSource } from "./parsed-source.ts";
import { ROOMS, type Room } from "./rooms.ts";
import {
  fileCycles,
  forbiddenArrows,
  forbiddenPackages,
  idleArrows,
  impurities,
  roomCycles,
  scatteredAlarms,
  strayFetches,
  strayFiles,
} from "./rules.ts";
import { filesBelow, parsedTree, ROOT, readFromRoot } from "./source-tree.ts";

const tree = parsedTree();
const paths = new Set(filesBelow());

/** Two or three files in place of the tree. */
const files = (sources: Record<string, string>) =>
  Object.entries(sources).map(([path, text]) => parseSource(path, text));

describe("parseSource", () => {
  it("finds every form of import, and tells types from values", () => {
    const { imports } = parseSource(
      "src/core/a.ts",
      `import a from "./a.ts";
import type { B } from "./b.ts";
import { type C, type D } from "./c.ts";
import { type E, f } from "./e.ts";
import "./side-effect.css";
export * from "./g.ts";
export { h } from "./h.ts";
export type { I } from "./i.ts";
const j = await import("./j.ts");
type K = import("./k.ts").K;
// import "./comment.ts";
const text = 'import "./string.ts"';`,
    );
    expect(imports.map(({ specifier, typeOnly }) => `${specifier} ${typeOnly ? "types" : "values"}`)).toEqual(
      [
        "./a.ts values",
        "./b.ts types",
        "./c.ts types",
        "./e.ts values",
        "./side-effect.css values",
        "./g.ts values",
        "./h.ts values",
        "./i.ts types",
        "./j.ts values",
        "./k.ts types",
      ],
    );
    expect(imports.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("sees globals and members, and leaves keys and properties alone", () => {
    const { uses } = parseSource(
      "src/core/a.ts",
      `Date.now(); Math["random"](); new Date(); new Date(5); Date();
fetch("x"); assets.fetch("x"); const o = { fetch: 1, env: 2 }; o.env;
const send = options.fetch ?? fetch; process.exit(); storage.setAlarm(1);`,
    );
    expect(uses.map(({ name, line }) => `${line} ${name}`)).toEqual([
      "1 Date.now",
      "1 Math.random",
      "1 new Date()",
      "1 Date()",
      "2 fetch",
      "3 fetch",
      "3 process",
      "3 setAlarm",
    ]);
  });

  it("refuses what does not parse", () => {
    expect(() => parseSource("src/core/a.ts", "import {")).toThrow("does not parse");
  });
});

describe("the tree", () => {
  it("has a room for every file, and a file for every import", () => {
    expect(strayFiles(tree, (path) => paths.has(path))).toEqual([]);
    const bad = files({ "attic/a.ts": "", "src/core/b.ts": 'import "./gone.ts"' });
    expect(strayFiles(bad, (path) => paths.has(path))).toEqual([
      "attic/a.ts belongs to no room",
      "src/core/b.ts:1 imports ./gone.ts, which does not exist",
    ]);
  });

  it("draws no arrow that the table of rooms does not list, and none upward", () => {
    expect(forbiddenArrows(tree)).toEqual([]);
    const bad = files({
      "src/core/a.ts": 'import type { Env } from "../env.ts"',
      "src/contract/b.ts": 'import "../core/a.ts"',
      "src/services/c.ts": 'import "../../test/browser.ts"',
      "plugin-client/core/d.ts": 'import type { A } from "../../src/contract/ids.ts"',
      "plugin-client/core/e.ts": 'import { A } from "../../src/contract/ids.ts"',
      "durable-objects/policy/f.ts": 'import "../release/release-store.ts"',
    });
    expect(forbiddenArrows(bad)).toEqual([
      "src/core/a.ts:1 imports ../env.ts: core may not import env",
      "src/contract/b.ts:1 imports ../core/a.ts: upward, from contract to core",
      "src/services/c.ts:1 imports ../../test/browser.ts, which no room may import",
      "plugin-client/core/e.ts:1 imports ../../src/contract/ids.ts: client core may take only types of contract",
      "durable-objects/policy/f.ts:1 imports ../release/release-store.ts: policy object may not import release object",
    ]);
  });

  it("uses every room and every package that the table allows", () => {
    expect(idleArrows(tree)).toEqual([]);
    expect(idleArrows(files({ "src/core/a.ts": "" }))).toEqual([
      "core -> contract is allowed, but nothing draws it",
      "core -> @noble/hashes is allowed, but nothing draws it",
    ]);
  });

  it("has no circle of files", () => {
    expect(fileCycles(tree)).toEqual([]);
    const bad = files({
      "src/core/a.ts": 'import "./b.ts"',
      "src/core/b.ts": 'import type { C } from "./c.ts"',
      "src/core/c.ts": 'export * from "./a.ts"',
      "src/core/d.ts": 'import "./a.ts"',
    });
    expect(fileCycles(bad)).toEqual(["circle of files: src/core/a.ts, src/core/b.ts, src/core/c.ts"]);
  });

  it("has no circle of rooms, neither drawn nor allowed", () => {
    expect(roomCycles(tree)).toEqual([]);
    const drawn = files({ "src/core/a.ts": 'import "../postgres/b.ts"' });
    expect(roomCycles(drawn)).toEqual(["circle of rooms: core, postgres"]);
    const room = (name: string, may: string[]): Room => ({ name, layer: 1, paths: [], may, packages: [] });
    expect(roomCycles([], [room("a", ["b"]), room("b", ["a"])])).toEqual(["circle of rooms: a, b"]);
  });

  it("imports packages and platform modules only where they belong", () => {
    expect(forbiddenPackages(tree)).toEqual([]);
    const bad = files({
      "plugin-client/core/a.ts": 'import { z } from "zod"',
      "src/http/b.ts": 'import { neon } from "@neondatabase/serverless"',
      "durable-objects/plugin/c.ts": 'import "node:crypto"',
      "src/postgres/d.ts": 'import "drizzle-orm/pg-core"',
    });
    expect(forbiddenPackages(bad)).toEqual([
      "plugin-client/core/a.ts:1 imports zod: not allowed in client core",
      "src/http/b.ts:1 imports @neondatabase/serverless: not allowed in http",
      "durable-objects/plugin/c.ts:1 imports node:crypto: not allowed in plugin object",
    ]);
  });

  it("keeps clock, chance and the outside out of the pure rooms", () => {
    expect(impurities(tree)).toEqual([]);
    const bad = files({
      "src/core/a.ts": "export const now = () => Date.now() + new Date().getTime() + Math.random()",
      "src/core/b.ts": "export const f = (env: string) => env",
      "src/contract/c.ts": "export const f = (env: string) => setTimeout(env)",
      "src/http/d.ts": "Date.now()",
    });
    expect(impurities(bad)).toEqual([
      "src/core/a.ts:1 uses Date.now, which a pure room may not",
      "src/core/a.ts:1 uses new Date(), which a pure room may not",
      "src/core/a.ts:1 uses Math.random, which a pure room may not",
      "src/core/b.ts:1 uses env, which a pure room may not",
      "src/core/b.ts:1 uses env, which a pure room may not",
      "src/contract/c.ts:1 uses setTimeout, which a pure room may not",
    ]);
  });

  it("calls out from the places made for it only", () => {
    expect(strayFetches(tree)).toEqual([]);
    const bad = files({
      "src/http/a.ts": 'await fetch("https://example.com")',
      "src/services/b.ts": 'await fetch("https://example.com")',
      "test/c.test.ts": 'await fetch("http://127.0.0.1")',
    });
    expect(strayFetches(bad)).toEqual(["src/http/a.ts:1 uses fetch: outbound calls live in src/services"]);
  });

  it("sets an object's alarm in one file", () => {
    expect(scatteredAlarms(tree)).toEqual([]);
    const bad = files({
      "durable-objects/plugin/a.ts": "storage.setAlarm(1)",
      "durable-objects/plugin/b.ts": "ctx.storage.deleteAlarm()",
      "durable-objects/fleet/c.ts": "storage.setAlarm(1)",
    });
    expect(scatteredAlarms(bad)).toEqual([
      "plugin object: the alarm is set in durable-objects/plugin/a.ts and durable-objects/plugin/b.ts",
    ]);
  });
});

describe("cyclesOf", () => {
  it("finds circles of any length, also of one, and tells them apart", () => {
    const graph = new Map([
      ["a", ["b"]],
      ["b", ["a", "c"]],
      ["c", ["d"]],
      ["d", ["c"]],
      ["e", ["e"]],
      ["f", ["a"]],
    ]);
    expect(cyclesOf(graph).sort()).toEqual([["a", "b"], ["c", "d"], ["e"]]);
  });
});

describe("package.json", () => {
  const settings = [
    ...["tsconfig.json", "tsconfig.node.json", "tsconfig.workerd-test.json", "tsconfig.dashboard.json"],
    "biome.json",
  ].map(readFromRoot);
  const declared = declaredPackages();
  const one: Declared = { names: ["hono"], commandsOf: () => [] };

  it("declares nothing that nobody uses", () => {
    expect(unusedPackages(declared, tree, settings)).toEqual([]);
    expect(unusedPackages(one, files({ "src/a.ts": 'import "zod"' }), [])).toEqual([
      "hono is declared in package.json, but nothing uses it",
    ]);
  });

  it("declares everything that is imported", () => {
    expect(undeclaredPackages(declared, tree)).toEqual([]);
    const bad = files({ "src/a.ts": 'import "hono/cors"; import "zod"; import "node:fs"' });
    expect(undeclaredPackages(one, bad)).toEqual(["src/a.ts:1 imports zod, which is not declared"]);
  });

  it("is explained line by line in ARCHITECTURE.md", () => {
    const rows = tableUnder(readFromRoot("ARCHITECTURE.md"), "Dependencies").map(([name = "", why = ""]) => ({
      name,
      why,
    }));
    expect(unexplainedPackages(declared, rows)).toEqual([]);
    expect(unexplainedPackages(one, [{ name: "left-pad", why: "pads on the left" }])).toEqual([
      "hono is not explained in ARCHITECTURE.md",
      "left-pad is explained in ARCHITECTURE.md, but not declared",
    ]);
  });
});

describe("ARCHITECTURE.md", () => {
  it("draws the table of rooms as the rules have it", () => {
    expect(tableUnder(readFromRoot("ARCHITECTURE.md"), "Rooms and arrows")).toEqual(roomTable(ROOMS));
  });
});

/** The rooms as rows of the document: layer, room, paths, rooms it may import, packages it may import. */
function roomTable(rooms: readonly Room[]): string[][] {
  return [...rooms]
    .sort((a, b) => b.layer - a.layer)
    .map((room) => [
      String(room.layer),
      room.name,
      room.paths.join(", "),
      room.may.join(", ") || "-",
      room.packages.join(", ") || "-",
    ]);
}

function declaredPackages(): Declared {
  const manifest = packageJson(ROOT);
  const ofModule = (name: string) => packageJson(join(ROOT, "node_modules", name));
  return {
    names: [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})],
    commandsOf(name) {
      const { bin } = ofModule(name);
      return typeof bin === "string" ? [name] : Object.keys(bin ?? {});
    },
  };
}

interface PackageJson {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  bin?: string | Record<string, string>;
}

function packageJson(folder: string): PackageJson {
  // npm has validated these files; only these optional fields are read.
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageJson;
}
