import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type RunningPostgres, startPostgres } from "../../local/postgres.ts";

// Each test starts a server, or two of them.
vi.setConfig({ testTimeout: 120_000 });

let home: string;
/** Inside a folder that only its owner may enter, as a clone in a `mktemp -d` is. */
let dataDir: string;
let running: RunningPostgres | undefined;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "vigie-embedded-"));
  dataDir = join(home, "data", "postgres");
});
afterAll(async () => {
  await running?.stop();
  await rm(home, { recursive: true, force: true });
}, 120_000);

const start = async (port = 0) => {
  running = await startPostgres({ dataDir, port, log: () => {}, durable: false });
  return running;
};
const query = async (url: string, sql: string) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};
const pidFile = () => join(dataDir, "cluster", "postmaster.pid");
const serverPid = async () => Number((await readFile(pidFile(), "utf8")).split("\n")[0]);

describe("embedded PostgreSQL", () => {
  it("keeps data, port and passwords over a stop and a start", async () => {
    const first = await start();
    await query(first.adminUrl, "CREATE TABLE kept AS SELECT 42 AS answer");
    await first.stop();
    await expect(query(first.adminUrl, "SELECT 1")).rejects.toThrow("ECONNREFUSED");
    const second = await start(first.port);
    expect({ ...second, stop: null }).toEqual({ ...first, stop: null });
    expect(await query(second.adminUrl, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  });

  it("stops only once, however often it is asked", async () => {
    const server = running ?? (await start());
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
    await start(server.port);
  });

  it("listens on 127.0.0.1 only and lets nobody in without a password", async () => {
    const server = running ?? (await start());
    expect(await query(server.adminUrl, "SHOW listen_addresses")).toEqual([
      { listen_addresses: "127.0.0.1" },
    ]);
    expect(await query(server.adminUrl, "SHOW unix_socket_directories")).toEqual([
      { unix_socket_directories: "" },
    ]);
    const wrong = new URL(server.appUrl);
    wrong.password = "wrong";
    await expect(query(wrong.href, "SELECT 1")).rejects.toThrow("password authentication failed");
    expect((await stat(join(dataDir, "passwords.json"))).mode & 0o777).toBe(0o600);
  });

  it("starts again right after the server was killed", async () => {
    const { port } = running ?? (await start());
    process.kill(await serverPid(), "SIGKILL");
    const again = await start(port);
    expect(await query(again.adminUrl, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  });

  it("ends a server that outlived its parent, and takes its place", async () => {
    const { port } = running ?? (await start());
    const left = await serverPid();
    const again = await start(port);
    expect(await serverPid()).not.toBe(left);
    expect(await query(again.adminUrl, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  });

  it("is not misled by a pid file whose number now belongs to another process", async () => {
    const server = running ?? (await start());
    const text = await readFile(pidFile(), "utf8");
    await server.stop();
    await writeFile(pidFile(), text.replace(/^\d+/, String(process.pid)));
    const again = await start(server.port);
    expect(await query(again.adminUrl, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
  });

  it("names a taken port", async () => {
    await running?.stop();
    const squatter = createServer();
    const port = await new Promise<number>((listening) => {
      squatter.listen(0, "127.0.0.1", () => {
        const address = squatter.address();
        listening(typeof address === "object" && address ? address.port : 0);
      });
    });
    await expect(start(port)).rejects.toThrow(`port ${port} of 127.0.0.1 is taken`);
    squatter.close();
  });
});
