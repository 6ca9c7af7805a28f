/** `node local/cli.ts <command> [...]`: picks the command and turns a thrown error into one line and exit code 1. */
import { CommandError } from "./command-error.ts";

interface Command {
  /** What `--help` prints. */
  help: string;
  /** Exit code. */
  run(args: string[]): Promise<number>;
}

/** Loaded on demand: `check` must not pay for the stack's imports. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  start: () => import("./commands/start.ts"),
  dev: () => import("./commands/dev.ts"),
  demo: () => import("./commands/demo.ts"),
  test: () => import("./commands/test.ts"),
  check: () => import("./commands/check.ts"),
  build: () => import("./commands/build.ts"),
  "bench:detect": () => import("./commands/bench-detect.ts"),
  "bench:heal": () => import("./commands/bench-heal.ts"),
  "bench:sira": () => import("./commands/bench-sira.ts"),
  rollout: () => import("./commands/rollout.ts"),
  ops: () => import("./commands/ops.ts"),
  migrate: () => import("./commands/migrate.ts"),
  deploy: () => import("./commands/deploy.ts"),
};

async function main(name: string | undefined, args: string[]): Promise<number> {
  const load = name === undefined ? undefined : COMMANDS[name];
  if (!load) {
    const names = Object.keys(COMMANDS).join(" | ");
    const asked = name === undefined || name === "--help" || name === "-h";
    (asked ? console.log : console.error)(`usage: node local/bootstrap.mjs <${names}> [--help]`);
    return asked ? 0 : 2;
  }
  const command = await load();
  if (args.includes("--help") || args.includes("-h")) {
    console.log(command.help.trim());
    return 0;
  }
  return command.run(args);
}

try {
  process.exit(await main(process.argv[2], process.argv.slice(3)));
} catch (error) {
  if (error instanceof CommandError) console.error(`vigie: ${error.message}`);
  else console.error(error);
  process.exit(1);
}
