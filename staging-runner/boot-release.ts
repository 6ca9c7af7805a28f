/**
 * Boots a release as a shop would and lets it take orders: it must say that it is ready, and each of its webhooks must
 * carry a valid signature. Two checks, `boot` and `webhook`, from one process.
 */
import {
  BOOT_TIMEOUT_MS,
  PROCESS,
  STAGING_ORDERS_PER_MINUTE,
  STOP_GRACE_MS,
  WEBHOOK_TIMEOUT_MS,
  WEBHOOKS_WANTED,
} from "./limits.ts";
import { failureOf, logOf, type Sandbox, startSandbox } from "./sandbox.ts";
import { fail, pass, type Verdict } from "./verdict.ts";
import { startWebhookReceiver, type WebhookReceiver } from "./webhook-receiver.ts";

export interface Booted {
  boot: Verdict<null>;
  /** Null when the release did not boot. */
  webhook: Verdict<null> | null;
  bootMs: number;
  webhookMs: number;
}

/** What the plugin says on stdout, as far as staging listens. */
interface Heard {
  readyVersion: string | null;
  failedWebhooks: number;
  errors: string[];
}

export async function bootRelease(
  release: string,
  main: string,
  version: string,
  area: string,
): Promise<Booted> {
  const news = newsBell();
  const heard: Heard = { readyVersion: null, failedWebhooks: 0, errors: [] };
  const receiver = startWebhookReceiver(news.ring);
  try {
    const settingsPath = `${area}/settings.json`;
    await Deno.mkdir(area, { recursive: true });
    await Deno.writeTextFile(settingsPath, JSON.stringify(settingsFor(receiver)));
    const started = performance.now();
    const sandbox = await startSandbox({
      release,
      area,
      entry: main,
      settingsPath,
      port: receiver.port,
      bounds: { ...PROCESS, timeMs: BOOT_TIMEOUT_MS + WEBHOOK_TIMEOUT_MS + STOP_GRACE_MS },
      onStdoutLine: (line) => {
        listen(line, heard);
        news.ring();
      },
    });
    try {
      let ended = false;
      void sandbox.exited.then(() => {
        ended = true;
        news.ring();
      });
      await news.until(() => ended || heard.readyVersion !== null, BOOT_TIMEOUT_MS);
      const bootMs = performance.now() - started;
      const boot = await judgeBoot(sandbox, ended, heard, version);
      if (!boot.ok) return { boot, webhook: null, bootMs, webhookMs: 0 };
      await news.until(() => ended || isDecided(receiver, heard), WEBHOOK_TIMEOUT_MS);
      const webhookMs = performance.now() - started - bootMs;
      const endedByItself = ended;
      await stopSandbox(sandbox);
      return {
        boot,
        webhook: await judgeWebhooks(sandbox, endedByItself, receiver, heard),
        bootMs,
        webhookMs,
      };
    } finally {
      sandbox.kill();
      await sandbox.exited;
    }
  } finally {
    await receiver.stop();
  }
}

function settingsFor(receiver: WebhookReceiver) {
  return {
    receiver_url: receiver.url,
    receiver_secret: receiver.secret,
    orders_per_minute: STAGING_ORDERS_PER_MINUTE,
  };
}

function listen(line: string, heard: Heard): void {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return;
  }
  if (typeof message !== "object" || message === null || !("vigie" in message)) return;
  if (message.vigie === "ready") heard.readyVersion = "version" in message ? String(message.version) : "";
  if (message.vigie === "webhook" && "ok" in message && message.ok !== true) heard.failedWebhooks += 1;
  if (message.vigie === "error") heard.errors.push("message" in message ? String(message.message) : "");
}

async function judgeBoot(
  sandbox: Sandbox,
  ended: boolean,
  heard: Heard,
  version: string,
): Promise<Verdict<null>> {
  const exit = ended ? await sandbox.exited : null;
  const denials = await sandbox.denials();
  const log = logOf(sandbox.output(), exit, denials);
  const failure = failureOf(exit, denials);
  if (failure !== null) return fail(failure, log);
  if (heard.readyVersion === null) return fail(ended ? "not-ready" : "time-limit", log || "printed nothing");
  if (heard.readyVersion !== version) return fail("version-mismatch", log);
  return pass(null, `ready, version ${version}`);
}

function isDecided(receiver: WebhookReceiver, heard: Heard): boolean {
  if (receiver.refused() > 0 || heard.failedWebhooks > 0 || heard.errors.length > 0) return true;
  return receiver.accepted() >= WEBHOOKS_WANTED;
}

async function judgeWebhooks(
  sandbox: Sandbox,
  endedByItself: boolean,
  receiver: WebhookReceiver,
  heard: Heard,
): Promise<Verdict<null>> {
  const exit = await sandbox.exited;
  const denials = await sandbox.denials();
  const counts =
    `webhooks: ${receiver.accepted()} accepted (${receiver.beyondAscii()} with text beyond ASCII), ` +
    `${receiver.refused()} refused; ${heard.errors.length} errors reported`;
  const log = `${logOf(sandbox.output(), endedByItself ? exit : null, denials)}\n${counts}`;
  // Stopped by us, its exit code says nothing; a denied permission or a broken bound still does.
  const failure = failureOf(endedByItself || exit.limit ? exit : null, denials);
  if (failure !== null) return fail(failure, log);
  if (receiver.refused() > 0) return fail("webhook-refused", log);
  if (heard.errors.length > 0) return fail("reported-error", log);
  if (heard.failedWebhooks > 0) return fail("webhook-failed", log);
  if (receiver.accepted() >= WEBHOOKS_WANTED) return pass(null, counts);
  return fail(endedByItself ? "ended-early" : "too-few-webhooks", log);
}

/** Asks it to stop, as a host does, and waits a moment; whoever calls kills it afterwards. */
async function stopSandbox(sandbox: Sandbox): Promise<void> {
  sandbox.send(JSON.stringify({ vigie: "stop" }));
  const grace = setTimeout(() => sandbox.kill(), STOP_GRACE_MS);
  await sandbox.exited;
  clearTimeout(grace);
}

/** Lets a waiter look again whenever something happened. */
function newsBell() {
  let wake = () => {};
  return {
    ring: () => wake(),
    async until(done: () => boolean, timeoutMs: number): Promise<void> {
      let timedOut = false;
      const timer = setTimeout(() => {
        timedOut = true;
        wake();
      }, timeoutMs);
      while (!done() && !timedOut) await new Promise<void>((resolve) => (wake = resolve));
      clearTimeout(timer);
    },
  };
}
