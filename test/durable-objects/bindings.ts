/** The Worker's bindings as the tests see them. */
import { env } from "cloudflare:workers";
import type { Env } from "../../src/env.ts";

// The test runner types `env` without this project's bindings (wrangler.toml), which the pool does provide.
export const bindings = env as unknown as Env;
