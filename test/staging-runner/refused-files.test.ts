import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadOrCreatePublisher, manifestFor } from "../../local/publisher.ts";
import { SmokeReply, type SmokeRequest } from "../../src/contract/staging.ts";
import { aRelease, releaseOf } from "./a-release.ts";
import { failure, SETUP_MS, type StagingWorld, startStagingWorld } from "./staging-world.ts";

let world: StagingWorld;
beforeAll(async () => {
  world = await startStagingWorld();
}, SETUP_MS);
afterAll(() => world.stop());

async function outcomeOf(request: SmokeRequest) {
  return failure(SmokeReply.parse(await (await world.post(request)).json()));
}

it("fails a manifest that was changed after it was signed", async () => {
  const request = await world.requestFor(aRelease());
  const manifest = request.release.manifest.replace('"reversible":true', '"reversible":false');
  const fetchedBefore = world.fetched.length;
  const outcome = await outcomeOf({ ...request, release: { ...request.release, manifest } });
  expect(outcome).toEqual({ name: "signatures", reason: "bad-signature" });
  expect(world.fetched.length).toBe(fetchedBefore);
});

it("fails a release that fewer keys signed than the threshold asks for", async () => {
  const request = await world.requestFor(aRelease());
  const signatures = request.release.signatures.slice(0, 1);
  const outcome = await outcomeOf({ ...request, release: { ...request.release, signatures } });
  expect(outcome).toEqual({ name: "signatures", reason: "bad-signature" });
});

it("counts one key once, whatever names it goes by", async () => {
  const request = await world.requestFor(aRelease());
  const [key] = request.publisher_keys.keys;
  const [signature] = request.release.signatures;
  if (!key || !signature) throw new Error("no key");
  const outcome = await outcomeOf({
    ...request,
    release: { ...request.release, signatures: [signature, signature, { ...signature, key_id: "alias" }] },
    publisher_keys: { threshold: 2, keys: [key, { ...key, key_id: "alias" }] },
  });
  expect(outcome).toEqual({ name: "signatures", reason: "bad-signature" });
});

it("fails a release signed by other publishers", async () => {
  const folder = await mkdtemp(join(tmpdir(), "vigie-others-"));
  const others = await loadOrCreatePublisher(folder);
  const release = aRelease();
  const outcome = await outcomeOf(
    await world.requestFor(release, {
      release: await others.sign(manifestFor(release, { min_from: "1.0.0" })),
    }),
  );
  await rm(folder, { recursive: true });
  expect(outcome).toEqual({ name: "signatures", reason: "bad-signature" });
});

it("fails a manifest that has expired", async () => {
  const release = aRelease();
  const manifest = manifestFor(release, { min_from: "1.0.0", expires: "2020-01-01T00:00:00Z" });
  const outcome = await outcomeOf(
    await world.requestFor(release, { release: await world.publisher.sign(manifest) }),
  );
  expect(outcome).toEqual({ name: "signatures", reason: "expired" });
});

it("fails a file of another digest", async () => {
  const release = aRelease();
  const file = release.file.slice();
  file[40] = (file[40] ?? 0) ^ 1;
  world.serve({ sha256: release.sha256, file });
  expect(await outcomeOf(await world.requestFor(release))).toEqual({
    name: "digest",
    reason: "digest-mismatch",
  });
});

it("fails a file longer than its manifest says", async () => {
  const release = aRelease();
  world.serve({ sha256: release.sha256, file: Buffer.concat([release.file, Buffer.alloc(9)]) });
  expect(await outcomeOf(await world.requestFor(release))).toEqual({ name: "download", reason: "too-large" });
});

it("fetches nothing from an origin that is not on its list", async () => {
  const before = world.fetched.length;
  for (const artifact_url of [
    world.origin.replace("127.0.0.1", "localhost"),
    world.origin.replace("http://", "http://user:word@"),
    "http://169.254.169.254/latest/meta-data",
  ]) {
    const outcome = await outcomeOf(await world.requestFor(aRelease(), { artifact_url }));
    expect(outcome).toEqual({ name: "download", reason: "origin-not-allowed" });
  }
  expect(world.fetched.length).toBe(before);
});

it("follows no redirect", async () => {
  const outcome = await outcomeOf(
    await world.requestFor(aRelease(), { artifact_url: `${world.origin}/redirect` }),
  );
  expect(outcome).toEqual({ name: "download", reason: "redirected" });
  expect(world.fetched).not.toContain("/elsewhere");
});

it("fails a release that the origin does not have", async () => {
  const outcome = await outcomeOf(await world.requestFor(aRelease({ "other.txt": "never served" })));
  expect(outcome).toEqual({ name: "download", reason: "http-status" });
});

it.each([
  ["is no zip", releaseOf(strToU8("not a zip at all")), "bad-zip"],
  ["names a path above its folder", aRelease({ "../evil.mjs": "1" }), "path-escape"],
  ["names an absolute path", aRelease({ "/evil.mjs": "1" }), "path-escape"],
  ["holds no plugin.json", aRelease({ "plugin.json": null }), "bad-package"],
  ["lacks the module that plugin.json names", aRelease({ "smoke.mjs": null }), "bad-package"],
  [
    "is another product than its manifest says",
    aRelease({
      "plugin.json": '{"product":"other","version":"2.0.0","main":"main.mjs","smoke":"smoke.mjs"}',
    }),
    "bad-package",
  ],
  [
    "unpacks to more than is allowed",
    releaseOf(zipSync({ "plugin.json": strToU8("{}"), zeros: new Uint8Array(65 * 1024 * 1024) })),
    "too-large",
  ],
])("fails a file that %s", async (_, release, reason) => {
  expect(failure(await world.smoke(release))).toEqual({ name: "unpack", reason });
});
