/** Quick checks on demand: `settings`, `journal`, `webhook` (a signed ping, with text that is not ASCII). */
import { post } from "./post.mjs";

const PROBES = {
  settings: ({ settings }) => Boolean(settings.receiver_url && settings.receiver_secret),
  journal: ({ journal }) => journal.check(),
  webhook: async ({ settings }) => {
    await post("ping", { note: "Épreuve de signature" }, settings);
    return true;
  },
};

/** @returns one `{ name, ok, ms }` per name asked for, or per known probe when none is named; an unknown name is not ok */
export async function runProbes(names, subject) {
  const wanted = Array.isArray(names) && names.length > 0 ? names.slice(0, 16) : Object.keys(PROBES);
  const results = [];
  for (const name of wanted.map(String)) {
    const started = Date.now();
    let ok = false;
    try {
      ok = Object.hasOwn(PROBES, name) && (await PROBES[name](subject));
    } catch {
      // A probe that throws has failed: `ok` stays false.
    }
    results.push({ name, ok, ms: Date.now() - started });
  }
  return results;
}
