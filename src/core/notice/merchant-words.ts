/** The words of a merchant's notices, in each language: no names of ours for things, no figures that need explaining. Pure. */
import type { Action } from "../../contract/ids.ts";
import type { IncidentType } from "../../contract/incident.ts";
import type { Language } from "../../contract/notification.ts";

/** What went wrong, as the health check's rule tells it apart. */
export type Failing = "persists" | "new_problem" | "own_tests" | "no_answer" | "unsure" | "other";

type Change = (from: string, to: string | null) => string;

export interface MerchantWords {
  /** Before the title of a notice: which shop. */
  shop: (host: string | null) => string;
  title: Record<
    | "incident_detected"
    | "approval_needed"
    | "patched"
    /** `patched` after an inconclusive check. */
    | "kept"
    | "rolled_back"
    | "escalated"
    | "rollback_failed"
    | "incident_resolved",
    string
  >;
  /** `share` in whole per cent; null when it is not known. */
  problem: Record<Exclude<IncidentType, "webhook_fail_rate" | "heartbeat_missed">, string> & {
    webhook_fail_rate: (share: number | null) => string;
    heartbeat_missed: Record<"shop_down" | "plugin_silent" | "unknown", string>;
  };
  /** What was changed, when it helped. */
  done: Record<Action, Change>;
  /** What was tried, at the beginning of a sentence about its failure. */
  tried: Record<Action, Change>;
  failing: Record<Failing, string>;
  /** An earlier change that helped is taken back all the same. */
  takenBack: (to: string | null) => string;
  restored: (version: string) => string;
  undone: string;
  /** What it had been, once it is over. */
  found: (problem: string) => string;
  searching: string;
  checking: string;
  /** It is in the shop, and its check was inconclusive. */
  deciding: string;
  /** It stays after an inconclusive check. */
  unproved: string;
  watching: string;
  called: string;
  calledNow: string;
  over: string;
  /** For a shop that does not answer: only its owner can help there. */
  askHost: string;
  nothingToDo: string;
  pleaseCheck: string;
  tellUs: string;
}

const en: MerchantWords = {
  shop: (host) => (host === null ? "Your shop" : `Your shop ${host}`),
  title: {
    incident_detected: "a problem with payments was found",
    approval_needed: "a correction is being checked",
    patched: "the problem with payments is solved",
    kept: "a correction is in place and being watched",
    rolled_back: "a correction did not help and was undone",
    escalated: "our team is looking at a problem with payments",
    rollback_failed: "please check that payments work",
    incident_resolved: "the problem with payments is over",
  },
  problem: {
    webhook_fail_rate: (share) =>
      `${share === null ? "Many" : `About ${share} %`} of the messages that tell your shop about payments do not arrive, so paid orders may look unpaid.`,
    webhook_disabled:
      "The messages that tell your shop about payments are switched off, so paid orders may look unpaid.",
    error_spike: "Your payment module meets far more errors than usual.",
    new_error: "Since its last change your payment module meets an error that it did not have before.",
    heartbeat_missed: {
      shop_down: "Your shop cannot be reached from the internet.",
      plugin_silent: "Your payment module no longer answers, although your shop does.",
      unknown: "We no longer hear from your payment module.",
    },
  },
  done: {
    patch: (from, to) => `We updated your payment module from version ${from} to ${to ?? "a newer one"}.`,
    rollback: (from, to) =>
      `We put your payment module back from version ${from} to ${to ?? "the one before"}.`,
    config: () => "We corrected a setting of your payment module.",
    resubscribe: () => "We switched the messages about payments on again.",
    escalate: () => "Our team took care of it.",
    monitor: () => "It went away by itself.",
  },
  tried: {
    patch: (_from, to) =>
      `We tried an update of your payment module${to === null ? "" : ` to version ${to}`}, but`,
    rollback: (_from, to) =>
      `We tried an earlier version of your payment module${to === null ? "" : ` (${to})`}, but`,
    config: () => "We tried another setting of your payment module, but",
    resubscribe: () => "We tried to switch the messages about payments on again, but",
    escalate: () => "We tried to help, but",
    monitor: () => "We waited, but",
  },
  failing: {
    persists: "the problem was still there afterwards.",
    new_problem: "it brought another problem.",
    own_tests: "its own tests failed afterwards.",
    no_answer: "the module did not answer afterwards.",
    unsure: "it could not be shown that it helped.",
    other: "it did not work as expected.",
  },
  takenBack: (to) =>
    `As a precaution we took back our last change of your payment module.${to === null ? "" : ` Version ${to} is in place again.`}`,
  restored: (version) => `Version ${version}, which ran before, is in place again.`,
  undone: "Everything is as it was before.",
  found: (problem) => `What we had found: ${problem}`,
  searching: "We are looking for a correction.",
  checking: "A correction is ready. Our team checks it before it reaches your shop.",
  deciding:
    "A correction is in your shop, and it is not certain yet that it helps. Our team decides whether it stays.",
  unproved:
    "Our checks could not show for certain that this solves the problem. We leave the change in place and go on watching your shop closely.",
  watching: "We go on watching your shop closely for a while.",
  called: "Our team has been told and takes care of it.",
  calledNow:
    "The change could not be undone completely. Our team has been called and is dealing with it now.",
  over: "Everything works again.",
  askHost: "Please ask whoever hosts your shop. As soon as it answers again, we go on by ourselves.",
  nothingToDo: "You need not do anything.",
  pleaseCheck: "Please check whether your customers can pay, and tell us when they cannot.",
  tellUs: "Please tell us when your customers cannot pay.",
};

