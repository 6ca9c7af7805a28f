/** The people of the local stack, their roles, and their development logins (JWTs as Molam ID would issue them). */
import { createPrivateKey } from "node:crypto";
import { SignJWT } from "jose";
import type { Role } from "../src/contract/ops.ts";
import type { Secrets } from "./secrets.ts";

const LOGIN_VALID_FOR = "12h";

export const PEOPLE = {
  "dev:ada": { name: "Ada (development)", roles: ["viewer", "operator", "approver", "admin"] },
  "dev:grace": { name: "Grace (development)", roles: ["viewer", "approver"] },
  "dev:hedy": { name: "Hedy (development)", roles: ["viewer", "approver"] },
  "dev:linus": { name: "Linus (development)", roles: ["viewer"] },
} as const satisfies Record<string, { name: string; roles: readonly Role[] }>;
export type PersonId = keyof typeof PEOPLE;

/** The value of OPS_ROLES: subject -> roles. */
export function opsRoles(): string {
  return JSON.stringify(Object.fromEntries(Object.entries(PEOPLE).map(([id, { roles }]) => [id, roles])));
}

/** Mints a login for one of the people. `vars` are the Worker's own, so that both sides expect the same issuer and audience. */
export function mintToken(
  secrets: Pick<Secrets, "MOLAM_ID_PRIVATE">,
  person: PersonId,
  vars: Record<string, string>,
): Promise<string> {
  return new SignJWT({ name: PEOPLE[person].name })
    .setProtectedHeader({ alg: "EdDSA", typ: "JWT" })
    .setSubject(person)
    .setIssuer(vars.MOLAM_ID_ISSUER ?? "")
    .setAudience(vars.MOLAM_ID_AUDIENCE ?? "")
    .setIssuedAt()
    .setExpirationTime(LOGIN_VALID_FOR)
    .sign(createPrivateKey(secrets.MOLAM_ID_PRIVATE));
}
