/** The dashboard in a real browser, built as it is deployed, with its own headers, against answers of the contract's shape. */
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { aFleetIncident } from "../builders/ledger.ts";
import { PATIENCE } from "../builders/patience.ts";
import { BROWSER_TEST, type DashboardWorld, openDashboard } from "./dashboard-world.ts";
import { type FixtureServer, TOKENS } from "./fixture-server.ts";
import { attemptId, HASH, incidentId, PLUGIN_ID } from "./fixtures.ts";
import { HOSTILE } from "./scene.ts";

vi.setConfig(BROWSER_TEST);

let world: DashboardWorld;
let server: FixtureServer;
let page: Page;

beforeAll(async () => {
  world = await openDashboard();
});
afterAll(async () => {
  await world?.close();
});
beforeEach(async () => {
  server = await world.serve();
  page = await world.openPage();
});
afterEach(async () => {
  expect(await world.end()).toEqual([]);
});

function signIn(who?: keyof typeof TOKENS): Promise<void> {
  return world.signIn(page, who);
}

/** In groups, each a test of its own: axe takes its time. */
const VIEWS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "of incidents": {
    overview: "/",
    incidents: "/incidents",
    "an incident that is muted and flaps": `/incidents/${incidentId(4)}`,
    attempts: "/attempts",
  },
  "of an incident with its attempt": {
    "that awaits approval": `/incidents/${incidentId(1)}`,
    "under health check": `/incidents/${incidentId(2)}`,
    "that asks whether to keep a change": `/incidents/${incidentId(6)}`,
    "that was rolled back": `/incidents/${incidentId(5)}`,
  },
  "of plugins and releases": {
    plugins: "/plugins",
    "a plugin": `/plugins/${PLUGIN_ID}`,
    releases: "/releases",
    "releases of a product, with its floor": "/releases?product=molam-woo",
    "a halted release that is being taken back": "/releases/molam-woo/1.2.3",
    "a merchant": "/merchants/merchant-7",
  },
  "of what holds for the fleet": {
    policy: "/policy",
    "shadow decisions": "/shadow",
    safety: "/safety",
    notices: "/notices",
    "a page that does not exist": "/nowhere",
  },
};

describe("accessibility", () => {
  describe.each(["light", "dark"] as const)("in %s, on a phone", (colorScheme) => {
    beforeEach(async () => {
      await page.context().close();
      page = await world.openPage({
        colorScheme,
        viewport: { width: 360, height: 740 },
        reducedMotion: "reduce",
      });
    });

    test.each(Object.entries(VIEWS))(
      "no view %s has an axe violation or scrolls sideways",
      async (_group, views) => {
        await signIn();
        for (const [name, path] of Object.entries(views)) {
          await page.goto(`${server.origin}${path}`);
          await page.locator("main h1").waitFor();
          await page.locator(".loading").first().waitFor({ state: "detached" });
          await expectAccessible(name);
        }
      },
    );

    test("neither sign-in nor what opens on the policy page has one, or scrolls sideways", async () => {
      await page.goto(server.origin);
      await page.getByTestId("token").waitFor();
      await expectAccessible("sign-in");
      await signIn();
      await page.goto(`${server.origin}/policy`);
      await page.getByTestId("kill-switch").click();
      await page.getByText("Attempts under way (3 of 7)").click();
      await expectAccessible("kill switch dialog");
      await page.keyboard.press("Escape");
      await page.getByLabel("Lowest confidence (0 to 1)").fill("0.75");
      await page.getByTestId("backtest-run").click();
      await page.getByTestId("backtest-report").waitFor();
      await expectAccessible("a back-test of a draft");
    });
  });

  async function expectAccessible(name: string): Promise<void> {
    const { violations } = await new AxeBuilder({ page }).analyze();
    const found = violations.map((v) => `${name}: ${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`);
    expect(found).toEqual([]);
    const tooWide = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect({ name, tooWide }).toEqual({ name, tooWide: 0 });
  }
});

