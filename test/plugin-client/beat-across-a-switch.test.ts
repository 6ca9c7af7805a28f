/** A beat goes unanswered while an update switches the version: what is told afterwards is what runs. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { aClient } from "./support/a-client.ts";
import { ControlPlane } from "./support/control-plane.ts";
import { MemoryHost } from "./support/memory-host.ts";
import { aRelease } from "./support/publishers.ts";

let plane: ControlPlane;

beforeEach(async () => {
  plane = await new ControlPlane().start();
});
afterEach(async () => {
  await plane.stop();
  expect(plane.problems).toEqual([]);
});

it("drops the unanswered beat, with the old version's errors, and tells of the new version at once", async () => {
  const host = new MemoryHost();
  const { client, platform } = aClient(plane, { host });
  await client.start();
  plane.nextHeartbeatS = 15;
  // The new version boots only once the beat has gone unanswered.
  const boot = host.start.bind(host);
  let letBoot = () => {};
  const unanswered = new Promise<void>((resolve) => {
    letBoot = resolve;
  });
  host.start = async () => {
    if (host.disk.current === "1.2.3") await unanswered;
    return boot();
  };
  plane.offerUpdate(aRelease("1.2.3"));
  await client.beatNow();
  await platform.passUntil("the switch", () => host.disk.current === "1.2.3", 60_000, 10);
  client.trackError({ message: "of the old version", fingerprint: "old" });
  plane.beatMishaps.push({ status: 503 });
  expect(await client.beatNow()).toBe(false);
  const refused = plane.beats.length;
  letBoot();
  await plane.until("the acknowledgement", () => plane.reports.length === 1);
  await platform.passUntil("a beat that is answered", () => plane.beats.length > refused, 60_000, 200);
  expect(plane.beats[refused]).toMatchObject({ version: "1.2.3", state: "probation" });
  expect(plane.beats[refused]?.errors ?? []).toEqual([]);
  expect(plane.beats[refused]?.last_command?.outcome).toBe("applied");
  await client.stop({ goodbye: false });
});
