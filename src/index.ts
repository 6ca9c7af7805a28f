/** Worker entry: wiring only. */
import { fleetOf, pluginOf } from "../durable-objects/stubs.ts";
import type { Env } from "./env.ts";
import { createApp } from "./http/app.ts";
import { sweep } from "./services/sweep.ts";

export { FeedObject } from "../durable-objects/feed/feed-object.ts";
export { FleetObject } from "../durable-objects/fleet/fleet-object.ts";
export { NoticeObject } from "../durable-objects/notice/notice-object.ts";
export { PluginObject } from "../durable-objects/plugin/plugin-object.ts";
export { PolicyObject } from "../durable-objects/policy/policy-object.ts";
export { ReleaseObject } from "../durable-objects/release/release-object.ts";
export { SiraObject } from "../durable-objects/sira/sira-object.ts";

const app = createApp();

export default {
  fetch: app.fetch,
  async scheduled(_controller, env) {
    await sweep({ fleet: fleetOf(env), plugin: (id) => pluginOf(env, id) });
  },
} satisfies ExportedHandler<Env>;