describe("signing in", () => {
  test("the token of a login link leaves the address bar at once and survives a reload of the tab", async () => {
    await signIn();
    expect(page.url()).toBe(`${server.origin}/`);
    await page.reload();
    await page.getByText("Amina").waitFor();
  });

  test("a token that is refused brings the sign-in page with the reason, and another one signs in", async () => {
    await page.goto(`${server.origin}/incidents#token=a.b.c`);
    await page.getByText("The token was not accepted").waitFor();
    await page.getByTestId("token").fill(TOKENS.admin);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Incidents" }).waitFor();
  });

  test("a person without the role is told which one is missing", async () => {
    await signIn("viewer");
    await page.goto(`${server.origin}/incidents/${incidentId(4)}`);
    await page.getByTestId("action-acknowledge").click();
    await page.getByTestId("reason").fill("I take a look");
    await page.getByTestId("action-confirm").click();
    await page.getByText("This takes the role operator or admin").waitFor();
  });
});

describe("incidents", () => {
  test("those that need a person come first, and a filter is an address", async () => {
    await signIn();
    await page.goto(`${server.origin}/incidents`);
    const attention = page.getByRole("region", { name: "Needs attention (3)" });
    await attention.getByTestId(`incident-${incidentId(3)}`).waitFor();
    await page.getByRole("link", { name: "Critical", exact: true }).click();
    await page.waitForURL(/severity=critical/);
    await page.getByTestId(`incident-${incidentId(1)}`).waitFor({ state: "detached" });
    await page.goBack();
    await page.getByTestId(`incident-${incidentId(1)}`).waitFor();
  });

  test("nothing is said to wait while it is not known who is asked", async () => {
    let isDown = true;
    await page.route("**/api/ops/autopatch-attempts?*", (route) =>
      isDown ? route.abort() : route.continue(),
    );
    await signIn();
    server.state.incidents = server.state.incidents.filter(({ status }) => status === "healing");
    await page.goto(server.origin);
    const attention = page.getByRole("region", { name: "Needs attention (0)" });
    await attention.getByText("No answer from the server").waitFor();
    expect(await page.getByText("Nothing waits for a person.").count()).toBe(0);
    isDown = false;
    await attention.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("region", { name: "Needs attention (2)" }).waitFor();
  });

  test("text of a plugin is shown as text", async () => {
    await signIn();
    await page.goto(`${server.origin}/incidents/${incidentId(3)}`);
    await page.getByText(HOSTILE).first().waitFor();
    expect(await page.locator("main img").count()).toBe(0);
  });

  test("a silence tells its cause in words, in the reader's language", async () => {
    await signIn();
    await page.goto(`${server.origin}/incidents/${incidentId(3)}`);
    const cause = page.getByTestId("incident-cause");
    await cause.getByText("The shop itself is down").waitFor();
    await page.getByLabel("Language").selectOption("fr");
    await cause.getByText("La boutique elle-même ne répond plus").waitFor();
    await page.goto(`${server.origin}/incidents`);
    await page
      .getByTestId(`incident-${incidentId(3)}`)
      .getByText("La boutique elle-même")
      .waitFor();
  });

  test("an approval carries the reason and the hash of the evidence on the screen, by keyboard", async () => {
    await signIn();
    await page.getByTestId(`incident-${incidentId(1)}`).click();
    await page.getByTestId("approve").click();
    await page.getByText("Say why, in a few words.").waitFor();
    await page.getByTestId("approve-reason").fill("seen on staging");
    await page.keyboard.press("Control+Enter");
    await page.getByTestId("attempt-status").and(page.locator("[data-status=staging]")).waitFor();
    expect(server.state.received).toEqual([
      {
        path: `/plugin-incidents/${incidentId(1)}/approve`,
        body: expect.objectContaining({
          decision: "approve",
          evidence_hash: HASH,
          reason: "seen on staging",
        }),
      },
    ]);
  });

  test("an inconclusive change asks whether to keep it, and until when, wherever people are called", async () => {
    await signIn();
    const row = page
      .getByRole("region", { name: "Needs attention (3)" })
      .getByTestId(`incident-${incidentId(6)}`);
    await row.getByText("Awaits approval").waitFor();
    await page.goto(`${server.origin}/attempts`);
    await page.getByRole("link", { name: "Keep this change?" }).click();
    const form = page.getByRole("region", { name: "Keep this change?" });
    await form.getByText("Without an answer it goes back by itself").waitFor();
    const attempt = server.state.attempts.find(({ id }) => id === attemptId(6));
    expect(await form.locator("time").getAttribute("datetime")).toBe(attempt?.asked_until);
    await page.getByRole("timer").getByText("a person is asked").waitFor();
    await form.getByTestId("approve-reason").fill("orders come in again");
    await form.getByRole("button", { name: "Keep it" }).click();
    await page.getByTestId("attempt-status").and(page.locator("[data-status=success]")).waitFor();
    await form.waitFor({ state: "detached" });
    expect(server.state.received).toEqual([
      {
        path: `/plugin-incidents/${incidentId(6)}/approve`,
        body: {
          attempt_id: attemptId(6),
          decision: "approve",
          evidence_hash: HASH,
          reason: "orders come in again",
        },
      },
    ]);
  });

  test("an inconclusive change is taken back by one answer, in the reader's language", async () => {
    await signIn();
    await page.goto(`${server.origin}/incidents/${incidentId(6)}`);
    await page.getByLabel("Language").selectOption("fr");
    const form = page.getByRole("region", { name: "Garder ce changement" });
    await form.getByText("Sans réponse, le retour arrière se fait seul").waitFor();
    await form.getByTestId("approve-reason").fill("encore des erreurs");
    await form.getByRole("button", { name: "Revenir en arrière" }).click();
    await page.getByTestId("attempt-status").and(page.locator("[data-status=rolling_back]")).waitFor();
    expect(server.state.received.at(-1)?.body).toMatchObject({
      attempt_id: attemptId(6),
      decision: "reject",
    });
  });

  test("a change that the feed announces appears by itself", async () => {
    await signIn();
    await page.goto(`${server.origin}/incidents/${incidentId(4)}`);
    await page.getByTestId("incident-status").and(page.locator("[data-status=open]")).waitFor();
    await page.getByTestId("live-indicator").and(page.locator("[data-state=live]")).waitFor();
    const incident = server.state.incidents.find((i) => i.id === incidentId(4));
    if (incident) incident.status = "healing";
    server.announce({ type: "changed", topic: "incidents", id: incidentId(4) });
    await page.getByTestId("incident-status").and(page.locator("[data-status=healing]")).waitFor();
  });

  test("a dropped feed is shown, comes back, and what was missed is fetched", async () => {
    await signIn();
    const incident = server.state.incidents.find((i) => i.id === incidentId(4));
    const row = page.getByTestId(`incident-${incidentId(4)}`);
    await row.waitFor();
    const seen = page.getByTestId("live-indicator").and(page.locator("[data-state=reconnecting]")).waitFor();
    server.dropFeed();
    if (incident) incident.status = "baking";
    await seen;
    await page.getByTestId("live-indicator").and(page.locator("[data-state=live]")).waitFor();
    await row.locator("[data-status=baking]").waitFor();
  });
});

