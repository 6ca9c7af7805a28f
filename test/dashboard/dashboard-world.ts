/** The built dashboard in a real browser in front of the fixture's API; what the browser complained of is told at the end. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { launchBrowser } from "../browser.ts";
import { type FixtureServer, startFixtureServer, TOKENS } from "./fixture-server.ts";
import { aScene } from "./scene.ts";

/** Seconds at most on a machine of its own. */
const PAGE_TIMEOUT_MS = 30_000;

/** For `vi.setConfig` of a file that uses the browser: it may have to be unpacked first, and axe takes minutes on a busy machine. */
export const BROWSER_TEST = { testTimeout: 300_000, hookTimeout: 120_000 } as const;

export interface DashboardWorld {
  readonly server: FixtureServer;
  /** A fresh server with the scene's incidents. */
  serve(): Promise<FixtureServer>;
  /** The same, and a page that is signed in. */
  begin(who?: keyof typeof TOKENS): Promise<Page>;
  /** A further page; its complaints count too. */
  openPage(options?: Parameters<Browser["newContext"]>[0]): Promise<Page>;
  signIn(page: Page, who?: keyof typeof TOKENS): Promise<void>;
  /** Closes the test's pages and server, and tells the policy violations and script errors. */
  end(): Promise<string[]>;
  close(): Promise<void>;
}

/** Builds the dashboard as it is deployed and starts the browser: once for a file of tests. */
export async function openDashboard(): Promise<DashboardWorld> {
  const dist = await mkdtemp(join(tmpdir(), "vigie-dashboard-"));
  await build({
    configFile: fileURLToPath(new URL("../../dashboard/vite.config.ts", import.meta.url)),
    build: { outDir: dist },
    logLevel: "error",
  });
  const browser = await launchBrowser();
  let server: FixtureServer | null = null;
  let complaints: string[] = [];
  const current = (): FixtureServer => {
    if (server === null) throw new Error("call begin() first");
    return server;
  };

  async function serve(): Promise<FixtureServer> {
    complaints = [];
    server = await startFixtureServer(dist, aScene(Date.now()));
    return server;
  }

  async function openPage(options: Parameters<Browser["newContext"]>[0] = {}): Promise<Page> {
    const context = await browser.newContext({ locale: "en-GB", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(PAGE_TIMEOUT_MS);
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => {
      const text = message.text();
      if (/Content Security Policy|TrustedHTML|TrustedScript/i.test(text)) complaints.push(text);
    });
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        console.error(`Content Security Policy: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    return page;
  }

  async function signIn(page: Page, who: keyof typeof TOKENS = "admin"): Promise<void> {
    await page.goto(`${current().origin}/login#token=${TOKENS[who]}`);
    await page.getByTestId("live-indicator").and(page.locator("[data-state=live]")).waitFor();
  }

  return {
    get server() {
      return current();
    },
    serve,
    async begin(who) {
      await serve();
      const page = await openPage();
      await signIn(page, who);
      return page;
    },
    openPage,
    signIn,
    async end() {
      for (const context of browser.contexts()) await context.close();
      await server?.close();
      server = null;
      return complaints;
    },
    async close() {
      await browser.close();
      await rm(dist, { recursive: true, force: true });
    },
  };
}
