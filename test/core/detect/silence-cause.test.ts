import { expect, it } from "vitest";
import {
  judgeSilence,
  MAX_LOOKS,
  type SilenceFacts,
  stormVerdict,
} from "../../../src/core/detect/silence-cause.ts";
import { aProbe, aShopThatIsDown } from "../../builders/site-probe.ts";

const facts = (overrides: Partial<SilenceFacts>): SilenceFacts => ({
  siteKnown: true,
  probe: null,
  looks: 1,
  ...overrides,
});
const unknown = (reason: "budget" | "too_many_redirects" | "refused_address") =>
  aProbe({ status: "unknown", reason, detail: "it is not known.", http_status: null });

it.each([
  ["no address", { siteKnown: false }, "escalate", "unknown"],
  ["a shop that answers", { probe: aProbe() }, "decide", "plugin_silent"],
  ["a shop that answers at the second look", { probe: aProbe(), looks: 2 }, "decide", "plugin_silent"],
  ["a first look at a shop that is down", { probe: aShopThatIsDown() }, "look_again", null],
  ["a second one", { probe: aShopThatIsDown(), looks: MAX_LOOKS }, "escalate", "shop_down"],
  ["no leave to look", { probe: unknown("budget") }, "look_again", null],
  ["no leave again", { probe: unknown("budget"), looks: 2 }, "escalate", "unknown"],
  ["a loop of redirects, twice", { probe: unknown("too_many_redirects"), looks: 2 }, "escalate", "unknown"],
  ["an address that may not be called", { probe: unknown("refused_address") }, "escalate", "unknown"],
] as const)("%s: %j leads to %s, cause %s", (_, given, next, cause) => {
  const verdict = judgeSilence(facts(given));
  expect([verdict.next, verdict.cause]).toEqual([next, cause]);
  expect(verdict.explanation).toMatch(/\S\.?$/);
});

it("only ever decides on a silent plugin", () => {
  const probes = [null, aProbe(), aShopThatIsDown(), unknown("budget"), unknown("refused_address")];
  for (const siteKnown of [true, false])
    for (const probe of probes)
      for (const looks of [0, 1, 2, 3]) {
        const { next, cause } = judgeSilence(facts({ siteKnown, probe, looks }));
        expect(next === "decide").toBe(cause === "plugin_silent");
      }
});

it("in a storm is our own ingest for silences, and nothing known for other signals", () => {
  expect(stormVerdict("heartbeat_missed", "900 of 1000 are silent.")).toEqual({
    cause: "ingest",
    explanation: expect.stringContaining("on our side: 900 of 1000 are silent."),
  });
  expect(stormVerdict("error_spike", "900 of 1000.")).toMatchObject({ cause: null });
});
