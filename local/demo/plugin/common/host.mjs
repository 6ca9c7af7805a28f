/** The protocol with the host: one JSON object a line, out on stdout, in on stdin. */
import process from "node:process";
import { createInterface } from "node:readline";

export function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Calls `handlers[message.vigie]` for each line that is a message, and `handlers.end` when stdin closes. */
export function listen(handlers) {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      return;
    }
    if (message?.vigie === "probe") void handlers.probe(message);
    if (message?.vigie === "stop") void handlers.stop();
  });
  lines.on("close", () => void handlers.end());
}
