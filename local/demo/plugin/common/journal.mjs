/** Journal of orders, one JSON object a line, shared by every version of the plugin: numbers go on across updates. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const KEEP_LINES = 500;

export function openJournal(folder) {
  if (!folder) return { lastNumber: 0, append() {}, check: () => true };
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "orders.jsonl");
  const entries = existsSync(path) ? parse(readFileSync(path, "utf8")) : [];
  if (entries.length > 2 * KEEP_LINES) compact(path, entries.slice(-KEEP_LINES));
  return {
    lastNumber: entries.reduce((highest, entry) => Math.max(highest, entry.number), 0),
    append(order) {
      const entry = {
        v: 1,
        number: order.number,
        at: order.at,
        amount_minor: order.amount_minor,
        currency: order.currency,
      };
      appendFileSync(path, `${JSON.stringify(entry)}\n`);
    },
    check: () => !existsSync(path) || readFileSync(path, "utf8").length >= 0,
  };
}

/** Lines of any version; a line cut short by a crash is passed over. */
function parse(text) {
  const entries = [];
  for (const line of text.split("\n")) {
    try {
      const entry = JSON.parse(line);
      if (Number.isSafeInteger(entry?.number)) entries.push(entry);
    } catch {
      // A line cut off by a crash: the orders around it still count.
    }
  }
  return entries;
}

function compact(path, entries) {
  writeFileSync(`${path}.new`, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
  renameSync(`${path}.new`, path);
}
