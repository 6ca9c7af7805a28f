/** A failure that its message explains fully: printed as one line, without a stack. */
export class CommandError extends Error {
  override name = "CommandError";
}
