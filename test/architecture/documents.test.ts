/** README.md and ARCHITECTURE.md name only what exists, and list all of what they list. Each rule is also shown a false claim. */
import { describe, expect, it } from "vitest";
import { ATTEMPT_STATUSES } from "../../src/contract/attempt.ts";
import { INCIDENT_STATUSES } from "../../src/contract/incident.ts";
import { Role } from "../../src/contract/ops.ts";
import { PluginRecord } from "../../src/contract/plugin-record.ts";
import { defaultPolicyDocument } from "../../src/contract/policy.ts";
import { ATTEMPT_TRANSITIONS } from "../../src/core/attempt-transitions.ts";
import type { Security } from "../../src/http/openapi/operations/operation.ts";
import { OPERATIONS } from "../../src/http/openapi/operations.ts";
import { OPS_ROUTES, type OpsRoute } from "../../src/http/ops/ops-roles.ts";
import {
  type Document,
  differences,
  type Facts,
  missingNames,
  missingPaths,
  missingRoutes,
  missingScripts,
} from "./document-claims.ts";
import { codeTexts, tableUnder } from "./markdown.ts";
import { filesBelow, parsedTree, readFromRoot } from "./source-tree.ts";

const sources = parsedTree().filter(({ path }) => !path.startsWith("test/"));
const facts: Facts = {
  files: new Set([...filesBelow(), ".ci/run"]),
  strings: new Set(sources.flatMap(({ strings }) => [...strings])),
  scripts: Object.keys((JSON.parse(readFromRoot("package.json")) as { scripts: object }).scripts), // npm reads the same
  routes: new Set([...Object.keys(OPERATIONS), "POST /api/staging/smoke"]),
  sourceText: [...sources.map(({ path }) => path), "wrangler.toml"].map(readFromRoot).join("\n"),
};
const readme = documentAt("README.md");
const architecture = documentAt("ARCHITECTURE.md");
const documents = [readme, architecture];
const claim = (text: string): Document => ({ name: "FALSE.md", text });

describe("the documents", () => {
  it("name only paths and files that exist", () => {
    expect(documents.flatMap((document) => missingPaths(document, facts))).toEqual([]);
    const bad = claim(
      "`src/http/gone.ts` [x](docs/gone.md) `nowhere.ts` `src/core/` `secrets.json`\n```\nnode local/gone.ts\n```",
    );
    expect(missingPaths(bad, facts)).toEqual([
      "FALSE.md:1 names src/http/gone.ts, which does not exist",
      "FALSE.md:1 names nowhere.ts, which does not exist",
      "FALSE.md:1 names docs/gone.md, which does not exist",
      "FALSE.md:3 names local/gone.ts, which does not exist",
    ]);
  });

  it("name only npm scripts that exist, and README names each of them", () => {
    expect(documents.flatMap((document) => missingScripts(document, facts))).toEqual([]);
    expect(missingScripts(claim("`npm run fly` `npm start` `npm ci`"), facts)).toEqual([
      'FALSE.md:1 names the npm script "fly", which does not exist',
    ]);
    const named = codeTexts(readme.text)
      .map(({ text }) => text)
      .join("\n");
    expect(facts.scripts.filter((name) => !new RegExp(`npm (run )?${name}\\b`).test(named))).toEqual([]);
  });

  it("name only routes that are served, and README lists each of them", () => {
    expect(documents.flatMap((document) => missingRoutes(document, facts))).toEqual([]);
    const bad = claim("`POST /api/ops/fly` `/api/ops/plugins/<id>` `DELETE /api/ops/policy` `GET /healthz`");
    expect(missingRoutes(bad, facts)).toEqual([
      "FALSE.md:1 names POST /api/ops/fly, which nothing serves",
      "FALSE.md:1 names DELETE /api/ops/policy, which nothing serves",
    ]);
    const listed = tableUnder(readme.text, "API").map(([route = ""]) => route);
    expect(differences(listed, Object.keys(OPERATIONS), "README.md")).toEqual([]);
  });

  it("name only variables and constants that the code knows", () => {
    expect(documents.flatMap((document) => missingNames(document, facts))).toEqual([]);
    expect(missingNames(claim("`SIRA_API_URL` `SIRA_API_KEY` plain NOT_CODE"), facts)).toEqual([
      "FALSE.md:1 names SIRA_API_KEY, which nothing reads",
    ]);
  });
});

