/** Releases: published once, verified before anything is kept; halted or blocked when they turn out bad. */
import { Hono } from "hono";
import { releasesOf } from "../../../durable-objects/stubs.ts";
import { ProductName, Version } from "../../contract/ids.ts";
import { PublishRequest, type ReleaseRecord } from "../../contract/ops.ts";
import { type Result, refuse } from "../../contract/refusal.ts";
import { MAX_RELEASE_BYTES, type ReleaseManifest } from "../../contract/release.ts";
import { sha256Hex } from "../../crypto/digest.ts";
import { fromBase64 } from "../../crypto/encoding.ts";
import { verifyRelease } from "../../crypto/release-signature.ts";
import { listReleases } from "../../postgres/queries.ts";
import { publisherKeys } from "../../settings.ts";
import type { AppEnv } from "../app-env.ts";
import { refusalResponse, resultResponse } from "../error-response.ts";
import { readLedger } from "../ledger-read.ts";
import { readJson, readQuery } from "../read-request.ts";
import { liveRollouts } from "./live-rollouts.ts";
import { allow } from "./ops-guard.ts";
import { ReleaseQuery, ReleaseStatusRequest } from "./ops-queries.ts";

/** The file as base64, and room for the manifest, its signatures and the notes. */
const MAX_PUBLISH_BYTES = Math.ceil(MAX_RELEASE_BYTES / 3) * 4 + 100_000;

export const releaseRoutes = new Hono<AppEnv>()
  .get("/", allow("GET /api/ops/releases"), async (c) => {
    const query = readQuery(c, ReleaseQuery);
    if (!query.ok) return refusalResponse(c, query.refusal);
    const list = await readLedger(c, (db) => listReleases(db, query.value.product));
    if (!list.ok) return refusalResponse(c, list.refusal);
    const { items } = list.value;
    const rolloutOf = await liveRollouts(
      c.env,
      items.map(({ product }) => product),
    );
    return c.json({
      items: items.map((item) => ({ ...item, rollout: rolloutOf(item.product, item.version) })),
    });
  })
  .post("/", allow("POST /api/ops/releases"), async (c) => {
    const input = await readJson(c, PublishRequest, MAX_PUBLISH_BYTES);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const { manifest, signatures, notes } = input.value;
    const signed = { manifest, signatures };
    const verified = await verifyRelease(signed, publisherKeys(c.env), Date.now());
    if (!verified.ok) return refusalResponse(c, verified.refusal);
    const file = await fileOf(input.value.file, verified.value);
    if (!file.ok) return refusalResponse(c, file.refusal);

    const { product, version, sha256, size, min_from, reversible, expires } = verified.value;
    // The file first: a record whose file is missing could be handed to a shop, a file without a record cannot.
    await c.env.RELEASES.put(sha256, file.value, {
      sha256,
      httpMetadata: { contentType: "application/zip" },
    });
    const published_at = new Date().toISOString();
    const about = { product, version, sha256, size, min_from, reversible, expires, signed, notes };
    const record: ReleaseRecord = {
      ...about,
      revision: 1,
      status: "active",
      published_by: c.var.person.id,
      published_at,
    };
    return resultResponse(c, await releasesOf(c.env, product).publish(record), 201);
  })
  .post("/:product/:version/status", allow("POST /api/ops/releases/:product/:version/status"), async (c) => {
    const product = ProductName.safeParse(c.req.param("product"));
    const version = Version.safeParse(c.req.param("version"));
    if (!product.success || !version.success) {
      return refusalResponse(c, { reason: "not_found", message: "no such release" });
    }
    const input = await readJson(c, ReleaseStatusRequest);
    if (!input.ok) return refusalResponse(c, input.refusal);
    const { status, reason, ...seen } = input.value;
    const releases = releasesOf(c.env, product.data);
    return resultResponse(c, await releases.setStatus(version.data, status, reason, c.var.person, seen));
  });

/** The file's bytes, when they are the ones that the publishers signed. */
async function fileOf(base64: string, manifest: ReleaseManifest): Promise<Result<Uint8Array>> {
  const bytes = fromBase64(base64);
  const invalid = (message: string) => refuse({ reason: "invalid", field: "file", message });
  if (bytes === null) return invalid("not base64");
  if (bytes.length !== manifest.size)
    return invalid(`${bytes.length} bytes, the manifest says ${manifest.size}`);
  if ((await sha256Hex(bytes)) !== manifest.sha256) return invalid("the digest is not the manifest's");
  return { ok: true, value: bytes };
}
