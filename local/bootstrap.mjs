/**
 * The door of every npm script. Plain Node 20, no dependencies: it installs what the lock file names when that is not there
 * yet, then hands over to the pinned Node in `node_modules` and `local/cli.ts`. Everything else lives behind that door.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const MIN_NODE_MAJOR = 20;
const PARENT_CHECK_MS = 500;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const pinnedNode = join(modules, ".bin", process.platform === "win32" ? "node.cmd" : "node");

function fail(message) {
  process.stderr.write(`vigie: ${message}\n`);
  process.exit(1);
}

function packagesOf(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

/** Compares what npm says it has installed with what the lock file names. Packages for other platforms are optional there. */
function isInstalled() {
  const npmRecord = join(modules, ".package-lock.json");
  if (!existsSync(npmRecord) || !existsSync(pinnedNode)) return false;
  const installed = packagesOf(npmRecord);
  return Object.entries(packagesOf(join(root, "package-lock.json"))).every(
    ([path, { version, optional }]) =>
      path === "" || (path in installed ? installed[path].version === version : optional === true),
  );
}

function install() {
  process.stdout.write("vigie: installing dependencies with npm ci (once; a minute or two) ...\n");
  // npm_execpath is npm's own cli.js when we were started by npm; it saves a search and works without a shell.
  const npmCli = process.env.npm_execpath;
  const [command, args] = npmCli?.endsWith(".js") ? [process.execPath, [npmCli]] : ["npm", []];
  const startedAt = Date.now();
  return new Promise((resolve) => {
    const npm = spawn(
      command,
      [...args, "ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"],
      {
        cwd: root,
        stdio: ["ignore", "inherit", "inherit"],
        // Errors only: npm would warn that some tools want a newer Node, which is what it is about to install.
      },
    );
    npm.on("error", (error) =>
      fail(`npm could not be started (${error.message}). Install Node 20+ with npm.`),
    );
    npm.on("exit", (code, signal) => {
      if (code !== 0) {
        fail(
          `npm ci failed (${signal ?? `exit code ${code}`}); its own message is above. Nothing was started.`,
        );
      }
      if (!existsSync(pinnedNode)) {
        fail(
          "npm ci left no node_modules/.bin/node: install scripts are switched off. Allow them and try again.",
        );
      }
      process.stdout.write(`vigie: installed in ${Math.round((Date.now() - startedAt) / 1000)} s\n`);
      resolve();
    });
  });
}

/** Hands over to the pinned Node; the IPC channel tells it when we die without a word. */
function handOver(args) {
  const child = spawn(pinnedNode, [join(root, "local", "cli.ts"), ...args], {
    cwd: root,
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, PATH: `${join(modules, ".bin")}:${process.env.PATH ?? ""}` },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  // npm signals its child only, which is why the scripts `exec` us; killed, it signals nobody, and we end all the same.
  const parent = process.ppid;
  const orphaned = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(orphaned);
    child.kill("SIGTERM");
  }, PARENT_CHECK_MS);
  if (process.env.npm_lifecycle_event === undefined) clearInterval(orphaned);
  child.on("error", (error) => fail(`${pinnedNode} could not be started: ${error.message}`));
  child.on("exit", (code, signal) => {
    process.exit(signal ? 128 + (constants.signals[signal] ?? 1) : (code ?? 1));
  });
}

if (Number(process.versions.node.split(".")[0]) < MIN_NODE_MAJOR) {
  fail(`Node ${MIN_NODE_MAJOR} or later is needed, this is ${process.versions.node}.`);
}
if (!isInstalled()) await install();
handOver(process.argv.slice(2));
