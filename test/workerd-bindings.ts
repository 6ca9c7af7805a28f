/** Secrets and addresses of the Worker in the workerd tests: real keys made for this run, addresses that nothing answers. */
import { generateKeyPairSync, randomBytes } from "node:crypto";

/** Port 9 (discard): a connection there is refused at once. */
const NOWHERE = "http://127.0.0.1:9";

export function workerdTestBindings(): Record<string, string> {
  const control = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "der" });
  const publisher = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  return {
    DATABASE_URL: "postgresql://vigie:none@db.invalid/vigie",
    NEON_PROXY_URL: NOWHERE,
    STAGING_RUNNER_URL: NOWHERE,
    STAGING_RUNNER_TOKEN: randomBytes(16).toString("hex"),
    SIRA_API_TOKEN: randomBytes(16).toString("hex"),
    SIRA_INBOUND_TOKEN: randomBytes(16).toString("hex"),
    PUBLIC_URL: NOWHERE,
    SITE_PROBE_ALLOW_PRIVATE: "true",
    PLUGIN_ID_KEY: randomBytes(32).toString("base64"),
    VAULT_KEY: randomBytes(32).toString("base64"),
    CONTROL_SIGNING_KEY: control.toString("base64"),
    OPS_ROLES: "{}",
    PUBLISHER_KEYS: JSON.stringify({
      threshold: 1,
      keys: [{ key_id: "test", public_key: Buffer.from(publisher.x ?? "", "base64url").toString("base64") }],
    }),
  };
}
