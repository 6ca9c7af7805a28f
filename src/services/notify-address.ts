/** Where notices go: ops by the Worker's settings, a merchant by the address that was set for it. */
import { z } from "zod";
import { NotifyFormat } from "../contract/notification.ts";
import { ok, type Result, refuse } from "../contract/refusal.ts";
import { utf8 } from "../crypto/encoding.ts";
import type { KeyVault } from "../crypto/vault.ts";
import { parseSecret } from "../crypto/webhook-signature.ts";
import type { Env } from "../env.ts";
import type { NoticeAddress } from "./notify-service.ts";
import { probeTarget } from "./site-probe.ts";

export interface Destination extends NoticeAddress {
  format: NotifyFormat;
}

/**
 * The address of ops. `none`: notices live in Postgres and on the dashboard. `broken`: a fault of the deployment, in words; what is
 * to be sent waits until it is mended.
 */
export function opsDestination(
  env: Pick<Env, "NOTIFY_URL" | "NOTIFY_SECRET" | "NOTIFY_FORMAT">,
): { status: "ok"; destination: Destination } | { status: "none" } | { status: "broken"; why: string } {
  if (!env.NOTIFY_URL) return { status: "none" };
  const format = NotifyFormat.safeParse(env.NOTIFY_FORMAT || "vigie");
  if (!format.success) return { status: "broken", why: "NOTIFY_FORMAT is neither vigie nor slack" };
  if (!URL.canParse(env.NOTIFY_URL)) return { status: "broken", why: "NOTIFY_URL is no URL" };
  // A chat tool verifies nothing; whoever can verify shall never get what is unsigned.
  if (!env.NOTIFY_SECRET && format.data === "slack")
    return { status: "ok", destination: { url: env.NOTIFY_URL, secret: null, format: format.data } };
  const secret = parseSecret(env.NOTIFY_SECRET ?? "");
  if (secret === null) return { status: "broken", why: "NOTIFY_SECRET is not a whsec_ secret" };
  return { status: "ok", destination: { url: env.NOTIFY_URL, secret, format: format.data } };
}

/** May a merchant's notices be sent there? https to a public host on its default port; anything where private addresses are allowed. */
export function checkMerchantUrl(url: string, allowPrivate: boolean): Result<URL> {
  const invalid = (message: string) => refuse({ reason: "invalid", field: "url", message });
  const target = probeTarget(url, allowPrivate);
  if (typeof target === "string") return invalid(`${target}: name a public https address`);
  if (target.protocol !== "https:" && !allowPrivate)
    return invalid("notices are sent to https addresses only");
  return ok(target);
}

/** Scheme and host, which may be shown; paths of incoming webhooks are secrets. */
export function shownAddress(url: URL): string {
  const more = url.pathname !== "/" || url.search !== "";
  return `${url.origin}/${more ? "…" : ""}`.slice(0, 300);
}

const PURPOSE = "merchant-notifications";
const Sealed = z.object({ url: z.string(), secret: z.string() });
type Sealed = z.infer<typeof Sealed>;

/** Address and `whsec_` secret of a merchant, sealed together for that merchant alone. */
export async function sealDestination(vault: KeyVault, merchantId: string, open: Sealed): Promise<string> {
  return vault.seal(utf8(JSON.stringify(open)), { merchant_id: merchantId, purpose: PURPOSE });
}

/** Throws a VaultError for what was altered or belongs to another merchant. */
export async function openDestination(vault: KeyVault, merchantId: string, sealed: string): Promise<Sealed> {
  const plain = await vault.open(sealed, { merchant_id: merchantId, purpose: PURPOSE });
  return Sealed.parse(JSON.parse(new TextDecoder().decode(plain)));
}
