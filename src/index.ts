/** Worker entry: wiring only. */
export { FeedObject } from "../durable-objects/feed/feed-object.ts";
export { FleetObject } from "../durable-objects/fleet/fleet-object.ts";
export { PluginObject } from "../durable-objects/plugin/plugin-object.ts";
export { PolicyObject } from "../durable-objects/policy/policy-object.ts";
export { ReleaseObject } from "../durable-objects/release/release-object.ts";
export { SiraObject } from "../durable-objects/sira/sira-object.ts";

export default {
  async fetch(): Promise<Response> {
    return new Response("not found", { status: 404 });
  },
};
