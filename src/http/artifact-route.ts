/**
 * Release files by digest. Public on purpose: whoever knows the digest may have the file, which proves nothing and hides
 * nothing; its signatures travel in the command. Never changes, so every cache may keep it for ever.
 */
import { Hono } from "hono";
import { Sha256 } from "../contract/ids.ts";
import type { AppContext, AppEnv } from "./app-env.ts";
import { chooseRange } from "./byte-range.ts";
import { refusalResponse } from "./error-response.ts";

/** GET, and HEAD through it. */
export const artifactRoute = new Hono<AppEnv>().get("/:sha256", async (c) => {
  const parsed = Sha256.safeParse(c.req.param("sha256"));
  const file = parsed.success ? await c.env.RELEASES.head(parsed.data) : null;
  if (!parsed.success || file === null) {
    return refusalResponse(c, { reason: "not_found", message: "no such release file" });
  }
  const etag = `"${parsed.data}"`;
  c.header("etag", etag);
  c.header("cache-control", "public, max-age=31536000, immutable");
  c.header("accept-ranges", "bytes");
  if (mentions(c.req.header("if-none-match"), etag)) return c.body(null, 304);

  // If-Range: a client that holds part of something else must get all of this.
  const ifRange = c.req.header("if-range");
  const sameFile = ifRange === undefined || ifRange === etag;
  const range = chooseRange(sameFile ? c.req.header("range") : undefined, file.size);
  c.header("content-type", "application/zip");
  switch (range.kind) {
    case "unsatisfiable":
      c.header("content-range", `bytes */${file.size}`);
      return c.body(null, 416);
    case "part":
      c.header("content-range", `bytes ${range.offset}-${range.offset + range.length - 1}/${file.size}`);
      return send(c, parsed.data, 206, { offset: range.offset, length: range.length });
    case "whole":
      return send(c, parsed.data, 200, { offset: 0, length: file.size });
    default:
      return range satisfies never;
  }
});

async function send(
  c: AppContext,
  sha256: string,
  status: 200 | 206,
  range: { offset: number; length: number },
): Promise<Response> {
  c.header("content-length", String(range.length));
  if (c.req.method === "HEAD") return c.body(null, status);
  const object = await c.env.RELEASES.get(sha256, { range });
  if (object === null) return refusalResponse(c, { reason: "not_found", message: "no such release file" });
  return c.body(object.body, status);
}

function mentions(header: string | undefined, etag: string): boolean {
  const tags = header?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.includes(etag) || tags.includes("*");
}
