import { afterAll } from "vitest";
import { startReferenceSira } from "./reference-sira.ts";
import { siraContract } from "./sira-contract.ts";

const token = "a-token-of-its-own";
const server = await startReferenceSira(token);
afterAll(() => server.close());

siraContract("a remote service", async () => ({
  token,
  async post(path, body, headers) {
    const response = await fetch(`${server.url}${path}`, { method: "POST", headers, body });
    return { status: response.status, text: await response.text() };
  },
}));
