import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Receiver, startReceiver } from "../../local/demo/receiver.ts";
import { buildDemoReleases, type DemoRelease } from "../../local/demo/releases.ts";
import { loadOrCreatePublisher, manifestFor } from "../../local/publisher.ts";
import { PackageFile } from "../../src/contract/release.ts";
import { type PluginMessage, type ShopProcess, startShop } from "./shop-process.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
let folder: string;
let receiver: Receiver;
let releases: DemoRelease[];
const shops: ShopProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vigie-demo-test-"));
  [receiver, releases] = await Promise.all([startReceiver({}), buildDemoReleases()]);
}, 60_000);
afterAll(async () => {
  await Promise.all(shops.map((shop) => shop.stop()));
  await receiver.stop();
  await rm(folder, { recursive: true });
});

function release(version: string): DemoRelease {
  const found = releases.find((candidate) => candidate.version === version);
  if (!found) throw new Error(`no release ${version}`);
  return found;
}

/** Starts `version` in the shop's own folder, at `orders_per_minute`. */
async function run(
  shop: string,
  version: string,
  settings: Record<string, unknown> = {},
): Promise<ShopProcess> {
  receiver.setSecret(shop, SECRET);
  const process = await startShop(release(version), join(folder, shop), {
    receiver_url: receiver.urlFor(shop),
    receiver_secret: SECRET,
    orders_per_minute: 1200,
    ...settings,
  });
  shops.push(process);
  return process;
}

const webhooks = (heard: readonly PluginMessage[]) => heard.filter(({ vigie }) => vigie === "webhook");
const sent = (count: number) => (heard: readonly PluginMessage[]) => webhooks(heard).length >= count;
const isReady = (heard: readonly PluginMessage[]) => heard.some(({ vigie }) => vigie === "ready");
const failedShare = (messages: readonly PluginMessage[]) =>
  messages.filter(({ ok }) => !ok).length / messages.length;

it("builds the same bytes every time, each with the package file of its version", async () => {
  const again = await buildDemoReleases();
  expect(again.map(({ sha256 }) => sha256)).toEqual(releases.map(({ sha256 }) => sha256));
  expect(releases.map(({ version }) => version)).toEqual(["1.2.2", "1.2.3", "1.2.4", "1.2.5"]);
  for (const { file, product, version, size } of releases) {
    const packageFile = unzipSync(file)["plugin.json"];
    expect(PackageFile.parse(JSON.parse(new TextDecoder().decode(packageFile)))).toMatchObject({
      product,
      version,
    });
    expect(file.byteLength).toBe(size);
  }
});

it("1.2.2 has about three webhooks in five refused", async () => {
  const shop = await run("signs-wrongly", "1.2.2");
  await shop.until(sent(60));
  await shop.stop();
  const share = failedShare(webhooks(shop.heard));
  expect(share).toBeGreaterThan(0.5);
  expect(share).toBeLessThan(0.7);
  expect(receiver.counts("signs-wrongly").refused).toBeGreaterThanOrEqual(30);
});

it("1.2.2 has none refused while it sells in English-speaking markets only", async () => {
  const shop = await run("english", "1.2.2", { markets: "US,GB,KE,NG,ZA" });
  await shop.until(sent(20));
  await shop.stop();
  expect(failedShare(webhooks(shop.heard))).toBe(0);
});

it("1.2.3 has none refused, reports no error, and announces itself first", async () => {
  const shop = await run("healthy", "1.2.3");
  await shop.until(sent(60));
  shop.send({ vigie: "stop" });
  expect(await shop.exited).toBe(0);
  expect(shop.heard[0]).toEqual({ vigie: "ready", version: "1.2.3" });
  expect(failedShare(webhooks(shop.heard))).toBe(0);
  expect(shop.heard.filter(({ vigie }) => vigie === "error")).toEqual([]);
  expect(shop.heard.filter(({ vigie }) => vigie === "request").length).toBeGreaterThanOrEqual(60);
});

it("1.2.4 sends its first 24 webhooks and then fails every one, with an error", async () => {
  const shop = await run("leaks", "1.2.4");
  await shop.until(sent(40));
  await shop.stop();
  const outcomes = webhooks(shop.heard).map(({ ok }) => ok);
  expect(outcomes.slice(0, 24)).toEqual(Array(24).fill(true));
  expect(outcomes.slice(24).every((ok) => ok === false)).toBe(true);
  const [error] = shop.heard.filter(({ vigie }) => vigie === "error");
  expect(error?.message).toContain("webhook pool exhausted");
});

