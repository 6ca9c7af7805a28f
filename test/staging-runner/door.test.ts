import { afterAll, beforeAll, expect, it } from "vitest";
import { ErrorBody } from "../../src/contract/error.ts";
import { SmokeReply } from "../../src/contract/staging.ts";
import { PATIENCE } from "../builders/patience.ts";
import { aRelease } from "./a-release.ts";
import { SETUP_MS, type StagingWorld, startStagingWorld, TOKEN } from "./staging-world.ts";

let world: StagingWorld;
beforeAll(async () => {
  world = await startStagingWorld();
}, SETUP_MS);
afterAll(() => world.stop());

async function errorOf(response: Response) {
  const { error } = ErrorBody.parse(await response.json());
  return { status: response.status, code: error.code, message: error.message, field: error.field };
}

it.each([
  ["no token", ""],
  ["another token", "Bearer guess"],
  ["the token with more behind it", `Bearer ${TOKEN}x`],
  ["another scheme", `Basic ${TOKEN}`],
])("gives %s the one vague answer", async (_, authorization) => {
  const response = await world.post(await world.requestFor(aRelease()), { authorization });
  expect(await errorOf(response)).toEqual({
    status: 401,
    code: "unauthorized",
    message: "not authorized",
    field: undefined,
  });
});

it("answers health without a token", async () => {
  const response = await fetch(`${world.runner.url}/healthz`);
  expect([response.status, await response.json()]).toEqual([200, { status: "ok", running: 0, waiting: 0 }]);
});

it("answers bad input with the field at fault, and starts no process for it", async () => {
  const request = await world.requestFor(aRelease());
  const fetchedBefore = world.fetched.length;
  const answers = [
    await errorOf(await world.post("{")),
    await errorOf(await world.post({ ...request, attempt_id: "att_1" })),
    await errorOf(await world.post({ ...request, artifact_url: "file:///etc/passwd" })),
    await errorOf(await world.post({ ...request, release: { ...request.release, signatures: [] } })),
    await errorOf(await world.post(request, { "content-type": "text/plain" })),
    await errorOf(await world.post(JSON.stringify({ ...request, padding: "x".repeat(65_536) }))),
  ];
  expect(answers.map(({ status, code, field }) => [status, code, field])).toEqual([
    [400, "invalid", undefined],
    [400, "invalid", "attempt_id"],
    [400, "invalid", "artifact_url"],
    [400, "invalid", "release.signatures"],
    [415, "unsupported_media_type", undefined],
    [413, "payload_too_large", undefined],
  ]);
  expect(await world.children()).toEqual([]);
  expect(world.fetched.length).toBe(fetchedBefore);
});

it("answers an unknown route in the same shape", async () => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  expect(await errorOf(await fetch(`${world.runner.url}/api/staging/other`, { headers }))).toMatchObject({
    status: 404,
    code: "not_found",
  });
});

it("tests a repeated request once", async () => {
  const release = aRelease({ "once.txt": "once" });
  world.serve(release);
  const request = await world.requestFor(release);
  const path = `/artifacts/${release.sha256}`;
  const [first, joined] = await Promise.all([world.post(request), world.post(request)]);
  const later = await world.post(request);
  const replies = await Promise.all(
    [first, joined, later].map(async (r) => SmokeReply.parse(await r.json())),
  );
  expect(replies[0]?.ok).toBe(true);
  expect(replies[1]).toEqual(replies[0]);
  expect(replies[2]).toEqual(replies[0]);
  expect(world.fetched.filter((fetched) => fetched === path)).toEqual([path]);
});

it("tries again after a download that failed", async () => {
  const release = aRelease({ "late.txt": "late" });
  const request = await world.requestFor(release);
  expect(SmokeReply.parse(await (await world.post(request)).json()).ok).toBe(false);
  world.serve(release);
  expect(SmokeReply.parse(await (await world.post(request)).json()).ok).toBe(true);
});

it("turns away what exceeds its queue, and says when to come back", async () => {
  const release = aRelease({ "main.mjs": "setInterval(() => {}, 1000);" });
  world.serve(release);
  const requests = await Promise.all(Array.from({ length: 11 }, () => world.requestFor(release)));
  const runner = await startStagingWorld();
  try {
    const aborted = new AbortController();
    const statuses = requests.map(async (request) => {
      const response = await fetch(`${runner.runner.url}/api/staging/smoke`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
        // Its own origin, so that the files are there.
        body: JSON.stringify({ ...request, artifact_url: `${runner.origin}/artifacts/${release.sha256}` }),
        signal: aborted.signal,
      });
      return { status: response.status, retryAfter: response.headers.get("retry-after") };
    });
    runner.serve(release);
    expect(await Promise.any(statuses)).toEqual({ status: 503, retryAfter: "5" });
    aborted.abort();
    await Promise.allSettled(statuses);
  } finally {
    await runner.stop();
  }
});

it("ends its children and itself at once when it is told to stop", async () => {
  const other = await startStagingWorld();
  const release = aRelease({ "smoke.mjs": "for (;;);" });
  other.serve(release);
  const answer = other.post(await other.requestFor(release));
  const answered = answer.then(
    ({ status }) => status,
    () => 503,
  );
  await expect.poll(() => other.children(), PATIENCE).toHaveLength(1);
  const [child] = await other.children();
  await other.stop();
  // What a stopping runner found is never taken for a failed release.
  expect(await answered).toBe(503);
  expect(() => process.kill(Number(child), 0)).toThrow("ESRCH");
});
