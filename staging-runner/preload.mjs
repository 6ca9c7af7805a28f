/**
 * Runs inside the sandbox before the release. Deno refuses to start or signal a process, but leaves no trace of the
 * attempt in its permission audit; so each attempt first asks for a variable that nobody may read, which does.
 * This only reports: what it wraps is refused by Deno all the same, and code that finds a way round it gains nothing.
 */
import process from "node:process";

const { Command, kill, env } = Deno;
const signal = process.kill;

/** `permission-audit.ts` knows the prefix. */
function report(what) {
  try {
    env.get(`VIGIE_ATTEMPT_RUN_${String(what).replace(/\W/g, "_").slice(0, 80)}`);
  } catch {
    // Refused, as it must be: the audit has it now.
  }
}

Deno.Command = class extends Command {
  constructor(command, options) {
    report(command);
    super(command, options);
  }
};
Deno.kill = (...args) => {
  report("kill");
  return kill(...args);
};
process.kill = (...args) => {
  report("kill");
  return Reflect.apply(signal, process, args);
};
