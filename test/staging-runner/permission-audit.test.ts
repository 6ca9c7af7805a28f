import { expect, it } from "vitest";
import { denialsInAudit, denialsInOutput, type Grants } from "../../staging-runner/permission-audit.ts";

const GRANTS: Grants = {
  cwd: "/run/release",
  read: ["/run/release", "/run/data"],
  write: ["/run/data"],
  env: ["VIGIE_DATA"],
  net: "127.0.0.1:4000",
};

const line = (permission: string, value: string | null, stack: string[] = []) =>
  JSON.stringify({ v: 1, permission, value, stack });

it.each([
  ["a file of the release", line("read", "/run/release/plugin.json")],
  ["a file of the release by a relative path", line("read", "lib/../plugin.json")],
  ["a write to its data", line("write", "/run/data/orders.jsonl")],
  ["a granted variable", line("env", "VIGIE_DATA")],
  ["the one port", line("net", "127.0.0.1:4000")],
  ["a URL on the one port", line("net", "http://127.0.0.1:4000/webhooks/staging")],
  ["a module of its own making", line("import", "data:text/javascript,1")],
  ["text that is no record", "not json"],
])("passes %s", (_, audit) => {
  expect(denialsInAudit(audit, GRANTS)).toEqual([]);
});

it.each([
  ["a path that climbs out", line("read", "/run/release/../secret"), "read"],
  ["a folder whose name only begins alike", line("read", "/run/release-2/x"), "read"],
  ["everything at once", line("read", null), "read"],
  ["a write to the release", line("write", "/run/release/main.mjs"), "write"],
  ["another variable", line("env", "HOME"), "env"],
  ["all variables", line("env", null), "env"],
  [
    "the environment copied for a child",
    line("env", null, ["spawn (ext:deno_node/child_process.ts)"]),
    "run",
  ],
  ["another port", line("net", "127.0.0.1:40001"), "net"],
  ["the same port by another name", line("net", "http://localhost:4000/"), "net"],
  ["remote code", line("import", "https://molam.example/x.mjs"), "net"],
  ["the mark of an attempt to start a program", line("env", "VIGIE_ATTEMPT_RUN_ls"), "run"],
  ["a program", line("run", "/bin/ls"), "run"],
  ["a kind that is not known", line("clipboard", "x"), "sys"],
])("finds %s", (_, audit, kind) => {
  expect(denialsInAudit(audit, GRANTS).map((denial) => denial.kind)).toEqual([kind]);
});

it("reads denials that the process printed", () => {
  const output =
    'error: NotCapable: Requires run access, run again\nRequires read access to "/etc/passwd", run';
  expect(denialsInOutput(output)).toEqual([
    { kind: "run", value: "" },
    { kind: "read", value: "/etc/passwd" },
  ]);
});
