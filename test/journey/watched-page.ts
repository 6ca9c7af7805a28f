/** A person's browser tab: what it complains of is collected, and whether its document was ever loaded anew can be asked. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";

const TIMEOUT_MS = 120_000;

export interface WatchedPage {
  page: Page;
  /** Console errors, script errors and violations of the content security policy. */
  complaints: string[];
  /** Follows the login link and waits for the live feed. */
  signIn(url: string, token: string): Promise<void>;
  /** Marks the document that is shown now; `isSameDocument` is false after any reload. */
  mark(): Promise<void>;
  isSameDocument(): Promise<boolean>;
  expectAccessible(): Promise<void>;
}

export async function openWatchedPage(browser: Browser): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce" });
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`console: ${message.text()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`Content Security Policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  return {
    page,
    complaints,
    async signIn(url, token) {
      await page.goto(`${url}/login#token=${token}`);
      await page.getByTestId("live-indicator").and(page.locator("[data-state=live]")).waitFor();
    },
    mark: () =>
      page.evaluate(() => {
        document.documentElement.setAttribute("data-marked", "");
      }),
    isSameDocument: () => page.evaluate(() => document.documentElement.hasAttribute("data-marked")),
    async expectAccessible() {
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`),
      ).toEqual([]);
    },
  };
}