describe("policy", () => {
  test("the kill switch takes two steps and a reason, Escape leaves it alone, and every page shows it", async () => {
    await signIn();
    await page.goto(`${server.origin}/policy`);
    await page.getByTestId("kill-switch").click();
    await page.getByTestId("kill-confirm").waitFor();
    await page.keyboard.press("Escape");
    await page.getByTestId("kill-confirm").waitFor({ state: "detached" });
    expect(server.state.received).toEqual([]);
    await page.getByTestId("kill-switch").click();
    await page.getByTestId("kill-reason").fill("bad release in the fleet");
    await page.getByTestId("kill-confirm").click();
    await page.getByTestId("kill-banner").waitFor();
    await page.getByRole("link", { name: "Plugins", exact: true }).click();
    await page.getByTestId("kill-banner").getByText("bad release in the fleet").waitFor();
  });

  test("the dialog of the kill switch goes on to say what it does when somebody else is quicker", async () => {
    await signIn();
    await page.goto(`${server.origin}/policy`);
    await page.getByTestId("kill-switch").click();
    await page.getByTestId("kill-reason").fill("bad release in the fleet");
    const { policy } = server.state;
    const document = { ...policy.document, kill_switch: true };
    server.state.policy = { ...policy, revision: policy.revision + 1, document, reason: "I was quicker" };
    server.announce({ type: "changed", topic: "policy" });
    await page.getByTestId("kill-banner").getByText("I was quicker").waitFor();
    expect(await page.getByTestId("kill-confirm").textContent()).toBe("Stop everything now");
    await page.getByTestId("kill-confirm").click();
    await page.getByTestId("kill-confirm").waitFor({ state: "detached" });
    expect(server.state.received).toEqual([
      { path: "/policy/kill", body: { engaged: true, reason: "bad release in the fleet" } },
    ]);
  });

  test("an edit against a stale revision shows what was changed and can be put on top", async () => {
    await signIn();
    await page.goto(`${server.origin}/policy`);
    await page.getByLabel("Lowest confidence (0 to 1)").fill("0.75");
    const { policy } = server.state;
    const limits = { ...policy.document.limits, attempts_per_plugin_per_day: 9 };
    server.state.policy = {
      ...policy,
      revision: policy.revision + 1,
      document: { ...policy.document, limits },
      updated_by: "boris",
    };
    await page.getByTestId("policy-reason").fill("fewer doubtful patches");
    await page.getByTestId("policy-save").click();
    const stale = page.getByTestId("policy-stale");
    await stale.getByText("limits.attempts_per_plugin_per_day").waitFor();
    await stale.getByRole("button", { name: "Put my changes on top" }).click();
    await page.getByTestId("policy-reason").fill("fewer doubtful patches");
    await page.getByTestId("policy-save").click();
    await expect.poll(() => server.state.policy.document.min_confidence, PATIENCE).toBe(0.75);
    await page.getByText("Nothing is changed.").waitFor();
    expect(server.state.policy.document.limits.attempts_per_plugin_per_day).toBe(9);
  });

  test("a document that breaks a rule is not sent, and the field says why in the reader's language", async () => {
    await signIn();
    await page.goto(`${server.origin}/policy`);
    await page.getByLabel("Language").selectOption("fr");
    await page.getByLabel("Le palier 1 admet").fill("-3");
    await page.getByTestId("policy-reason").fill("essai");
    await page.getByTestId("policy-save").click();
    await page.getByText("Champs à corriger").waitFor();
    expect(await page.locator("html").getAttribute("lang")).toBe("fr");
    expect(server.state.received).toEqual([]);
  });
});

