/** The OpenAPI 3.1 document: operations from their table, components from the contract's schemas. */
import { HEADER_ID, HEADER_PLUGIN, HEADER_SIGNATURE, HEADER_TIMESTAMP } from "../../contract/envelope.ts";
import { OPS_ROUTES, type OpsRoute } from "../ops/ops-roles.ts";
import type { Operation, Security } from "./operations/operation.ts";
import { OPERATIONS } from "./operations.ts";
import { type JsonSchema, jsonSchemas, refTo } from "./schemas.ts";

const REFUSALS: Readonly<Record<number, string>> = {
  400: "Invalid: `field` says where",
  401: "Authentication failed; the body is the same for every cause",
  403: "Not allowed",
  404: "Not found",
  409: "Conflicts with the present state: stale_seq, stale_revision or conflict",
  413: "Body too large",
  415: "content-type is not application/json",
  429: "Too many requests: see retry-after",
  500: "Our fault",
  503: "Temporarily unavailable: see retry-after",
};

/** Parameters of paths, by name. */
const PATH_PARAMETERS: Readonly<Record<string, (path: string) => string>> = {
  id: (path) =>
    path.includes("/commands/")
      ? "CommandId"
      : path.includes("/plugins/")
        ? "PluginId"
        : path.includes("/remedies/")
          ? "RemedyId"
          : path.includes("/emergency/")
            ? "EmergencyId"
            : "IncidentId",
  sha256: () => "Sha256",
  product: () => "ProductName",
  version: (path) => (path.endsWith("/status") ? "Version" : "SubjectKey"),
};

const header = (name: string, description: string) => ({ type: "apiKey", in: "header", name, description });

const SECURITY_SCHEMES = {
  ops: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "Molam ID; roles in x-roles" },
  sira: { type: "http", scheme: "bearer", description: "SIRA_INBOUND_TOKEN" },
  plugin: header(HEADER_PLUGIN, "Plugin id from enrolment"),
  webhookId: header(HEADER_ID, "Standard Webhooks 1.0.0: unique id, without a dot"),
  webhookTimestamp: header(HEADER_TIMESTAMP, "Unix seconds, within 300 s"),
  webhookSignature: header(HEADER_SIGNATURE, "`v1,` HMAC-SHA256 or `v1a,` Ed25519 over id.timestamp.body"),
};

const REQUIREMENTS: Readonly<Record<Security, readonly Record<string, []>[]>> = {
  none: [],
  // The claim code travels in the body.
  claim: [],
  plugin: [{ plugin: [], webhookId: [], webhookTimestamp: [], webhookSignature: [] }],
  ops: [{ ops: [] }],
  sira: [{ sira: [] }],
};

export interface OpenApiDocument {
  openapi: "3.1.0";
  info: { title: string; version: string; description: string };
  paths: Record<string, Record<string, unknown>>;
  components: { schemas: Record<string, JsonSchema>; securitySchemes: typeof SECURITY_SCHEMES };
}

export function openApiDocument(): OpenApiDocument {
  const schemas = jsonSchemas();
  const paths: OpenApiDocument["paths"] = {};
  for (const [route, operation] of Object.entries(OPERATIONS)) {
    const [method = "", path = ""] = route.split(" ");
    const template = path.replaceAll(/:([a-z0-9]+)/g, "{$1}");
    paths[template] = {
      ...paths[template],
      [method.toLowerCase()]: describe(route, path, operation, schemas),
    };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Vigie",
      version: "1.0.0",
      description: "Self-healing control plane for payment plugins: plugin API, ops API, decision service.",
    },
    paths,
    components: { schemas: reachable(paths, schemas), securitySchemes: SECURITY_SCHEMES },
  };
}

function describe(route: string, path: string, operation: Operation, schemas: Record<string, JsonSchema>) {
  const parameters = [...pathParameters(path), ...queryParameters(operation, schemas)];
  // The cast holds by the check before it; `in` does not narrow a string.
  const roles = route in OPS_ROUTES ? { "x-roles": OPS_ROUTES[route as OpsRoute] } : {};
  return {
    summary: operation.summary,
    operationId: route.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_"),
    security: REQUIREMENTS[operation.security],
    ...roles,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.body === undefined
      ? {}
      : { requestBody: { required: true, content: jsonContent(operation.body) } }),
    responses: { ...refusalsOf(operation), ...repliesOf(operation) },
  };
}

const jsonContent = (schema: string) => ({ "application/json": { schema: refTo(schema) } });

function pathParameters(path: string) {
  return [...path.matchAll(/:([a-z0-9]+)/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: refTo(schemaOfParameter(name, path)),
  }));
}

function schemaOfParameter(name: string, path: string): string {
  const schema = PATH_PARAMETERS[name]?.(path);
  if (schema === undefined) throw new Error(`no schema for the path parameter "${name}"`);
  return schema;
}

/** Lists are comma-separated or repeated: OpenAPI's `form` style. */
function queryParameters(operation: Operation, schemas: Record<string, JsonSchema>) {
  const properties = schemas[operation.query ?? ""]?.properties ?? {};
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", required: false, schema }));
}

function repliesOf({ replies }: Operation): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(replies).map(([status, reply]) => [
      status,
      "schema" in reply
        ? { description: reply.schema, content: jsonContent(reply.schema) }
        : { description: reply.text },
    ]),
  );
}

function refusalsOf({ refusals }: Operation): Record<string, unknown> {
  return Object.fromEntries(
    [...refusals, 500].map((status) => [
      status,
      { description: REFUSALS[status], content: jsonContent("ErrorBody") },
    ]),
  );
}

/** Only the components that a route leads to: the ledger's shapes are nobody's business outside. */
function reachable(paths: unknown, schemas: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const kept: Record<string, JsonSchema> = {};
  const queue = [JSON.stringify(paths)];
  for (let text = queue.pop(); text !== undefined; text = queue.pop()) {
    for (const [, name = ""] of text.matchAll(/"#\/components\/schemas\/([A-Za-z0-9]+)"/g)) {
      const schema = schemas[name];
      if (schema === undefined || name in kept) continue;
      kept[name] = schema;
      queue.push(JSON.stringify(schema));
    }
  }
  return Object.fromEntries(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1)));
}