describe("README.md", () => {
  it("lists every variable and secret of the Worker", () => {
    const variables = [...readFromRoot("src/env.ts").matchAll(/^\s+([A-Z][A-Z_]+)\??: string;/gm)].map(
      ([, name = ""]) => name,
    );
    const listed = tableUnder(readme.text, "Environment variables").map(([name = ""]) => name);
    expect(variables).toContain("DATABASE_URL");
    expect(variables.filter((name) => !listed.includes(name))).toEqual([]);
  });

  it("says of every route who may use it", () => {
    const listed = tableUnder(readme.text, "API").map(([route = "", who = ""]) => `${route}: ${who}`);
    const real = Object.entries(OPERATIONS).map(
      ([route, { security }]) => `${route}: ${whoMayUse(route, security)}`,
    );
    expect(differences(listed, real, "README.md")).toEqual([]);
  });

  it("lists every field of the policy with its default, and no other", () => {
    const listed = tableUnder(readme.text, "Policy").map(
      ([field = "", fallback = ""]) => `${field} ${fallback}`,
    );
    expect(differences(listed, fieldsOf(defaultPolicyDocument()), "README.md")).toEqual([]);
    expect(differences(["a", "b"], ["b", "c"], "FALSE.md")).toEqual([
      "FALSE.md lists a, which does not exist",
      "FALSE.md does not list c",
    ]);
  });
});

describe("README.md on statuses", () => {
  it.each([
    ["Incident statuses", INCIDENT_STATUSES],
    ["Attempt statuses", ATTEMPT_STATUSES],
    ["Plugin statuses", PluginRecord.shape.status.options],
  ])("explains each one under %s", (heading, statuses) => {
    const listed = tableUnder(readme.text, heading).map(([status = ""]) => status);
    expect(differences(listed, statuses, "README.md")).toEqual([]);
  });
});

describe("ARCHITECTURE.md", () => {
  it("draws the arrows of an attempt as the core has them", () => {
    const drawn = tableUnder(architecture.text, "The life of a healing").map((row) => `${row[0]}: ${row[3]}`);
    const real = Object.entries(ATTEMPT_TRANSITIONS)
      .filter(([, targets]) => targets.length > 0)
      .map(([status, targets]) => `${status}: ${targets.join(", ")}`);
    expect(differences(drawn, real, "ARCHITECTURE.md")).toEqual([]);
  });

  it("lists every table of Postgres, and no other", () => {
    const sql = [...facts.files].filter((path) => /^migrations\/\d+.*\.sql$/.test(path)).map(readFromRoot);
    const created = [...sql, readFromRoot("local/migrate.ts")].flatMap((text) =>
      createdIn(text, "public\\."),
    );
    const listed = tableUnder(architecture.text, "Postgres tables").map(([name = ""]) => name);
    expect(created).toContain("audit_log");
    expect(differences(listed, created, "ARCHITECTURE.md")).toEqual([]);
  });

  it("lists every table of the objects", () => {
    const paths = [...facts.files].filter((path) => path.startsWith("durable-objects/"));
    const created = new Set(paths.flatMap((path) => createdIn(readFromRoot(path))));
    const listed = new Set(
      tableUnder(architecture.text, "Storage").flatMap((row) => row[2]?.split(", ") ?? []),
    );
    listed.add("migrations").delete("");
    expect(created).toContain("outbox");
    expect(differences([...listed], [...created], "ARCHITECTURE.md")).toEqual([]);
  });
});

function whoMayUse(route: string, security: Security): string {
  switch (security) {
    case "ops": {
      const roles: readonly string[] = OPS_ROUTES[route as OpsRoute]; // the operations of `ops` are made from this table
      return roles.length === Role.options.length ? "any role" : roles.join(", ");
    }
    case "none":
      return "everybody";
    case "claim":
      return "a claim code";
    case "plugin":
      return "a plugin";
    case "sira":
      return "SIRA_INBOUND_TOKEN";
    default:
      return security satisfies never;
  }
}

function documentAt(name: string): Document {
  return { name, text: readFromRoot(name) };
}

function createdIn(text: string, schema = ""): string[] {
  const statement = new RegExp(`CREATE TABLE (?:IF NOT EXISTS )?(?:${schema})?(\\w+) \\(`, "g");
  return [...text.matchAll(statement)].map(([, name = ""]) => name);
}

/** `a.b default` for each field; a list or an empty object is a value. */
function fieldsOf(value: object, prefix = ""): string[] {
  return Object.entries(value).flatMap(([name, field]) =>
    typeof field === "object" && field !== null && !Array.isArray(field)
      ? fieldsOf(field, `${prefix}${name}.`)
      : [`${prefix}${name} ${JSON.stringify(field)}`],
  );
}
