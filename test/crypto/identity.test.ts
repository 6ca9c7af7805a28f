import { describe, expect, it } from "vitest";
import { type Claim, ClaimCode } from "../../src/contract/enroll.ts";
import { PluginId } from "../../src/contract/ids.ts";
import { claimFits, mintClaim, newNonce, openClaim } from "../../src/crypto/claim-code.ts";
import { tokenMatches } from "../../src/crypto/constant-time.ts";
import { isGenuinePluginId, mintPluginId } from "../../src/crypto/plugin-id.ts";

const T0 = Date.parse("2026-11-22T12:00:00.000Z");
const KEY = new Uint8Array(32).fill(7);
const OTHER_KEY = new Uint8Array(32).fill(8);

function aClaim(overrides: Partial<Claim> = {}): Claim {
  return {
    nonce: "nonce-0001",
    merchant_id: "m-1",
    merchant_name: "Épicerie Zoé 食品",
    product: "molam-pay",
    expires_at: new Date(T0 + 60_000).toISOString(),
    ...overrides,
  };
}

describe("plugin ids", () => {
  it("are of the contract's form, all different and genuine", async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, () => mintPluginId(KEY)));
    expect(new Set(ids).size).toBe(50);
    for (const id of ids) {
      expect(PluginId.safeParse(id).success).toBe(true);
      expect(await isGenuinePluginId(KEY, id)).toBe(true);
    }
  });

  it("are not genuine under another key, nor after any change of a character", async () => {
    const id = await mintPluginId(KEY);
    expect(await isGenuinePluginId(OTHER_KEY, id)).toBe(false);
    for (let i = 4; i < id.length; i++) {
      const changed = id.slice(0, i) + (id[i] === "A" ? "B" : "A") + id.slice(i + 1);
      expect(await isGenuinePluginId(KEY, changed)).toBe(false);
    }
  });

  it.each(["", "plg_", "plg_AAAAAAAAAAAAAAAAAAAAAAAAAAA", "plg_../../etc/passwd", "inc_x"])(
    "refuse the made-up %j",
    async (id) => {
      expect(await isGenuinePluginId(KEY, id)).toBe(false);
    },
  );
});

describe("claim codes", () => {
  it("open to the claim they were made from", async () => {
    const claim = aClaim({ nonce: newNonce() });
    const code = await mintClaim(KEY, claim);
    expect(ClaimCode.safeParse(code).success).toBe(true);
    expect(await openClaim(KEY, code, T0)).toEqual(claim);
  });

  it("do not open once expired, under another key, or when altered", async () => {
    const code = await mintClaim(KEY, aClaim());
    expect(await openClaim(KEY, code, T0 + 60_000)).toBeNull();
    expect(await openClaim(OTHER_KEY, code, T0)).toBeNull();
    expect(await openClaim(KEY, `${code.slice(0, 10)}x${code.slice(11)}`, T0)).toBeNull();
    expect(await openClaim(KEY, "clm_nonsense", T0)).toBeNull();
  });

  it("refuse a claim that does not fit, before it is minted", async () => {
    const long = aClaim({
      merchant_name: "食".repeat(120),
      merchant_id: "m".repeat(64),
      nonce: "n".repeat(64),
    });
    expect(claimFits(aClaim())).toBe(true);
    expect(claimFits(long)).toBe(false);
    await expect(mintClaim(KEY, long)).rejects.toThrow(RangeError);
  });
});

it("matches a bearer token only when it is the same and one is set", async () => {
  expect(await tokenMatches("secret", "secret")).toBe(true);
  expect(await tokenMatches("secreT", "secret")).toBe(false);
  expect(await tokenMatches("", "")).toBe(false);
  expect(await tokenMatches("undefined", undefined)).toBe(false);
});
