/** Clients for tests, with their events collected. */
import type { Client } from "../../../plugin-client/core/client.ts";
import type { ClientEvent } from "../../../plugin-client/core/events.ts";
import { type ClientOptions, createClient } from "../../../plugin-client/core/healing-client.ts";
import type { PluginHost } from "../../../plugin-client/core/host.ts";
import { CONTROL_KEY, type ControlPlane, PLUGIN_ID, SECRET } from "./control-plane.ts";
import { PATIENCE_MS } from "./patience.ts";
import { PUBLISHER_KEYS } from "./publishers.ts";
import { TestPlatform } from "./test-platform.ts";

export interface ClientUnderTest {
  client: Client;
  platform: TestPlatform;
  events: ClientEvent[];
  /** The first event of this type, now or later. */
  event<T extends ClientEvent["type"]>(type: T): Promise<Extract<ClientEvent, { type: T }>>;
}

export function aClient(
  plane: ControlPlane,
  options: Partial<ClientOptions> & { host?: PluginHost; platform?: TestPlatform } = {},
): ClientUnderTest {
  const platform = options.platform ?? new TestPlatform();
  const client = createClient({
    apiUrl: plane.url,
    pluginId: PLUGIN_ID,
    credential: SECRET,
    version: "1.2.2",
    captureUncaught: false,
    ...(options.host && { controlPublicKey: CONTROL_KEY, publisherKeys: PUBLISHER_KEYS }),
    ...options,
    platform,
  });
  const events: ClientEvent[] = [];
  const waiting = new Set<() => void>();
  client.on((event) => {
    events.push(event);
    for (const look of [...waiting]) look();
  });
  const event: ClientUnderTest["event"] = (type) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`no event ${type}; seen: ${JSON.stringify(events.slice(-12))}`)),
        PATIENCE_MS,
      );
      const look = () => {
        const found = events.find((candidate) => candidate.type === type);
        if (found === undefined) return;
        waiting.delete(look);
        clearTimeout(late);
        resolve(found as never); // found by its type
      };
      waiting.add(look);
      look();
    });
  return { client, platform, events, event };
}
