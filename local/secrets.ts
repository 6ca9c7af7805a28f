/** The local stack's own secrets: made once, kept in one file that only its owner can read. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const SECRETS_FILE = "secrets.json";

export const Secrets = z.object({
  /** base64, 32 bytes. */
  PLUGIN_ID_KEY: z.base64(),
  /** base64, 32 bytes. */
  VAULT_KEY: z.base64(),
  /** base64 PKCS #8 Ed25519. */
  CONTROL_SIGNING_KEY: z.base64(),
  SIRA_API_TOKEN: z.string().min(32),
  STAGING_RUNNER_TOKEN: z.string().min(32),
  /** Login of the Worker's role on the Postgres of DATABASE_URL. */
  POSTGRES_APP_PASSWORD: z.string().min(24),
  /** PKCS #8 PEM Ed25519: stands for the identity provider, and signs the development logins. */
  MOLAM_ID_PRIVATE: z.string(),
});
export type Secrets = z.infer<typeof Secrets>;

function newEd25519(): { der: Buffer; pem: string } {
  const { privateKey } = generateKeyPairSync("ed25519");
  return {
    der: privateKey.export({ type: "pkcs8", format: "der" }),
    pem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

function create(): Secrets {
  return {
    PLUGIN_ID_KEY: randomBytes(32).toString("base64"),
    VAULT_KEY: randomBytes(32).toString("base64"),
    CONTROL_SIGNING_KEY: newEd25519().der.toString("base64"),
    SIRA_API_TOKEN: randomBytes(32).toString("base64url"),
    STAGING_RUNNER_TOKEN: randomBytes(32).toString("base64url"),
    POSTGRES_APP_PASSWORD: randomBytes(24).toString("base64url"),
    MOLAM_ID_PRIVATE: newEd25519().pem,
  };
}

/** Reads `<dataDir>/secrets.json`, or makes it (mode 0600). Losing it makes the plugins of this data folder strangers. */
export function loadOrCreateSecrets(dataDir: string): Secrets {
  const file = join(dataDir, SECRETS_FILE);
  if (existsSync(file)) return Secrets.parse(JSON.parse(readFileSync(file, "utf8")));
  const secrets = create();
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  // Renamed into place: a crash never leaves half a file, which would lock everybody out.
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}

/** SPKI PEM for MOLAM_ID_JWT_PUBLIC. */
export function molamIdPublicKey(secrets: Pick<Secrets, "MOLAM_ID_PRIVATE">): string {
  return createPublicKey(createPrivateKey(secrets.MOLAM_ID_PRIVATE))
    .export({ type: "spki", format: "pem" })
    .toString();
}
