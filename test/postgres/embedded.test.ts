import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { freePort } from "../../local/free-port.ts";
import { type RunningPostgres, startPostgres } from "../../local/postgres.ts";

vi.mock(import("../../local/free-port.ts"), async (original) => ({
  freePort: vi.fn((await original()).freePort),
}));
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

const start = async (port = 0, log: (line: string) => unknown = () => {}) => {
  running = await startPostgres({ dataDir, port, log, durable: false });
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

  it("waits for the processes of a killed server, which have its memory until they see that it is gone", async () => {
    const { adminUrl, port } = running ?? (await start());
    const [row] = await query(
      adminUrl,
      "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'",
    );
    const { pid } = row as { pid: number };
    process.kill(pid, "SIGSTOP");
    process.kill(await serverPid(), "SIGKILL");
    const goOn = vi.fn(() => process.kill(pid, "SIGCONT"));
    const again = await start(port, (line) => line.includes("still in use") && goOn());
    expect(goOn).toHaveBeenCalled();
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

  describe("on a port that is taken", () => {
    let squatter: Server;
    let taken: number;
    beforeAll(async () => {
      await running?.stop();
      squatter = createServer();
      taken = await new Promise<number>((listening) => {
        squatter.listen(0, "127.0.0.1", () => {
          const address = squatter.address();
          listening(typeof address === "object" && address ? address.port : 0);
        });
      });
    });
    afterAll(() => void squatter.close());

    it("names it when that one was asked for", () =>
      expect(start(taken)).rejects.toThrow(`port ${taken} of 127.0.0.1 is taken`));

    it("takes another when any would do, for it was free a moment ago", async () => {
      vi.mocked(freePort).mockResolvedValueOnce(taken);
      const { port, adminUrl } = await start();
      expect(port).not.toBe(taken);
      expect(await query(adminUrl, "SELECT answer FROM kept")).toEqual([{ answer: 42 }]);
    });
  });
});
