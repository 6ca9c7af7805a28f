import { expect, it } from "vitest";
import { createApp } from "../../src/http/app.ts";
import { openApiDocument } from "../../src/http/openapi/document.ts";
import { OPS_ROUTES } from "../../src/http/ops/ops-roles.ts";
import { aFakeEnv, ORIGIN } from "./fake-env.ts";

const app = createApp();
const document = openApiDocument();

/** Every route of the app but the guards and the dashboard's catch-all. */
const appRoutes = new Set(
  app.routes
    .filter(({ method, path }) => method !== "ALL" && !path.includes("*"))
    .map(({ method, path }) => `${method} ${path}`),
);
const documented = new Set(
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
  ),
);

it("describes every route of the app, and no other", () => {
  expect([...documented].sort()).toEqual([...appRoutes].sort());
});

it("has a row in the table of roles for every ops route, and no other", () => {
  const ops = [...appRoutes].filter((route) => route.includes(" /api/ops/"));
  expect(Object.keys(OPS_ROUTES).sort()).toEqual(ops.sort());
});

it("refers only to components that it has, and has none that nothing refers to", () => {
  const text = JSON.stringify(document);
  const referred = new Set([...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name));
  expect([...referred].sort()).toEqual(Object.keys(document.components.schemas).sort());
  expect(referred).toContain("HeartbeatEnvelope");
  expect(referred).toContain("ErrorBody");
  expect(referred).not.toContain("AuditRecord");
});

it("names security schemes that it has, unique operations, and an error body for every refusal", () => {
  const ids = new Set<string>();
  let operations = 0;
  for (const methods of Object.values(document.paths)) {
    for (const operation of Object.values(methods)) {
      const { operationId, security, responses } = operation as {
        operationId: string;
        security: Record<string, []>[];
        responses: Record<string, { content?: { "application/json": { schema: { $ref: string } } } }>;
      };
      operations++;
      ids.add(operationId);
      for (const scheme of security.flatMap(Object.keys)) {
        expect(document.components.securitySchemes).toHaveProperty(scheme);
      }
      expect(responses["500"]?.content?.["application/json"].schema.$ref).toBe(
        "#/components/schemas/ErrorBody",
      );
    }
  }
  expect(ids.size).toBe(operations);
});

it("is served at /openapi.json", async () => {
  const response = await app.request(`${ORIGIN}/openapi.json`, {}, aFakeEnv().env);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(await response.json()).toEqual(JSON.parse(JSON.stringify(document)));
});

it("describes queries as parameters, with lists", () => {
  const list = document.paths["/api/ops/plugin-incidents"]?.get as {
    parameters: { name: string; schema: object }[];
  };
  expect(list.parameters.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["status", "severity", "limit", "cursor"]),
  );
  expect(list.parameters.find(({ name }) => name === "status")?.schema).toMatchObject({ type: "array" });
});
