/**
 * A small control plane for the client's tests: real HTTP on 127.0.0.1, signatures checked by the `standardwebhooks`
 * package, bodies by the contract's schemas, commands signed with node:crypto.
 */
import { createPublicKey, randomBytes, verify } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { Command, Commit, type SignedCommand, type SignedCommit } from "../../../src/contract/command.ts";
import { type EnrollReply, EnrollRequest } from "../../../src/contract/enroll.ts";
import { AckEnvelope, FailEnvelope, HeartbeatEnvelope } from "../../../src/contract/envelope.ts";
import type { HeartbeatData } from "../../../src/contract/heartbeat.ts";
import { PATIENCE_MS } from "./patience.ts";
import { aSigningKey, PUBLISHER_KEYS, type ReleaseFile } from "./publishers.ts";

const KEY = "abcdefghijklmnopqrstuvwxyz0";
export const PLUGIN_ID = `plg_${KEY}`;
export const OTHER_PLUGIN_ID = `plg_${KEY.replace("a", "z")}`;
export const SECRET = `whsec_${randomBytes(32).toString("base64")}`;
export const commandId = (n: number) => `cmd_${KEY}_${n}`;
export const attemptId = (n: number) => `att_${KEY}_${n}`;

const control = aSigningKey();
export const CONTROL_KEY = control.publicKey;

/** How the next heartbeat (or report) is answered instead of normally. `lose`: taken, then the connection dies. */
export type Mishap = { status: number; body?: unknown; headers?: Record<string, string> } | "lose" | "refuse";

export interface Beat extends HeartbeatData {
  messageId: string;
  raw: string;
}
export interface ReportSeen {
  kind: "ack" | "fail";
  command_id: string;
  /** Version of an ack, code of a fail. */
  says: string;
  message?: string;
  raw: string;
}

export class ControlPlane {
  readonly beats: Beat[] = [];
  readonly reports: ReportSeen[] = [];
  readonly problems: string[] = [];
  readonly requests: { path: string; headers: IncomingMessage["headers"]; body: string }[] = [];
  commands: SignedCommand[] = [];
  commit: SignedCommit | null = null;
  nextHeartbeatS = 120;
  /** Raw Ed25519 key of the plugin, when it signs with its own. */
  publicKey: string | null = null;
  clockOffsetMs = 0;
  readonly beatMishaps: Mishap[] = [];
  readonly reportMishaps: Mishap[] = [];
  readonly artifacts = new Map<string, Uint8Array>();
  readonly artifactMishaps: Mishap[] = [];
  #server: Server | null = null;
  #waiters: (() => void)[] = [];
  #number = 0;

  get url(): string {
    const address = this.#server?.address() as AddressInfo | undefined; // a TCP server has no other kind
    return `http://127.0.0.1:${address?.port}`;
  }

