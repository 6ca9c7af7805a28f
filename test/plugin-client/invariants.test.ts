/** The client's part of the invariants, over drawn courses of events: what is offered, lost, cut off and restarted. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SignedCommand } from "../../src/contract/command.ts";
import { aClient, type ClientUnderTest } from "./support/a-client.ts";
import { ControlPlane, commandId, OTHER_PLUGIN_ID } from "./support/control-plane.ts";
import { aDisk, type Disk, MemoryHost } from "./support/memory-host.ts";
import { aRelease } from "./support/publishers.ts";
import { TestPlatform } from "./support/test-platform.ts";

/** Courses drawn per property: each brings up a control plane of its own on loopback. */
const COURSES = 20;
/** A few seconds; a busy machine may take many times that. */
const COURSES_MS = 180_000;

/** One process of a shop's client; the next one has its disk and its clock. */
class ShopLife {
  readonly plane = new ControlPlane();
  readonly disk: Disk = aDisk();
  readonly log: string[] = [];
  platform = new TestPlatform();
  host = new MemoryHost(this.disk);
  #client: ClientUnderTest | null = null;

  get client(): ClientUnderTest {
    if (this.#client === null) throw new Error("not started");
    return this.#client;
  }

  async start(): Promise<void> {
    this.host = new MemoryHost(this.disk);
    const { online } = this.platform;
    const now = this.platform.now();
    this.platform = new TestPlatform();
    this.platform.online = online;
    this.platform.setClock(now);
    this.#client = aClient(this.plane, { host: this.host, platform: this.platform });
    await this.#client.client.start();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#client?.client.stop({ goodbye: false });
    this.log.push(...this.host.log);
    this.#client = null;
  }
}

async function living<T>(use: (life: ShopLife) => Promise<T>): Promise<T> {
  const life = new ShopLife();
  await life.plane.start();
  try {
    return await use(life);
  } finally {
    await life.stop();
    await life.plane.stop();
  }
}

const NEVER: ReadonlySet<string> = new Set(["expired", "foreign", "tampered"]);

const anOffer = fc.record({
  kind: fc.constantFrom("next", "next", "again", "expired", "foreign", "tampered", "late"),
  back: fc.nat(3),
  answer: fc.constantFrom("kept", "kept", "lost"),
  restarts: fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
});

describe("whatever is offered, in whatever order, with answers lost and the process restarted", () => {
  it(
    "Invariant 3: a command is applied at most once, and never when expired, foreign, out of order or unsigned",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anOffer, { minLength: 3, maxLength: 10 }), (offers) =>
          living(async (life) => {
            const { plane } = life;
            const payload = { probes: [] };
            const genuine: SignedCommand[] = [];
            let number = 0;
            /** The next number under an id of its own. */
            const own = () => {
              number += 1;
              return { number, id: commandId(1_000 + number) };
            };
            const make: Record<(typeof offers)[number]["kind"], (back: number) => SignedCommand> = {
              next: () => {
                number += 2;
                const command = plane.command("probe", payload, { number });
                genuine.push(command);
                return command;
              },
              again: (back) => genuine.at(-1 - back) ?? make.next(0),
              expired: () =>
                plane.command("probe", payload, { ...own(), expires_at: "2020-01-01T00:00:00Z" }),
              foreign: () => plane.command("probe", payload, { ...own(), plugin_id: OTHER_PLUGIN_ID }),
              tampered: () => ({
                ...plane.command("probe", payload, own()),
                signature: `${"A".repeat(86)}==`,
              }),
              // Genuine, but a higher number went before it.
              late: (back) => plane.command("probe", payload, { number: Math.max(1, number - 1 - 2 * back) }),
            };
            await life.start();
            const wrong = new Set<string>();
            const right = new Map<string, SignedCommand>();
            for (const { kind, back, answer, restarts } of offers) {
              const command = make[kind](back);
              if (NEVER.has(kind)) wrong.add(command.id);
              else right.set(command.id, command);
              plane.commands = [command];
              if (answer === "lost") plane.reportMishaps.push("lose");
              await life.client.client.beatNow();
              await life.platform.advance(1_000);
              if (restarts) await life.restart();
            }
            plane.commands = [];
            const reported = (id: string) => plane.reports.some(({ command_id }) => command_id === id);
            // What was offered just before a restart is offered again, as the control plane does until it hears of it.
            for (const command of right.values()) {
              plane.commands = [command];
              await life.platform.passUntil(`a report on ${command.id}`, () => reported(command.id));
            }
            await life.stop();
            const outcomes = new Map(plane.reports.map((report) => [report.command_id, report]));
            const carriedOut = [...outcomes.values()].filter(({ kind }) => kind === "ack");
            const unknown = [...outcomes.values()].filter(
              ({ kind, says }) => kind === "fail" && says === "internal",
            );
            const probes = life.log.filter((call) => call === "probe").length;
            expect(probes).toBeGreaterThanOrEqual(carriedOut.length);
            expect(probes).toBeLessThanOrEqual(carriedOut.length + unknown.length);
            expect(carriedOut.filter(({ command_id }) => wrong.has(command_id))).toEqual([]);
            const numbers = carriedOut.map(({ command_id }) => Number(command_id.split("_").at(-1)));
            expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
          }),
        ),
        { numRuns: COURSES },
      );
    },
    COURSES_MS,
  );
});

const aCourse = fc.record({
  /** Seconds after the switch at which the network goes away for good. */
  offlineAt: fc.integer({ min: 0, max: 50 }),
  commits: fc.boolean(),
  /** Seconds between restarts of the client. */
  restarts: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 3 }),
  /** The first try to put the snapshot back fails. */
  stumbles: fc.boolean(),
});

describe("a shop that loses its network after an update", () => {
  it(
    "Invariant 5: returns to its last good version before the commit, and to nothing after it",
    async () => {
      await fc.assert(
        fc.asyncProperty(aCourse, ({ offlineAt, commits, restarts, stumbles }) =>
          living(async (life) => {
            const { plane } = life;
            const id = plane.offerUpdate(aRelease("1.2.3"), { commit_within_s: 60 });
            await life.start();
            await life.client.event("probation");
            await plane.until("the ack", () => plane.reports.length > 0);
            if (commits) {
              plane.commit = plane.signedCommit(id, "1.2.3");
              await life.platform.passUntil("the commit", () => committed(life), 50_000);
            } else await life.platform.advance(offlineAt * 1_000);
            life.platform.online = false;
            if (stumbles) life.host.faults.set("restore", new Error("disk full"));
            for (const seconds of restarts) {
              await life.platform.advance(seconds * 1_000);
              await life.restart();
            }
            const good = commits ? "1.2.3" : "1.2.2";
            await life.platform.passUntil(
              `${good} after the deadline`,
              () => life.disk.current === good && life.host.running === good,
              600_000,
            );
            await life.platform.advance(3_600_000);
            await life.restart();
            await life.platform.passUntil(`${good} again`, () => life.host.running === good, 10_000);
            expect(life.disk.current).toBe(good);
          }),
        ),
        { numRuns: COURSES },
      );
    },
    COURSES_MS,
  );
});

function committed(life: ShopLife): boolean {
  return life.plane.beats.some(({ last_command }) => last_command?.outcome === "committed");
}