describe("the fleet", () => {
  test("shows a cohort with its shops on overview and incidents, and a storm on the policy page while it lasts", async () => {
    await signIn();
    const cohort = page.getByTestId("fleet-incident-fli_1");
    await cohort.getByText("8 of 9 reported webhooks failed").waitFor();
    await cohort.getByText("Shops (7)").click();
    expect(await cohort.getByRole("link").first().getAttribute("href")).toMatch(/^\/plugins\/plg_/);
    await cohort.getByText("and 4 more").waitFor();
    await page.goto(`${server.origin}/incidents`);
    await cohort.waitFor();
    await page.goto(`${server.origin}/policy`);
    await page.getByTestId("kill-switch").waitFor();
    // What is announced before the feed is open reaches nobody.
    await page.getByTestId("live-indicator").and(page.locator("[data-state=live]")).waitFor();
    expect(await page.getByTestId("storm-banner").count()).toBe(0);
    const storm = aFleetIncident({ id: "fli_2", kind: "storm", key: "storm", product: null, version: null });
    server.state.fleetIncidents.push({
      ...storm,
      signal: { ...storm.signal, type: "storm", explanation: "900 of 5000 plugins fell silent" },
    });
    server.announce({ type: "changed", topic: "incidents", id: "fli_2" });
    await page.getByTestId("storm-banner").getByText("900 of 5000 plugins fell silent").waitFor();
    server.state.fleetIncidents.length = 0;
    server.announce({ type: "changed", topic: "incidents", id: "fli_2" });
    await page.getByTestId("storm-banner").waitFor({ state: "detached" });
  });
});

