import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACTIONS } from "../../../src/contract/ids.ts";
import { INCIDENT_TYPES, SILENCE_CAUSES } from "../../../src/contract/incident.ts";
import { NOTIFICATION_KINDS } from "../../../src/contract/notification.ts";
import { hostOf, merchantTest, merchantText, shopLink } from "../../../src/core/notice/merchant-text.ts";
import { aChange, noticeFactsOf } from "../../builders/notice.ts";

describe("a merchant's notice", () => {
  it("says what was found, what it means for the shop, and that nothing is to be done", () => {
    expect(merchantText("incident_detected", noticeFactsOf(), "en")).toEqual({
      title: "Your shop shop.example.org: a problem with payments was found",
      text: "About 83 % of the messages that tell your shop about payments do not arrive, so paid orders may look unpaid. We are looking for a correction. You need not do anything.",
    });
    expect(merchantText("incident_detected", noticeFactsOf(), "fr")).toEqual({
      title: "Votre boutique shop.example.org\u00a0: un problème de paiement a été détecté",
      text: "Environ 83\u00a0% des messages qui informent votre boutique des paiements n’arrivent pas\u00a0: des commandes payées peuvent sembler impayées. Nous cherchons une correction. Vous n’avez rien à faire.",
    });
  });

  it("says what helped, and what the problem had been", () => {
    const facts = noticeFactsOf({ type: "new_error", attempt: aChange({ health_rule: "probes" }) });
    expect(merchantText("patched", facts, "en")?.text).toBe(
      "We updated your payment module from version 1.2.3 to 1.2.4. Everything works again. What we had found: Since its last change your payment module meets an error that it did not have before. We go on watching your shop closely for a while. You need not do anything.",
    );
    expect(merchantText("patched", facts, "fr")?.text).toBe(
      "Nous avons mis à jour votre module de paiement de la version 1.2.3 vers la version 1.2.4. Tout fonctionne à nouveau. Ce que nous avions constaté\u00a0: Depuis sa dernière modification, votre module de paiement rencontre une erreur qu’il n’avait pas auparavant. Nous continuons à surveiller votre boutique de près pendant un moment. Vous n’avez rien à faire.",
    );
  });

  it("does not say that all is well of a change that was kept after an inconclusive check", () => {
    const facts = noticeFactsOf({
      attempt: aChange({ health_rule: "doubt", health_verdict: "inconclusive" }),
    });
    expect(merchantText("patched", facts, "en")).toEqual({
      title: "Your shop shop.example.org: a correction is in place and being watched",
      text: "We updated your payment module from version 1.2.3 to 1.2.4. Our checks could not show for certain that this solves the problem. We leave the change in place and go on watching your shop closely. What we had found: About 83 % of the messages that tell your shop about payments do not arrive, so paid orders may look unpaid. Please tell us when your customers cannot pay.",
    });
    const french = merchantText("patched", facts, "fr");
    expect(french?.title).toBe(
      "Votre boutique shop.example.org\u00a0: une correction est en place, sous surveillance",
    );
    expect(french?.text).toContain(
      "Nos vérifications n’ont pas permis de confirmer que cela résout le problème.",
    );
    expect(french?.text).not.toMatch(/Tout fonctionne|rien à faire/);
  });

  it.each([
    ["original_signal_persists:webhook_fail_rate", "the problem was still there afterwards."],
    ["new_signal:error_spike", "it brought another problem."],
    ["probes", "its own tests failed afterwards."],
    ["no_beat", "the module did not answer afterwards."],
    ["not_enough_evidence", "it could not be shown that it helped."],
    ["doubt", "it could not be shown that it helped."],
    ["error_spike", "it could not be shown that it helped."],
    ["a rule of next year", "it did not work as expected."],
    [null, "it did not work as expected."],
  ])("says why a correction was undone: %s", (health_rule, why) => {
    const facts = noticeFactsOf({ attempt: aChange({ health_rule }) });
    const text = merchantText("rolled_back", facts, "en")?.text;
    expect(text).toContain(`We tried an update of your payment module to version 1.2.4, but ${why}`);
    expect(text).toContain("Version 1.2.3, which ran before, is in place again.");
  });

  it("says whether what people are asked about is in the shop yet", () => {
    const asked = (health_rule: string | null) =>
      merchantText("approval_needed", noticeFactsOf({ attempt: aChange({ health_rule }) }), "en")?.text;
    expect(asked(null)).toContain("Our team checks it before it reaches your shop.");
    expect(asked("doubt")).toContain("Our team decides whether it stays.");
  });

  it("says so when a change that had helped is taken back", () => {
    const facts = noticeFactsOf({
      attempt: aChange({
        action: "rollback",
        from_version: "1.2.4",
        target_version: "1.2.3",
        takes_back: true,
      }),
    });
    expect(merchantText("rolled_back", facts, "en")?.text).toBe(
      "As a precaution we took back our last change of your payment module. Version 1.2.3 is in place again. Our team has been told and takes care of it. You need not do anything.",
    );
    expect(merchantText("rolled_back", facts, "fr")?.text).toContain(
      "La version 1.2.3 est de nouveau en place.",
    );
  });

  it("asks for help only where the merchant alone can give it", () => {
    const down = noticeFactsOf({ type: "heartbeat_missed", cause: "shop_down" });
    expect(merchantText("escalated", down, "en")?.text).toBe(
      "Your shop cannot be reached from the internet. Please ask whoever hosts your shop. As soon as it answers again, we go on by ourselves.",
    );
    expect(merchantText("rollback_failed", noticeFactsOf({ attempt: aChange() }), "fr")?.text).toContain(
      "Merci de vérifier que vos clients peuvent payer",
    );
  });

  it("names a silence by its cause, and never one of ours", () => {
    const text = (cause: "plugin_silent" | "unknown" | "ingest") =>
      merchantText("incident_detected", noticeFactsOf({ type: "heartbeat_missed", cause }), "en")?.text;
    expect(text("plugin_silent")).toContain(
      "Your payment module no longer answers, although your shop does.",
    );
    expect(text("unknown")).toContain("We no longer hear from your payment module.");
    expect(text("ingest")).toContain("We no longer hear from your payment module.");
  });

  it.each(["fleet_incident_opened", "autonomy_downgraded", "release_halted", "digest", "test"] as const)(
    "does not exist for %s",
    (kind) => {
      expect(merchantText(kind, noticeFactsOf(), "en")).toBeNull();
    },
  );

  it("never carries jargon, an id, or a word of the plugin's, in any language, whatever the facts", () => {
    const hostile = "<!channel> https://evil.test";
    fc.assert(
      fc.property(
        fc.constantFrom(...NOTIFICATION_KINDS),
        fc.constantFrom(...INCIDENT_TYPES),
        fc.constantFrom(...SILENCE_CAUSES, null),
        fc.constantFrom(...ACTIONS, null),
        fc.constantFrom("healthy" as const, "inconclusive" as const),
        fc.constantFrom("en" as const, "fr" as const),
        fc.option(fc.double({ noNaN: true })),
        (kind, type, cause, action, health_verdict, language, value) => {
          const attempt =
            action === null ? null : aChange({ action, health_rule: hostile.slice(0, 64), health_verdict });
          const facts = noticeFactsOf({ type, cause, value, attempt, product: hostile, site_url: hostile });
          const text = merchantText(kind, facts, language);
          if (text === null) return;
          const all = `${text.title} ${text.text}`;
          expect(all).not.toMatch(
            /\b(undefined|null|nan)\b|evil|<|webhook|heartbeat|rollback|incident|plugin|_|attempt|canary|SIRA/i,
          );
          expect(text.title.length).toBeLessThan(120);
          expect(text.text.length).toBeLessThan(900);
        },
      ),
    );
  });

  it("can be tried out in both languages", () => {
    expect(merchantTest("fr").title).toBe("Ceci est un essai");
    expect(merchantTest("en").title).toBe("This is a test");
  });
});

describe("the shop's address", () => {
  it.each([
    ["https://Shop.Example.org/path?q#x", "shop.example.org", "https://shop.example.org/"],
    ["http://127.0.0.1:8080", "127.0.0.1", "http://127.0.0.1:8080/"],
    ["https://user:pass@evil.test/", null, null],
    ["javascript:alert(1)", null, null],
    ["https://a|b>.test/", null, null],
    [null, null, null],
  ])("of %s is shown as %s and opened as %s", (site, host, link) => {
    expect([hostOf(site), shopLink(site)]).toEqual([host, link]);
  });
});
