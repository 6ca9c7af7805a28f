/**
 * Demo payment plugin: takes orders, tells the merchant's system of each by a signed webhook, keeps a journal.
 * Runs under Node 20+ and under Deno with leave for one loopback port, its own folder and its data folder only.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { createDelivery } from "./delivery.mjs";
import { listen, say } from "./host.mjs";
import { openJournal } from "./journal.mjs";
import { createOrders } from "./orders.mjs";
import { runProbes } from "./probes.mjs";
import { createSettings } from "./settings.mjs";

const { version } = JSON.parse(readFileSync(new URL("./plugin.json", import.meta.url), "utf8"));
const settings = createSettings(process.env.VIGIE_SETTINGS);
const journal = openJournal(process.env.VIGIE_DATA);
const orders = createOrders(journal.lastNumber);
const deliver = createDelivery();

let timer;
let stopping = false;
const inFlight = new Set();

async function takeOrder() {
  const current = settings.read();
  const order = orders.next(current.markets);
  say({ vigie: "request" });
  journal.append(order);
  if (!current.receiver_url || !current.receiver_secret) return;
  try {
    await deliver(order, current);
    say({ vigie: "webhook", ok: true });
  } catch (error) {
    say({ vigie: "webhook", ok: false });
    // A refusal by the receiver is a failed webhook, not a fault of the program.
    if (error.name !== "DeliveryRefused") {
      say({ vigie: "error", message: String(error.message), stack: String(error.stack) });
    }
  }
}

function schedule() {
  const meanMs = 60_000 / settings.read().orders_per_minute;
  timer = setTimeout(
    () => {
      const work = takeOrder()
        .catch((error) => say({ vigie: "error", message: String(error.message), stack: String(error.stack) }))
        .finally(() => inFlight.delete(work));
      inFlight.add(work);
      if (!stopping) schedule();
    },
    meanMs * (0.75 + Math.random() * 0.5),
  );
}

async function stop() {
  if (stopping) return;
  stopping = true;
  clearTimeout(timer);
  await Promise.race([Promise.allSettled(inFlight), new Promise((done) => setTimeout(done, 1000))]);
  process.exit(0);
}

listen({
  probe: async (message) => {
    for (const result of await runProbes(message.names, { settings: settings.read(), journal })) {
      say({ vigie: "probe", id: message.id, ...result });
    }
  },
  stop,
  // The host is gone: nobody would stop this process any more.
  end: stop,
});
say({ vigie: "ready", version });
schedule();
