import { generateKeyPairSync } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { toBase64, utf8 } from "../../src/crypto/encoding.ts";
import {
  isFresh,
  newSecret,
  parseSecret,
  signWebhook,
  verifyWebhook,
} from "../../src/crypto/webhook-signature.ts";

const BODY = '{"type":"heartbeat","data":{"text":"é食"}}';

function aMessage(overrides: Partial<{ id: string; timestamp: string; body: Uint8Array }> = {}) {
  return { id: "msg_1", timestamp: String(Math.floor(Date.now() / 1000)), body: utf8(BODY), ...overrides };
}

function anEd25519Pair() {
  const pair = generateKeyPairSync("ed25519");
  return {
    pkcs8: new Uint8Array(pair.privateKey.export({ type: "pkcs8", format: "der" })),
    publicKey: new Uint8Array(pair.publicKey.export({ type: "spki", format: "der" }).subarray(-32)),
  };
}

describe("against the standardwebhooks package", () => {
  it("verifies what the package signs", async () => {
    const secret = newSecret();
    const message = aMessage();
    const signature = new Webhook(secret.text).sign(
      message.id,
      new Date(Number(message.timestamp) * 1000),
      BODY,
    );
    expect(await verifyWebhook({ ...message, signature }, { kind: "hmac", secret: secret.bytes })).toBe(true);
  });

  it("signs what the package verifies", async () => {
    const secret = newSecret();
    const message = aMessage();
    const signature = await signWebhook(message, { kind: "hmac", secret: secret.bytes });
    const verified = new Webhook(secret.text).verify(BODY, {
      "webhook-id": message.id,
      "webhook-timestamp": message.timestamp,
      "webhook-signature": signature,
    });
    expect(verified).toEqual(JSON.parse(BODY));
  });

  it("agrees with the specification's published vector", async () => {
    const secret = parseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") ?? new Uint8Array();
    const message = {
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      timestamp: "1614265330",
      body: utf8('{"test": 2432232314}'),
    };
    expect(await signWebhook(message, { kind: "hmac", secret })).toBe(
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
  });
});

describe("hmac", () => {
  const secret = newSecret().bytes;
  const key = { kind: "hmac", secret } as const;

  it.each([
    ["another body", { body: utf8(`${BODY} `) }],
    ["another id", { id: "msg_2" }],
    ["another timestamp", { timestamp: "1" }],
  ])("refuses %s", async (_, change) => {
    const message = aMessage();
    const signature = await signWebhook(message, key);
    expect(await verifyWebhook({ ...message, ...change, signature }, key)).toBe(false);
  });

  it("accepts one good entry among bad ones, but no more than eight entries", async () => {
    const message = aMessage();
    const good = await signWebhook(message, key);
    const bad = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const list = (n: number) => [...Array.from({ length: n }, () => bad), good].join(" ");
    expect(await verifyWebhook({ ...message, signature: list(7) }, key)).toBe(true);
    expect(await verifyWebhook({ ...message, signature: list(8) }, key)).toBe(false);
  });

  it.each(["", "v1", "v1,", "v1,%%%", "v2,abcd", "garbage"])(
    "refuses the signature %j",
    async (signature) => {
      expect(await verifyWebhook({ ...aMessage(), signature }, key)).toBe(false);
    },
  );

  it("refuses a dot in id or timestamp, which would move the borders of the signed parts", async () => {
    const moved = { id: "msg", timestamp: "1.2", body: utf8("x") };
    const signature = await signWebhook(moved, key);
    expect(await verifyWebhook({ ...moved, signature }, key)).toBe(false);
    const dotted = { id: "msg.1", timestamp: "2", body: utf8("x") };
    expect(await verifyWebhook({ ...dotted, signature }, key)).toBe(false);
  });
});

describe("ed25519", () => {
  it("verifies its own signatures and no others", async () => {
    const { pkcs8, publicKey } = anEd25519Pair();
    const message = aMessage();
    const signature = await signWebhook(message, { kind: "ed25519", pkcs8 });
    expect(signature).toMatch(/^v1a,/);
    expect(await verifyWebhook({ ...message, signature }, { kind: "ed25519", publicKey })).toBe(true);
    const other = anEd25519Pair().publicKey;
    expect(await verifyWebhook({ ...message, signature }, { kind: "ed25519", publicKey: other })).toBe(false);
  });

  it("never takes the public key for an HMAC secret", async () => {
    const { publicKey } = anEd25519Pair();
    const message = aMessage();
    const forged = await signWebhook(message, { kind: "hmac", secret: publicKey });
    const key = { kind: "ed25519", publicKey } as const;
    expect(await verifyWebhook({ ...message, signature: forged }, key)).toBe(false);
    const renamed = forged.replace("v1,", "v1a,");
    expect(await verifyWebhook({ ...message, signature: renamed }, key)).toBe(false);
  });

  it("ignores an ed25519 entry under an HMAC key", async () => {
    const secret = newSecret().bytes;
    const message = aMessage();
    const renamed = (await signWebhook(message, { kind: "hmac", secret })).replace("v1,", "v1a,");
    expect(await verifyWebhook({ ...message, signature: renamed }, { kind: "hmac", secret })).toBe(false);
  });

  it("answers false for a public key that is none", async () => {
    const key = { kind: "ed25519", publicKey: new Uint8Array(31) } as const;
    const signature = `v1a,${toBase64(new Uint8Array(64))}`;
    expect(await verifyWebhook({ ...aMessage(), signature }, key)).toBe(false);
  });
});

it.each([
  ["1000", 1_000_000, true],
  ["1300", 1_000_000, true],
  ["700", 1_000_000, true],
  ["1301", 1_000_000, false],
  ["699", 1_000_000, false],
  ["", 1_000_000, false],
  ["1e3", 1_000_000, false],
  ["-1000", 1_000_000, false],
  ["1000.5", 1_000_000, false],
])("a timestamp %j at %d is fresh: %j", (text, now, fresh) => {
  expect(isFresh(text, now, 300)).toBe(fresh);
});
