import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { workerSecretVault } from "../../src/crypto/vault.ts";
import { newSecret, parseSecret } from "../../src/crypto/webhook-signature.ts";
import {
  checkMerchantUrl,
  openDestination,
  opsDestination,
  sealDestination,
  shownAddress,
} from "../../src/services/notify-address.ts";
import { sendNotice } from "../../src/services/notify-service.ts";
import { aServer, json } from "./loopback-server.ts";

const MESSAGE = {
  id: "msg_1",
  body: '{"type":"vigie.patched","data":{"text":"Tout fonctionne à nouveau."}}',
};
const { text: SECRET, bytes } = newSecret();

describe("a message", () => {
  it("is a Standard Webhook that the standard's own library verifies, with the same id at every try", async () => {
    const { url, received } = await aServer((_, response) => response.writeHead(204).end());
    expect(await sendNotice(MESSAGE, { url, secret: bytes })).toEqual({ status: "sent" });
    expect(await sendNotice(MESSAGE, { url, secret: bytes })).toEqual({ status: "sent" });
    for (const { body, headers } of received) {
      expect(body).toBe(MESSAGE.body);
      expect(new Webhook(SECRET).verify(body, headers)).toEqual(JSON.parse(MESSAGE.body));
      expect(headers["webhook-id"]).toBe(MESSAGE.id);
    }
    expect(received).toHaveLength(2);
  });

  it("is unsigned for a receiver that verifies nothing", async () => {
    const { url, received } = await aServer((_, response) => response.end("ok"));
    expect(await sendNotice(MESSAGE, { url, secret: null })).toEqual({ status: "sent" });
    expect(received[0]?.headers).not.toHaveProperty("webhook-signature");
  });

  it.each([
    [503, { retryable: true, gone: false }],
    [429, { retryable: true, gone: false }],
    [400, { retryable: false, gone: false }],
    [410, { retryable: false, gone: true }],
    [302, { retryable: false, gone: false }],
  ])("that is answered %i has failed, and says what to make of it", async (status, rest) => {
    const { url } = await aServer((_, response) => json(response, status, {}));
    expect(await sendNotice(MESSAGE, { url, secret: bytes })).toEqual({
      status: "failed",
      detail: `answered ${status}`,
      ...rest,
    });
  });

  it("to nobody is to be sent again", async () => {
    const away = await sendNotice(MESSAGE, { url: "http://127.0.0.1:1", secret: bytes });
    expect(away).toMatchObject({ status: "failed", retryable: true, gone: false });
  });
});

describe("the address of ops", () => {
  it("is none when it is not set", () => {
    expect(opsDestination({})).toEqual({ status: "none" });
    expect(opsDestination({ NOTIFY_URL: "" })).toEqual({ status: "none" });
  });

  it("takes Vigie's own body by default, and Slack's by choice", () => {
    const NOTIFY_URL = "https://tool.example.org/x";
    const destination = { url: NOTIFY_URL, secret: bytes, format: "vigie" };
    expect(opsDestination({ NOTIFY_URL, NOTIFY_SECRET: SECRET })).toEqual({ status: "ok", destination });
    expect(opsDestination({ NOTIFY_URL, NOTIFY_SECRET: SECRET, NOTIFY_FORMAT: "slack" })).toEqual({
      status: "ok",
      destination: { ...destination, format: "slack" },
    });
    expect(opsDestination({ NOTIFY_URL, NOTIFY_FORMAT: "slack" })).toEqual({
      status: "ok",
      destination: { url: NOTIFY_URL, secret: null, format: "slack" },
    });
  });

  it.each([
    [{ NOTIFY_URL: "https://a.example.org" }, "NOTIFY_SECRET is not a whsec_ secret"],
    [{ NOTIFY_URL: "https://a.example.org", NOTIFY_SECRET: "abc" }, "NOTIFY_SECRET is not a whsec_ secret"],
    [
      { NOTIFY_URL: "https://a.example.org", NOTIFY_FORMAT: "teams" },
      "NOTIFY_FORMAT is neither vigie nor slack",
    ],
    [{ NOTIFY_URL: "slack", NOTIFY_SECRET: SECRET }, "NOTIFY_URL is no URL"],
  ])("is broken, in words: %o", (env, why) => {
    expect(opsDestination(env)).toEqual({ status: "broken", why });
  });
});

describe("a merchant's address", () => {
  it.each([
    "http://merchant.example.org/hook",
    "https://10.0.0.8/hook",
    "https://127.0.0.1/hook",
    "https://[::1]/hook",
    "https://0x7f000001/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://hook.internal/x",
    "https://user:pass@merchant.org/x",
    "https://merchant.org:8443/x",
    "ftp://merchant.org/x",
  ])("is refused: %s", (url) => {
    expect(checkMerchantUrl(url, false)).toMatchObject({
      ok: false,
      refusal: { reason: "invalid", field: "url" },
    });
  });

  it("is taken when it is a public https one, or a private one where those are allowed", () => {
    expect(checkMerchantUrl("https://merchant.org/hook", false)).toMatchObject({ ok: true });
    expect(checkMerchantUrl("http://127.0.0.1:4000/hook", true)).toMatchObject({ ok: true });
  });

  it("is shown without the secrets of its path", () => {
    expect(shownAddress(new URL("https://hooks.slack.com/services/T0/B0/secret"))).toBe(
      "https://hooks.slack.com/…",
    );
    expect(shownAddress(new URL("https://merchant.org"))).toBe("https://merchant.org/");
  });

  it("opens for that merchant alone", async () => {
    const vault = workerSecretVault(new Uint8Array(32).fill(9));
    const open = { url: "https://merchant.org/hook", secret: SECRET };
    const sealed = await sealDestination(vault, "m1", open);
    expect(sealed).not.toContain("merchant.org");
    expect(await openDestination(vault, "m1", sealed)).toEqual(open);
    await expect(openDestination(vault, "m2", sealed)).rejects.toThrow("altered or belongs elsewhere");
    const passedOff = vault.open(sealed, { plugin_id: "m1", purpose: "merchant-notifications" });
    await expect(passedOff).rejects.toThrow("altered or belongs elsewhere");
    expect(parseSecret(open.secret)).toEqual(bytes);
  });
});