it("1.2.5 boots in a clean folder, but not where an older version has kept its journal", async () => {
  const clean = await run("new-shop", "1.2.5");
  await clean.until(isReady);

  const before = await run("old-shop", "1.2.3");
  await before.until(sent(2));
  before.send({ vigie: "stop" });
  await before.exited;
  const broken = await run("old-shop", "1.2.5");
  expect(await broken.exited).not.toBe(0);
  expect(broken.heard).toEqual([]);
  expect(broken.stderr()).toContain("journal.mjs");

  // What it left behind does not keep the last good version from coming back.
  const restored = await run("old-shop", "1.2.3");
  await restored.until(sent(2));
  expect(failedShare(webhooks(restored.heard))).toBe(0);
});

it("boots without settings, and takes them up when they come", async () => {
  receiver.setSecret("late", SECRET);
  const shop = await startShop(release("1.2.3"), join(folder, "late"), null);
  shops.push(shop);
  await shop.until((heard) => heard.some(({ vigie }) => vigie === "request"));
  expect(webhooks(shop.heard)).toEqual([]);
  await writeFile(
    join(folder, "late", "settings.json"),
    JSON.stringify({
      receiver_url: receiver.urlFor("late"),
      receiver_secret: SECRET,
      orders_per_minute: 1200,
    }),
  );
  await shop.until(sent(1));
});

it("answers probes by name, and an unknown one with not ok", async () => {
  const sound = await run("probed", "1.2.3");
  await sound.until(isReady);
  sound.send({ vigie: "probe", id: 7, names: ["settings", "journal", "webhook", "made-up"] });
  const probes = (heard: readonly PluginMessage[]) => heard.filter(({ vigie }) => vigie === "probe");
  await sound.until((heard) => probes(heard).length === 4);
  expect(probes(sound.heard)).toEqual([
    { vigie: "probe", id: 7, name: "settings", ok: true, ms: expect.any(Number) },
    { vigie: "probe", id: 7, name: "journal", ok: true, ms: expect.any(Number) },
    { vigie: "probe", id: 7, name: "webhook", ok: true, ms: expect.any(Number) },
    { vigie: "probe", id: 7, name: "made-up", ok: false, ms: expect.any(Number) },
  ]);

  const faulty = await run("probed-faulty", "1.2.2");
  await faulty.until(isReady);
  faulty.send({ vigie: "probe", id: 8, names: ["webhook"] });
  await faulty.until((heard) => probes(heard).length === 1);
  expect(probes(faulty.heard)[0]).toMatchObject({ name: "webhook", ok: false });
});

it("reports a webhook as failed when the receiver does not answer in time or is gone", async () => {
  const gone = await startReceiver({ secrets: { gone: SECRET } });
  const url = gone.urlFor("gone");
  await gone.stop();
  const shop = await run("gone", "1.2.3", { receiver_url: url });
  await shop.until(sent(3));
  expect(failedShare(webhooks(shop.heard))).toBe(1);
});

it("gives an unknown shop, another method and an unsigned body their refusal", async () => {
  receiver.setSecret("door", SECRET);
  const statuses = await Promise.all([
    fetch(receiver.urlFor("door"), { method: "POST", body: "{}" }),
    fetch(receiver.urlFor("door")),
    fetch(receiver.urlFor("nobody"), { method: "POST", body: "{}" }),
  ]);
  expect(statuses.map(({ status }) => status)).toEqual([401, 405, 404]);
  expect(receiver.counts("door")).toEqual({ accepted: 0, refused: 1 });
});

it("keeps the publishers' keys in a file that only its owner reads, and signs with each", async () => {
  const keys = join(folder, "publisher");
  const publisher = await loadOrCreatePublisher(keys);
  expect((await loadOrCreatePublisher(keys)).publisherKeys).toEqual(publisher.publisherKeys);
  expect(publisher.publisherKeys).toMatchObject({ threshold: 2, keys: [{}, {}] });
  const file = await readFile(join(keys, "publisher-keys.json"), "utf8");
  expect((await stat(join(keys, "publisher-keys.json"))).mode & 0o777).toBe(0o600);
  expect(file).toContain("private_key");

  const manifest = manifestFor(release("1.2.3"), { min_from: "1.2.0" });
  const signed = await publisher.sign(manifest);
  expect(JSON.parse(signed.manifest)).toEqual(manifest);
  for (const { key_id, public_key } of publisher.publisherKeys.keys) {
    const key = await crypto.subtle.importKey("raw", Buffer.from(public_key, "base64"), "Ed25519", false, [
      "verify",
    ]);
    const signature = signed.signatures.find((candidate) => candidate.key_id === key_id)?.signature ?? "";
    const bytes = new TextEncoder().encode(signed.manifest);
    expect(await crypto.subtle.verify("Ed25519", key, Buffer.from(signature, "base64"), bytes)).toBe(true);
  }
});
