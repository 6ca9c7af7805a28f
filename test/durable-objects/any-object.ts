/** A fresh object of some class, for tests that need real object storage and nothing else. */
import { env } from "cloudflare:workers";
import type { FeedObject } from "../../durable-objects/feed/feed-object.ts";

let count = 0;

export function anyObject() {
  count += 1;
  return bindings.FEED.getByName(`storage-only-${count}`);
}

// The test runner types `env` without this project's bindings (wrangler.toml), which the pool does provide.
const bindings = env as unknown as { FEED: DurableObjectNamespace<FeedObject> };
