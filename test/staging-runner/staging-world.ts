/** The real runner on Deno, an origin that serves release files, and publishers; for tests. */
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadOrCreatePublisher, manifestFor, type Publisher } from "../../local/publisher.ts";
import { type StagingRunner, startStagingRunner } from "../../local/staging.ts";
import { SmokeReply, type SmokeRequest } from "../../src/contract/staging.ts";

/** For the hook that starts a world: Deno takes a second on a machine of its own. */
export const SETUP_MS = 60_000;

export const TOKEN = "staging-test-token";

interface Stageable {
  product: string;
  version: string;
  file: Uint8Array;
  sha256: string;
  size: number;
}

export interface StagingWorld {
  runner: StagingRunner;
  publisher: Publisher;
  origin: string;
  /** Paths asked of the origin. */
  fetched: string[];
  /** Lines that the runner printed. */
  printed: string[];
  /** Serves `file` below the digest that `release` states. */
  serve(release: { sha256: string; file: Uint8Array }): void;
  requestFor(release: Stageable, overrides?: Partial<SmokeRequest>): Promise<SmokeRequest>;
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Publishes the release and has it tested. */
  smoke(release: Stageable, overrides?: Partial<SmokeRequest>): Promise<SmokeReply>;
  /** Process ids that the runner has started and that live. */
  children(): Promise<string[]>;
  /** Folders that the runner unpacks into, as long as they are there. */
  folders(): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startStagingWorld(): Promise<StagingWorld> {
  const folder = await mkdtemp(join(tmpdir(), "vigie-staging-test-"));
  const scratch = join(folder, "scratch");
  await mkdir(scratch);
  const publisher = await loadOrCreatePublisher(folder);
  const files = new Map<string, Uint8Array>();
  const fetched: string[] = [];
  const printed: string[] = [];
  const server = await listen(files, fetched);
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const runner = await startStagingRunner({
    token: TOKEN,
    artifactOrigin: origin,
    tempDir: scratch,
    log: (line) => printed.push(line),
  });
  let attempts = 0;

  const world: StagingWorld = {
    runner,
    publisher,
    origin,
    fetched,
    printed,
    serve: ({ sha256, file }) => void files.set(`/artifacts/${sha256}`, file),
    async requestFor(release, overrides) {
      attempts += 1;
      return {
        attempt_id: `att_${"t".repeat(27)}_${attempts}`,
        release: await publisher.sign(manifestFor(release, { min_from: "1.0.0" })),
        publisher_keys: publisher.publisherKeys,
        artifact_url: `${origin}/artifacts/${release.sha256}`,
        ...overrides,
      };
    },
    post: (body, headers) =>
      fetch(`${runner.url}/api/staging/smoke`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    async smoke(release, overrides) {
      world.serve(release);
      const response = await world.post(await world.requestFor(release, overrides));
      return SmokeReply.parse(await response.json());
    },
    async children() {
      const text = await readFile(`/proc/${runner.pid}/task/${runner.pid}/children`, "utf8");
      return text.split(" ").filter(Boolean);
    },
    folders: () => readdir(scratch),
    async stop() {
      await runner.stop();
      await new Promise((done) => server.close(done));
      await rm(folder, { recursive: true });
    },
  };
  return world;
}

/** Name and reason of the check that failed, or null when all passed. */
export function failure(reply: SmokeReply): { name: string; reason: string | undefined } | null {
  const failed = reply.checks.find((check) => !check.ok);
  return failed ? { name: failed.name, reason: failed.reason } : null;
}

async function listen(files: ReadonlyMap<string, Uint8Array>, fetched: string[]): Promise<Server> {
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    fetched.push(path);
    const file = files.get(path);
    if (path === "/redirect") response.writeHead(302, { location: "/elsewhere" }).end();
    else if (file) response.end(file);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