// A no-break space before a colon and a per cent sign, as French typography asks.
const fr: MerchantWords = {
  shop: (host) => (host === null ? "Votre boutique" : `Votre boutique ${host}`),
  title: {
    incident_detected: "un problème de paiement a été détecté",
    approval_needed: "une correction est en cours de vérification",
    patched: "le problème de paiement est résolu",
    kept: "une correction est en place, sous surveillance",
    rolled_back: "une correction n’a pas aidé et a été annulée",
    escalated: "notre équipe s’occupe d’un problème de paiement",
    rollback_failed: "merci de vérifier que les paiements fonctionnent",
    incident_resolved: "le problème de paiement est terminé",
  },
  problem: {
    webhook_fail_rate: (share) =>
      `${share === null ? "De nombreux messages" : `Environ ${share}\u00a0% des messages`} qui informent votre boutique des paiements n’arrivent pas\u00a0: des commandes payées peuvent sembler impayées.`,
    webhook_disabled:
      "Les messages qui informent votre boutique des paiements sont désactivés\u00a0: des commandes payées peuvent sembler impayées.",
    error_spike: "Votre module de paiement rencontre beaucoup plus d’erreurs que d’habitude.",
    new_error:
      "Depuis sa dernière modification, votre module de paiement rencontre une erreur qu’il n’avait pas auparavant.",
    heartbeat_missed: {
      shop_down: "Votre boutique n’est pas joignable depuis Internet.",
      plugin_silent: "Votre module de paiement ne répond plus, alors que votre boutique répond.",
      unknown: "Nous ne recevons plus de nouvelles de votre module de paiement.",
    },
  },
  done: {
    patch: (from, to) =>
      `Nous avons mis à jour votre module de paiement de la version ${from} vers ${to === null ? "une version plus récente" : `la version ${to}`}.`,
    rollback: (from, to) =>
      `Nous avons ramené votre module de paiement de la version ${from} à ${to === null ? "la version précédente" : `la version ${to}`}.`,
    config: () => "Nous avons corrigé un réglage de votre module de paiement.",
    resubscribe: () => "Nous avons réactivé les messages concernant les paiements.",
    escalate: () => "Notre équipe s’en est occupée.",
    monitor: () => "Le problème a disparu de lui-même.",
  },
  tried: {
    patch: (_from, to) =>
      `Nous avons essayé une mise à jour de votre module de paiement${to === null ? "" : ` vers la version ${to}`}, mais`,
    rollback: (_from, to) =>
      `Nous avons essayé une version antérieure de votre module de paiement${to === null ? "" : ` (${to})`}, mais`,
    config: () => "Nous avons essayé un autre réglage de votre module de paiement, mais",
    resubscribe: () => "Nous avons essayé de réactiver les messages concernant les paiements, mais",
    escalate: () => "Nous avons essayé d’aider, mais",
    monitor: () => "Nous avons attendu, mais",
  },
  failing: {
    persists: "le problème était toujours là ensuite.",
    new_problem: "un autre problème est apparu ensuite.",
    own_tests: "ses propres tests ont échoué ensuite.",
    no_answer: "le module ne répondait plus ensuite.",
    unsure: "rien n’a montré que cela aidait.",
    other: "cela n’a pas fonctionné comme prévu.",
  },
  takenBack: (to) =>
    `Par précaution, nous avons annulé notre dernière modification de votre module de paiement.${to === null ? "" : ` La version ${to} est de nouveau en place.`}`,
  restored: (version) => `La version ${version}, qui fonctionnait auparavant, est de nouveau en place.`,
  undone: "Tout est comme avant.",
  found: (problem) => `Ce que nous avions constaté\u00a0: ${problem}`,
  searching: "Nous cherchons une correction.",
  checking: "Une correction est prête. Notre équipe la vérifie avant qu’elle n’atteigne votre boutique.",
  deciding:
    "Une correction est en place dans votre boutique, mais il n’est pas encore certain qu’elle aide. Notre équipe décide si elle reste.",
  unproved:
    "Nos vérifications n’ont pas permis de confirmer que cela résout le problème. Nous laissons cette modification en place et continuons à surveiller votre boutique de près.",
  watching: "Nous continuons à surveiller votre boutique de près pendant un moment.",
  called: "Notre équipe est prévenue et s’en occupe.",
  calledNow:
    "Ce changement n’a pas pu être annulé complètement. Notre équipe a été appelée et s’en occupe en ce moment.",
  over: "Tout fonctionne à nouveau.",
  askHost:
    "Merci de vous adresser à votre hébergeur. Dès que la boutique répondra, nous reprendrons de nous-mêmes.",
  nothingToDo: "Vous n’avez rien à faire.",
  pleaseCheck: "Merci de vérifier que vos clients peuvent payer, et de nous prévenir si ce n’est pas le cas.",
  tellUs: "Merci de nous prévenir si vos clients ne peuvent pas payer.",
};

export const MERCHANT_WORDS: Readonly<Record<Language, MerchantWords>> = { en, fr };
