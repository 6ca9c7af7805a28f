import { evictDurableObject } from "cloudflare:test";
import { expect, it, onTestFinished, vi } from "vitest";
import { releasesOf } from "../../../durable-objects/stubs.ts";
import { defaultPolicyDocument } from "../../../src/contract/policy.ts";
import type { ReleaseRpc } from "../../../src/contract/rpc/release.ts";
import { LEASE_MS } from "../../../src/core/policy/leases.ts";
import { aRelease } from "../../builders/release.ts";
import { bindings } from "../bindings.ts";

const ada = { id: "ada", name: "Ada", roles: ["admin" as const] };
const canary = { ...defaultPolicyDocument().canary, stages: [{ percent: 100 }], in_flight: 500 };
const VERSION = "1.2.3";
const why = { reason: "because" };

let products = 0;
async function aProduct() {
  products += 1;
  const product = `leased-${products}`;
  const releases = releasesOf(bindings, product);
  await releases.publish(aRelease({ product, version: VERSION, expires: "2099-01-01T00:00:00Z" }));
  const admit = (number: number, action: "patch" | "rollback" = "patch") =>
    releases.admit({
      action,
      version: VERSION,
      plugin_id: `plg_${number}`,
      attempt_id: `att_${number}`,
      canary,
    });
  return { product, releases, admit, stub: bindings.RELEASE.getByName(product) };
}
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds from before an admission until what follows it is answered. */
async function timed(
  follow: (releases: ReleaseRpc, product: string) => Promise<unknown>,
  between: (stub: DurableObjectStub) => Promise<void> = async () => {},
  action: "patch" | "rollback" = "patch",
): Promise<number> {
  const { product, releases, admit, stub } = await aProduct();
  const asked = performance.now();
  expect(await admit(1, action)).toMatchObject({ admitted: true });
  await between(stub);
  expect(await follow(releases, product)).toMatchObject({ ok: true });
  return performance.now() - asked;
}
const halt = (releases: ReleaseRpc) => releases.setStatus(VERSION, "halted", "because", ada);

it("Invariant 8: no command leaves on an admission once a halt has answered, with 200 holders racing it", async () => {
  const { releases, admit } = await aProduct();
  const sent: number[] = [];
  const holders = Array.from({ length: 200 }, async (_, index) => {
    await pause((index * 13) % 300);
    const asked = Date.now();
    if (!(await admit(index)).admitted) return;
    // A command leaves some time later, as long as the lease, counted from the asking, has not run out.
    await pause((index * 37) % 1_900);
    if (Date.now() - asked < LEASE_MS) sent.push(performance.now());
  });
  await pause(150);
  expect(await halt(releases)).toMatchObject({ ok: true });
  const answeredAt = performance.now();
  await Promise.all(holders);
  expect(sent.length).toBeGreaterThan(0);
  expect(sent.filter((at) => at > answeredAt)).toEqual([]);
});

it("whatever stops an admission answers only when the last one is over, also after an eviction and for a rollback", async () => {
  const took = await Promise.all([
    timed(halt),
    timed((releases) => releases.setStatus(VERSION, "blocked", "because", ada)),
    timed((releases) => releases.setStatus(VERSION, "paused", "because", ada)),
    timed((releases) => releases.hold(VERSION, { environment: "magento 2.4", held: true, ...why }, ada)),
    timed((releases, product) => releases.setFloor({ product, version: VERSION, ...why }, ada)),
    timed((releases) => releases.revert(VERSION, { dry_run: false, canary, ...why }, ada)),
    timed(halt, undefined, "rollback"),
    timed(halt, (stub) => evictDurableObject(stub)),
    // Told again, because the first answer was lost.
    timed(async (releases) => {
      void halt(releases);
      return halt(releases);
    }),
  ]);
  for (const ms of took) expect(ms).toBeGreaterThanOrEqual(LEASE_MS);
});

it("what stops nothing answers at once", async () => {
  // Whoever waits for a timer never answers here, however slow the machine is.
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  await Promise.all([
    timed((releases) => releases.setStatus(VERSION, "active", "because", ada)),
    timed((releases) => releases.revert(VERSION, { dry_run: true, canary, ...why }, ada)),
    timed((releases, product) => releases.setFloor({ product, version: null, ...why }, ada)),
  ]);
  const { releases } = await aProduct();
  expect(await halt(releases)).toMatchObject({ ok: true });
});
