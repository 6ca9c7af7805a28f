/** Alive and ready: whether the process answers, and whether what it needs does. */
import { Hono } from "hono";
import { policyOf } from "../../durable-objects/stubs.ts";
import type { Readiness } from "../contract/ops.ts";
import { connect, ping } from "../postgres/connection.ts";
import { classifyPgError } from "../postgres/pg-error.ts";
import type { AppEnv } from "./app-env.ts";

/** Whoever asks, a load balancer or a start script, wants an answer soon, even a bad one. */
const CHECK_TIMEOUT_MS = 3000;

export const healthRoutes = new Hono<AppEnv>()
  .get("/healthz", (c) => c.json({ status: "ok" }))
  .get("/readyz", async (c) => {
    const [postgres, policy, kv] = await Promise.all([
      check(async () => {
        await ping(connect(c.env)).catch((error: unknown) => {
          throw new Error(classifyPgError(error).message);
        });
        return "answers";
      }),
      check(async () => `revision ${(await policyOf(c.env).read()).revision}`),
      check(async () => {
        await c.env.POLICY_CACHE.get("readiness");
        return "answers";
      }),
    ]);
    const ready = postgres.ok && policy.ok && kv.ok;
    const readiness: Readiness = { ready, checks: { postgres, policy, kv } };
    return c.json(readiness, ready ? 200 : 503);
  });

type Check = Readiness["checks"][string];

/** Never rejects. The detail of a failure is for the log: this page is public. */
async function check(probe: () => Promise<string>): Promise<Check> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS);
  });
  try {
    return { ok: true, detail: await Promise.race([probe(), late]) };
  } catch (error) {
    console.error(
      JSON.stringify({ event: "not_ready", why: error instanceof Error ? error.message : String(error) }),
    );
    return { ok: false, detail: "no answer" };
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}
