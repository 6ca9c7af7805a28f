import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../local/paths.ts";

const COMMANDS = ["start", "dev", "demo", "test", "check", "build", "migrate", "deploy", "rollout", "ops"];

function bootstrap(...args: string[]) {
  return spawnSync(process.execPath, [join(ROOT, "local", "bootstrap.mjs"), ...args], { encoding: "utf8" });
}

it.each(COMMANDS)("%s --help explains itself and starts nothing", (command) => {
  const { status, stdout } = bootstrap(command, "--help");
  expect(stdout).toContain(
    `npm ${["build", "check", "demo", "deploy", "dev", "migrate", "ops", "rollout"].includes(command) ? "run " : ""}${command}`,
  );
  expect(status).toBe(0);
});

it("lists the commands when the name is unknown", () => {
  const { status, stderr } = bootstrap("strat");
  expect(stderr).toContain(
    "start | dev | demo | test | check | build | bench:detect | bench:heal | bench:sira | rollout | ops | migrate | deploy",
  );
  expect(status).toBe(2);
});

it.each(COMMANDS)(
  "npm %s puts the command in the place of npm's shell, which would keep signals to itself",
  (command) => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(scripts[command]).toBe(`exec node local/bootstrap.mjs ${command}`);
  },
);
