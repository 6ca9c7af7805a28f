/** A command was typed wrongly: its message says what is wrong. */
export class UsageError extends Error {
  override name = "UsageError";
}
