/**
 * The single-file client for pages and Workers: watches, never heals. Starts by itself when it is told how, either by a
 * global (`globalThis.vigie = { apiUrl, pluginId, credential, version, ... }`, set before the file is loaded) or by the data
 * attributes of its script tag (`data-vigie-api-url`, `data-vigie-plugin-id`, `data-vigie-credential`, `data-vigie-version`,
 * `data-vigie-cadence`, `data-vigie-interval-s`). The running client then stands at `globalThis.vigie.client`.
 * A page's source can be read by whoever opens it: use it where only the shop's own staff do.
 */
import type { Cadence } from "../src/contract/heartbeat.ts";
import { type Client, createWatcher, type WatcherOptions } from "./core/client.ts";

export { createWatcher as createClient } from "./core/client.ts";
export { enroll } from "./core/enroll.ts";
export { generateSigningKey } from "./core/signing.ts";

/** The global's shape. Without these three, nothing starts. */
type VigieGlobal = Partial<WatcherOptions> & { client?: Client };

interface Scope {
  vigie?: VigieGlobal;
  document?: Pick<Document, "currentScript" | "querySelector">;
}

function fromScriptTag(scope: Scope): VigieGlobal {
  const tag =
    scope.document?.currentScript ?? scope.document?.querySelector("script[data-vigie-plugin-id]") ?? null;
  const data = (tag as HTMLElement | null)?.dataset ?? {}; // script elements carry a dataset
  const { vigieApiUrl, vigiePluginId, vigieCredential, vigieVersion, vigieCadence, vigieIntervalS } = data;
  return {
    ...(vigieApiUrl && { apiUrl: vigieApiUrl }),
    ...(vigiePluginId && { pluginId: vigiePluginId }),
    ...(vigieCredential && { credential: vigieCredential }),
    ...(vigieVersion && { version: vigieVersion }),
    ...(vigieCadence && { cadence: (vigieCadence === "page-view" ? vigieCadence : "resident") as Cadence }), // one of the two
    ...(Number(vigieIntervalS) > 0 && { intervalS: Number(vigieIntervalS) }),
  };
}

/** Starts a client from the global or the script tag, once. Returns null when neither says how. */
export function autoStart(scope: Scope): Client | null {
  const given = { ...fromScriptTag(scope), ...scope.vigie };
  if (given.client !== undefined) return given.client;
  const { apiUrl, pluginId, credential } = given;
  if (!apiUrl || !pluginId || !credential) return null;
  const client = createWatcher({ ...given, apiUrl, pluginId, credential });
  scope.vigie = { ...scope.vigie, client };
  // A client that cannot start must not break the page it watches.
  client.start().catch(() => {});
  return client;
}

autoStart(globalThis as Scope); // the global scope of a page or Worker