  async start(): Promise<this> {
    this.#server = createServer((request, response) => {
      this.#handle(request, response)
        .catch((error) => {
          this.problems.push(String(error));
          if (!response.headersSent)
            send(response, 500, { error: { code: "internal", message: "", request_id: "t" } });
        })
        .finally(() => {
          for (const waiter of this.#waiters.splice(0)) waiter();
        });
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, "127.0.0.1", resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
  }

  /** Resolves when `seen` holds, looking after every request. */
  async until(what: string, seen: () => boolean, timeoutMs = PATIENCE_MS): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      late = setTimeout(
        () => reject(new Error(`never seen: ${what}; problems: ${this.problems.join("; ")}`)),
        timeoutMs,
      );
    });
    while (!seen()) await Promise.race([limit, new Promise<void>((resolve) => this.#waiters.push(resolve))]);
    clearTimeout(late);
  }

  /** Offers a command with every reply until it is reported on. Returns its id. */
  offer(type: Command["type"], payload: object, overrides: Partial<Record<string, unknown>> = {}): string {
    const command = this.command(type, payload, overrides);
    this.commands.push(command);
    return command.id;
  }

  command(type: string, payload: object, overrides: Partial<Record<string, unknown>> = {}): SignedCommand {
    const number = typeof overrides.number === "number" ? overrides.number : ++this.#number;
    const id = commandId(number);
    const now = Date.now();
    const content = {
      id,
      plugin_id: PLUGIN_ID,
      number,
      type,
      payload,
      issued_at: new Date(now).toISOString(),
      expires_at: new Date(now + 900_000).toISOString(),
      policy_revision: 1,
      ...overrides,
    };
    if (Object.keys(overrides).length === 0) Command.parse(content);
    const signed = JSON.stringify(content);
    return { id: String(content.id), signed, signature: control.sign(signed) };
  }

  /** Offers an update to `release` and serves its file. */
  offerUpdate(release: ReleaseFile, payload: object = {}): string {
    return this.offer("update", this.updatePayload(release, payload));
  }

  updatePayload(release: ReleaseFile, payload: object = {}): object {
    const { sha256 } = release.manifest;
    if (!this.artifacts.has(sha256)) this.artifacts.set(sha256, release.file);
    return {
      attempt_id: attemptId(1),
      release: release.signed,
      artifact_url: `/artifacts/${sha256}`,
      commit_within_s: 60,
      ...payload,
    };
  }

  signedCommit(command_id: string, version: string, overrides: Partial<Commit> = {}): SignedCommit {
    const now = Date.now();
    const commit = Commit.parse({
      type: "commit",
      command_id,
      attempt_id: attemptId(1),
      plugin_id: PLUGIN_ID,
      version,
      issued_at: new Date(now).toISOString(),
      expires_at: new Date(now + 900_000).toISOString(),
      ...overrides,
    });
    const signed = JSON.stringify(commit);
    return { signed, signature: control.sign(signed) };
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    const path = request.url ?? "";
    this.requests.push({ path, headers: request.headers, body });
    const artifact = /^\/artifacts\/([0-9a-f]{64})$/.exec(path)?.[1];
    if (artifact !== undefined) return this.#artifact(artifact, request, response);
    if (path === "/api/plugins/enroll") return this.#enroll(body, response);
    if (!this.#authentic(request, body))
      return send(
        response,
        401,
        { error: { code: "unauthorized", message: "no", request_id: "t" } },
        this.#date(),
      );
    if (path === "/api/plugins/heartbeat") return this.#heartbeat(request, body, response);
    const report = /^\/api\/plugins\/commands\/([^/]+)\/(ack|fail)$/.exec(path);
    if (report)
      return this.#report(report[1] ?? "", report[2] === "ack" ? "ack" : "fail", body, request, response);
    send(response, 404, { error: { code: "not_found", message: "no", request_id: "t" } });
  }

  #heartbeat(request: IncomingMessage, body: string, response: ServerResponse): void {
    const { data } = HeartbeatEnvelope.parse(JSON.parse(body));
    const mishap = this.beatMishaps.shift();
    if (mishap === "refuse") return void request.socket.destroy();
    if (typeof mishap === "object") return send(response, mishap.status, mishap.body ?? {}, mishap.headers);
    this.beats.push({ ...data, messageId: String(request.headers["webhook-id"]), raw: body });
    if (mishap === "lose") return void request.socket.destroy();
    send(response, 200, {
      next_heartbeat_s: this.nextHeartbeatS,
      commands: this.commands,
      ...(this.commit && { commit: this.commit }),
      server_time: new Date(Date.now() + this.clockOffsetMs).toISOString(),
    });
  }

  #report(
    id: string,
    kind: "ack" | "fail",
    body: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const mishap = this.reportMishaps.shift();
    if (mishap === "refuse") return void request.socket.destroy();
    if (typeof mishap === "object") return send(response, mishap.status, mishap.body ?? {}, mishap.headers);
    if (kind === "ack") {
      const { data } = AckEnvelope.parse(JSON.parse(body));
      if (data.command_id !== id || data.plugin_id !== PLUGIN_ID)
        throw new Error("ack does not agree with its path");
      this.reports.push({ kind, command_id: id, says: data.result.version, raw: body });
    } else {
      const { data } = FailEnvelope.parse(JSON.parse(body));
      if (data.command_id !== id || data.plugin_id !== PLUGIN_ID)
        throw new Error("fail does not agree with its path");
      this.reports.push({
        kind,
        command_id: id,
        says: data.error.code,
        message: data.error.message,
        raw: body,
      });
    }
    if (mishap === "lose") return void request.socket.destroy();
    this.commands = this.commands.filter((command) => command.id !== id);
    send(response, 200, { status: kind === "ack" ? "acknowledged" : "failed", command_id: id });
  }

  #artifact(sha256: string, request: IncomingMessage, response: ServerResponse): void {
    const mishap = this.artifactMishaps.shift();
    if (mishap === "refuse" || mishap === "lose") return void request.socket.destroy();
    if (typeof mishap === "object") return send(response, mishap.status, mishap.body ?? {}, mishap.headers);
    const file = this.artifacts.get(sha256);
    if (file === undefined) return send(response, 404, {});
    response.writeHead(200, { "content-type": "application/zip" }).end(file);
  }

  #enroll(body: string, response: ServerResponse): void {
    const mishap = this.beatMishaps.shift();
    if (typeof mishap === "object") return send(response, mishap.status, mishap.body ?? {}, mishap.headers);
    const request = EnrollRequest.parse(JSON.parse(body));
    this.publicKey = request.public_key ?? null;
    const reply: EnrollReply = {
      plugin_id: PLUGIN_ID,
      ...(request.public_key === undefined && { secret: SECRET }),
      control_public_key: CONTROL_KEY,
      publisher_keys: PUBLISHER_KEYS,
      next_heartbeat_s: 120,
    };
    send(response, 201, reply);
  }

  #authentic(request: IncomingMessage, body: string): boolean {
    const headers = Object.fromEntries(
      ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => [
        name,
        String(request.headers[name]),
      ]),
    );
    if (request.headers["x-plugin-id"] !== PLUGIN_ID) return false;
    const ageS = (Date.now() + this.clockOffsetMs) / 1000 - Number(headers["webhook-timestamp"]);
    if (Math.abs(ageS) > 300) return false;
    if (this.publicKey !== null) {
      const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
      const [kind, signature] = String(headers["webhook-signature"]).split(",");
      const spki = Buffer.concat([
        Buffer.from("302a300506032b6570032100", "hex"),
        Buffer.from(this.publicKey, "base64"),
      ]);
      const key = createPublicKey({ key: spki, format: "der", type: "spki" });
      return kind === "v1a" && verify(null, Buffer.from(signed), key, Buffer.from(signature ?? "", "base64"));
    }
    try {
      if (this.clockOffsetMs === 0) new Webhook(SECRET).verify(body, headers);
      return true;
    } catch {
      return false;
    }
  }

  #date(): Record<string, string> {
    return { date: new Date(Date.now() + this.clockOffsetMs).toUTCString() };
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
