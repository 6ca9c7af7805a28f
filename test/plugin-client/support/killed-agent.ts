/**
 * A client over a FileHost that kills itself, for good, at a named durable step.
 * Arguments: root, API URL, name of the step, control key, publisher keys (JSON), credential, plugin id.
 */
import { createClient } from "../../../plugin-client/core/healing-client.ts";
import { FileHost } from "../../../plugin-client/file-host/file-host.ts";
import { FakeRunner } from "./fake-runner.ts";

const [
  root = "",
  apiUrl = "",
  dieAt = "",
  controlPublicKey = "",
  publisherKeys = "",
  credential = "",
  pluginId = "",
] = process.argv.slice(2);
const host = new FileHost({
  root,
  product: "molam-shop",
  runner: new FakeRunner(),
  checkpoint: (step) => {
    if (step === dieAt) process.kill(process.pid, "SIGKILL");
  },
});
const client = createClient({
  apiUrl,
  pluginId,
  credential,
  controlPublicKey,
  publisherKeys: JSON.parse(publisherKeys),
  host,
});
await client.start();
