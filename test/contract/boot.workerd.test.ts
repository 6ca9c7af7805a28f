import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
it("boots", () => {
  expect(env).toBeDefined();
});
