/** What a failed query means for whoever sent it: try again later, or never. */

export interface PgFailure {
  /** `unavailable`: nothing is wrong with the rows, and a write may even have committed. `rejected`: never as it stands. */
  kind: "unavailable" | "rejected";
  /** SQLSTATE, when Postgres itself answered. */
  code?: string;
  message: string;
}

/**
 * SQLSTATE classes that blame the data: data exception, integrity constraint, an exception raised by a trigger, a limit of
 * the program (PostgreSQL documentation, appendix A). Everything else passes with time: an outage, a deadlock, and also
 * a missing table or privilege, which the next migration brings.
 */
const REJECTING_CLASSES = ["22", "23", "44", "54", "P0"];

/** Finds the driver's error under drizzle's wrappers. */
export function classifyPgError(error: unknown): PgFailure {
  let innermost: unknown = error;
  for (let depth = 0; depth < 8 && innermost instanceof Error; depth++) {
    const code = sqlStateOf(innermost);
    if (code !== null) {
      const kind = REJECTING_CLASSES.includes(code.slice(0, 2)) ? "rejected" : "unavailable";
      return { kind, code, message: innermost.message };
    }
    if (innermost.cause === undefined) break;
    innermost = innermost.cause;
  }
  return { kind: "unavailable", message: innermost instanceof Error ? innermost.message : String(innermost) };
}

function sqlStateOf(error: Error): string | null {
  const code = "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}
