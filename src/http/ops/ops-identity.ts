/** The person behind a token: signature, issuer, audience and expiry from the token, roles from our own table. */
import { jwtVerify } from "jose";
import type { Person } from "../../contract/ops.ts";
import type { Env } from "../../env.ts";
import { identityKey, opsRoles } from "../../settings.ts";

/** Clocks of two companies. */
const CLOCK_TOLERANCE_S = 5;
const MAX_TOKEN = 8192;

type IdentityEnv = Pick<Env, "MOLAM_ID_JWT_PUBLIC" | "MOLAM_ID_ISSUER" | "MOLAM_ID_AUDIENCE" | "OPS_ROLES">;

/** Null for every token that does not prove who it is. A person who is not in the table has no roles. */
export async function personOf(token: string, env: IdentityEnv): Promise<Person | null> {
  if (token === "" || token.length > MAX_TOKEN) return null;
  const { key, algorithm } = await identityKey(env);
  const verified = await jwtVerify(token, key, {
    algorithms: [algorithm],
    issuer: env.MOLAM_ID_ISSUER,
    audience: env.MOLAM_ID_AUDIENCE,
    requiredClaims: ["exp", "sub"],
    clockTolerance: CLOCK_TOLERANCE_S,
  }).catch(() => null);
  const id = verified?.payload.sub;
  if (id === undefined || id === "" || id.length > 200) return null;
  const name = verified?.payload.name;
  return {
    id,
    name: typeof name === "string" && name !== "" ? name.slice(0, 200) : id,
    roles: [...(opsRoles(env).get(id) ?? [])],
  };
}
