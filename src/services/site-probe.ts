/**
 * A look at a shop from outside: does its own site answer? The address comes from whoever enrolled the plugin, so it is
 * called as an attacker's would be: public http(s) hosts on their default ports only, no credentials, every redirect
 * checked like the first address, no body read, one short deadline over all of it.
 *
 * Only literal addresses and names are judged here. What a public name resolves to cannot be seen from a Worker; its `fetch` runs
 * in Cloudflare's network, which reaches no private one. Whoever runs this elsewhere must put such a barrier around it.
 */

import type { SiteProbe } from "../core/detect/silence-cause.ts";
import { refusedHost } from "../core/public-address.ts";
import { withDeadline } from "../deadline.ts";
import type { Env } from "../env.ts";

/** Covers all hops. A customer does not wait longer for a shop either. */
const TIMEOUT_MS = 5_000;
/** http -> https -> www -> language: more is a loop. */
const MAX_REDIRECTS = 3;

export interface ProbeOptions {
  allowPrivate: boolean;
  timeoutMs: number;
}

export function probeOptions(env: Pick<Env, "SITE_PROBE_ALLOW_PRIVATE">): ProbeOptions {
  return { allowPrivate: env.SITE_PROBE_ALLOW_PRIVATE === "true", timeoutMs: TIMEOUT_MS };
}

/** One look. Never throws. */
export async function probeSite(siteUrl: string, options: ProbeOptions): Promise<SiteProbe> {
  const startedAt = Date.now();
  const finding = await withDeadline(options.timeoutMs, (signal) => follow(siteUrl, options, signal));
  return { ...finding, detail: finding.detail.slice(0, 300), ms: Date.now() - startedAt };
}

/** Nobody looked, because too many were looked at in this minute. */
export function probeDenied(): SiteProbe {
  return {
    status: "unknown",
    reason: "budget",
    detail: "too many shops were being looked at in that minute.",
    http_status: null,
    ms: 0,
  };
}

type Finding = Omit<SiteProbe, "ms">;

async function follow(siteUrl: string, options: ProbeOptions, signal: AbortSignal): Promise<Finding> {
  let address = siteUrl;
  let status: number | null = null;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const target = probeTarget(address, options.allowPrivate);
    if (typeof target === "string") return finding("unknown", "refused_address", `${target}.`, status);
    let response: Response;
    try {
      response = await fetch(target, {
        redirect: "manual",
        signal,
        headers: { accept: "text/html,*/*;q=0.1", "user-agent": "Vigie-site-probe/1" },
      });
    } catch (error) {
      if (signal.aborted)
        return finding("down", "timeout", `no answer within ${options.timeoutMs} ms.`, status);
      const why = error instanceof Error ? error.message : String(error);
      return finding("down", "no_connection", `no connection (${why}).`, status);
    }
    status = response.status;
    // Its headers say all: a body of any length is left alone.
    await response.body?.cancel().catch(() => undefined);
    const location = status >= 300 && status < 400 ? response.headers.get("location") : null;
    if (location === null) return judged(status);
    address = URL.canParse(location, target.href) ? new URL(location, target.href).href : location;
  }
  return finding("unknown", "too_many_redirects", `more than ${MAX_REDIRECTS} redirects.`, status);
}

/** Server errors count as down, the platform's own 52x and 530 for an origin out of reach among them. Anything else is an answer. */
function judged(status: number): Finding {
  return status >= 500
    ? finding("down", "server_error", `it answers ${status}.`, status)
    : finding("up", "answered", `it answers ${status}.`, status);
}

function finding(
  status: SiteProbe["status"],
  reason: SiteProbe["reason"],
  detail: string,
  http_status: number | null,
): Finding {
  return { status, reason, detail, http_status };
}

/** The address as it may be called, or why it may not, in words. */
export function probeTarget(text: string, allowPrivate: boolean): URL | string {
  if (!URL.canParse(text)) return "the address is no URL";
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") return `${url.protocol} is not looked at`;
  if (url.username !== "" || url.password !== "") return "the address holds credentials";
  if (allowPrivate) return url;
  // The parser drops a default port: what is left is another one.
  if (url.port !== "" && url.port !== "80" && url.port !== "443") return `port ${url.port} is not looked at`;
  return refusedHost(url.hostname) ?? url;
}
