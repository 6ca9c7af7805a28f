/** `npm run deploy`. */
import { spawn } from "node:child_process";
import { buildAll } from "../build/build.ts";
import { ROOT, tool } from "../paths.ts";

export const help = `
npm run deploy [-- --dry-run] [-- <further wrangler options>]

Builds, then runs "wrangler deploy" with wrangler.toml. It needs a Cloudflare login (wrangler login, or CLOUDFLARE_API_TOKEN)
and the secrets that wrangler.toml names (wrangler secret put NAME). Apply the database migrations first: npm run migrate
with DATABASE_URL. --dry-run bundles and checks everything and sends nothing; it needs neither login nor network.
`;

export async function run(args: string[]): Promise<number> {
  await buildAll(console.log);
  return new Promise((resolve) => {
    const wrangler = spawn(tool("wrangler"), ["deploy", ...args], {
      cwd: ROOT,
      stdio: "inherit",
      env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    });
    wrangler.on("error", () => resolve(1));
    wrangler.on("exit", (code) => resolve(code ?? 1));
  });
}
