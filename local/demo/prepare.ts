/** What has to be there before the first shop opens: releases, the policy. Safe to repeat. */

import { type PublishRequest, ReleaseList, ReleaseRecord } from "../../src/contract/ops.ts";
import { type Policy, PolicyDocument, Policy as PolicySchema } from "../../src/contract/policy.ts";
import { manifestFor, type Publisher } from "../publisher.ts";
import type { Api } from "../stack/ops-client.ts";
import { call } from "./ops.ts";
import { buildDemoReleases, DEMO_PRODUCT, type DemoRelease } from "./releases.ts";
import { ROSTER } from "./roster.ts";

/** The oldest version that the demo knows. */
const MIN_FROM = "1.2.2";

/** Signs and publishes what the control plane does not know yet. @returns all demo releases */
export async function publishReleases(api: Api, publisher: Publisher): Promise<DemoRelease[]> {
  const releases = await buildDemoReleases();
  const { items } = await call(api, ReleaseList, `/api/ops/releases?product=${DEMO_PRODUCT}`);
  const known = new Set(
    items.filter(({ product }) => product === DEMO_PRODUCT).map(({ version }) => version),
  );
  for (const release of releases.filter(({ version }) => !known.has(version))) {
    const signed = await publisher.sign(manifestFor(release, { min_from: MIN_FROM }));
    const json: PublishRequest = {
      ...signed,
      file: Buffer.from(release.file).toString("base64"),
      notes: release.notes,
    };
    await call(api, ReleaseRecord, "/api/ops/releases", { json });
  }
  return releases;
}

/** Vigie may act by itself, except for two merchants. Left alone when somebody has set a policy already. */
export async function setDemoPolicy(api: Api): Promise<Policy> {
  const policy = await call(api, PolicySchema, "/api/ops/policy");
  if (policy.revision > 0) return policy;
  const merchants = ROSTER.filter(({ story }) => story === "healthy" || story === "healed").map(
    ({ id }) => id,
  );
  const document = PolicyDocument.parse({
    ...policy.document,
    mode: "auto",
    whitelist: { all: false, merchants },
  });
  return call(api, PolicySchema, "/api/ops/policy", {
    method: "PUT",
    json: { revision: policy.revision, reason: "demo: heal by itself, except for two merchants", document },
  });
}