describe("what is quiet", () => {
  test("an incident says who muted it and why, and that it comes and goes", async () => {
    await signIn();
    await page.goto(`${server.origin}/incidents/${incidentId(4)}`);
    expect(await page.locator("[data-quiet=muted]").textContent()).toContain(`amina: ${HOSTILE}`);
    expect(await page.getByTestId("flapping").isVisible()).toBe(true);
  });

  test("a snooze takes a preset or any time, and a reason", async () => {
    await signIn();
    await page.goto(`${server.origin}/incidents/${incidentId(3)}`);
    await page.getByTestId("action-snooze").click();
    await page.getByTestId("snooze-fourHours").click();
    await page.getByTestId("reason").fill("the merchant mends it");
    await page.getByTestId("action-confirm").click();
    await page.locator("dialog").waitFor({ state: "detached" });
    const { body } = server.state.received.at(-1) ?? {};
    expect(body).toMatchObject({ action: "snooze", reason: "the merchant mends it" });
    const aheadMs = Date.parse((body as { until: string }).until) - Date.now(); // its shape was compared above
    expect(Math.abs(aheadMs - 4 * 3_600_000)).toBeLessThan(60_000);
  });

  test("a vote may be cast on a closed incident", async () => {
    await signIn();
    await page.goto(`${server.origin}/incidents/${incidentId(5)}`);
    await page.getByTestId("vote-false_positive").click();
    await page.getByTestId("reason").fill("a test of theirs");
    await page.getByTestId("vote-confirm").click();
    await page.locator("dialog").waitFor({ state: "detached" });
    expect(server.state.received.at(-1)?.body).toEqual({
      action: "vote",
      vote: "false_positive",
      reason: "a test of theirs",
    });
  });

  test("a mute and a window are added to the policy, wrong ones are explained at their field", async () => {
    await signIn();
    await page.goto(`${server.origin}/policy`);
    const mutes = page.getByTestId("mutes");
    await page.getByTestId("add-mute").click();
    await mutes.getByRole("alert").filter({ hasText: "Name a merchant" }).waitFor();
    await mutes.getByLabel("Product").fill("molam-woocommerce");
    await mutes.getByLabel("Reason").fill("known fault");
    await page.getByTestId("add-window").click();
    const windows = page.getByTestId("maintenance");
    await windows.getByLabel("Reason").fill("migration");
    await expect.poll(() => page.locator(".policy-form [aria-invalid]").count(), PATIENCE).toBe(0);
    await page.getByTestId("policy-reason").fill("announced work");
    await page.getByTestId("policy-save").click();
    await expect
      .poll(() => server.state.policy.document.mutes, PATIENCE)
      .toMatchObject([{ product: "molam-woocommerce", reason: "known fault" }]);
    expect(server.state.policy.document.maintenance).toMatchObject([
      { scope: "all", reason: "migration", changes: "forbid" },
    ]);
  });
});
