/** The release's own smoke test: exits 0 when it is sound. Needs neither network nor settings. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { openJournal } from "./journal.mjs";
import { createOrders } from "./orders.mjs";
import { sign } from "./signing.mjs";

const plugin = JSON.parse(readFileSync(new URL("./plugin.json", import.meta.url), "utf8"));
assert.match(plugin.version, /^\d+\.\d+\.\d+$/);

const vectors = JSON.parse(readFileSync(new URL("./vectors.json", import.meta.url), "utf8"));
for (const { secret, id, timestamp, body, signature } of vectors) {
  assert.equal(sign(secret, id, timestamp, body), signature, `signature of ${id}`);
}

const order = createOrders(41).next("");
assert.equal(order.number, 42);
assert.ok(Number.isSafeInteger(order.amount_minor) && order.amount_minor > 0);

const journal = openJournal(process.env.VIGIE_DATA);
journal.append(order);
if (process.env.VIGIE_DATA) assert.equal(openJournal(process.env.VIGIE_DATA).lastNumber, 42);

console.log(`smoke: ${vectors.length} signatures, orders and journal are sound`);
process.exit(0);
