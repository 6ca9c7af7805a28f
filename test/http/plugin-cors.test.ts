import { describe, expect, it } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { aFakeEnv } from "./fake-env.ts";

const ORIGIN = "https://vigie.example";
const app = createApp();

describe("a client in a shop's page", () => {
  it("may ask for leave to beat from its own origin, with the signature's headers", async () => {
    const response = await app.request(
      `${ORIGIN}/api/plugins/heartbeat`,
      {
        method: "OPTIONS",
        headers: {
          origin: "https://shop.example",
          "access-control-request-method": "POST",
          "access-control-request-headers":
            "content-type,webhook-id,webhook-timestamp,webhook-signature,x-plugin-id",
        },
      },
      aFakeEnv().env,
    );
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-headers")).toContain("webhook-signature");
  });

  it("may read the refusal of a request that it sent", async () => {
    const response = await app.request(
      `${ORIGIN}/api/plugins/heartbeat`,
      { method: "POST", body: "{}" },
      aFakeEnv().env,
    );
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
  });

  it("may load the client's file from here", async () => {
    const response = await app.request(`${ORIGIN}/heartbeat.js`, {}, aFakeEnv().env);
    expect(response.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
  });

  it("gets nothing of the kind for the ops routes", async () => {
    const response = await app.request(
      `${ORIGIN}/api/ops/me`,
      {
        method: "OPTIONS",
        headers: { origin: "https://shop.example", "access-control-request-method": "GET" },
      },
      aFakeEnv().env,
    );
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });
});
