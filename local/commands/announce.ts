/** The one block that says where everything is. */
import type { Stack } from "../stack.ts";

/** `next`: what will happen, line by line. `login`: offer the development login. */
export async function announce(
  stack: Stack,
  options: { login: boolean; next: readonly string[] },
): Promise<void> {
  const rule = "-".repeat(78);
  const login = async (person?: "dev:grace") => `${stack.url}/login#token=${await stack.token(person)}`;
  const dashboards = options.login
    ? [
        `  dashboard  ${await login()}`,
        `  as Grace   ${await login("dev:grace")}  (approves what Ada asks for)`,
      ]
    : [`  dashboard  ${stack.url}/`];
  const lines = [
    "",
    rule,
    "Vigie is ready",
    "",
    ...dashboards,
    `  API        ${stack.url}/openapi.json  (health: /healthz, /readyz)`,
    `  logs       ${stack.dataDir}/logs`,
    "",
    ...options.next.map((line) => `  ${line}`),
    "  Ctrl-C stops everything.",
    rule,
    "",
  ];
  console.log(lines.join("\n"));
}
