/** The API's description, generated once per isolate. */
import { Hono } from "hono";
import type { AppEnv } from "../app-env.ts";
import { openApiDocument } from "./document.ts";

let document: string | null = null;

export const openApiRoute = new Hono<AppEnv>().get("/", (c) => {
  document ??= JSON.stringify(openApiDocument());
  c.header("cache-control", "public, max-age=300");
  return c.body(document, 200, { "content-type": "application/json" });
});
