import { expect, it } from "vitest";
import { z } from "zod";
import { callJson } from "../../src/services/http-call.ts";
import { aServer, json } from "./loopback-server.ts";

const Reply = z.object({ answer: z.number() });
const aCall = (url: string) => ({ url, body: "{}", timeoutMs: 10_000, maxBytes: 1000, reply: Reply });

it("answers with the parsed value", async () => {
  const { url, received } = await aServer((_, response) => json(response, 200, { answer: 42 }));
  expect(await callJson({ ...aCall(url), headers: { authorization: "Bearer t" } })).toEqual({
    ok: true,
    status: 200,
    value: { answer: 42 },
  });
  expect(received[0]).toMatchObject({ method: "POST", body: "{}", headers: { authorization: "Bearer t" } });
});

it.each([
  [500, true],
  [503, true],
  [429, true],
  [400, false],
  [401, false],
])("names status %i, retryable: %j", async (status, retryable) => {
  const { url } = await aServer((_, response) => json(response, status, {}));
  expect(await callJson(aCall(url))).toEqual({
    ok: false,
    reason: "status",
    status,
    retryable,
    detail: `answered ${status}`,
  });
});

it("does not follow a redirect", async () => {
  const { url, received } = await aServer((_, response) =>
    response.writeHead(307, { location: "/elsewhere" }).end(),
  );
  expect(await callJson(aCall(url))).toMatchObject({ ok: false, reason: "status", status: 307 });
  expect(received).toHaveLength(1);
});

it("gives up in time, also in the middle of a body", async () => {
  const { url } = await aServer((_, response) => {
    response.writeHead(200);
    response.write('{"answer":');
  });
  expect(await callJson({ ...aCall(url), timeoutMs: 100 })).toMatchObject({
    ok: false,
    reason: "timeout",
    retryable: true,
  });
});

it("stops reading at the limit, with and without a declared length", async () => {
  const long = JSON.stringify({ answer: 1, padding: "x".repeat(2000) });
  const declared = await aServer((_, response) =>
    response.writeHead(200, { "content-length": long.length }).end(long),
  );
  const chunked = await aServer((_, response) => {
    response.write(long.slice(0, 900));
    response.end(long.slice(900));
  });
  for (const { url } of [declared, chunked]) {
    expect(await callJson(aCall(url))).toMatchObject({ ok: false, reason: "too_large", retryable: false });
  }
});

it.each(["not JSON", '{"answer":"text"}', ""])("refuses the body %j", async (body) => {
  const { url } = await aServer((_, response) => response.end(body));
  expect(await callJson(aCall(url))).toMatchObject({ ok: false, reason: "invalid", retryable: false });
});

it("names a peer that is not there", async () => {
  expect(await callJson(aCall("http://127.0.0.1:1"))).toMatchObject({
    ok: false,
    reason: "network",
    retryable: true,
  });
});
