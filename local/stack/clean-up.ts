/** A stack of things to undo: the last that was started is the first to end, and one failure does not spare the others. */
export interface CleanUp {
  add(name: string, undo: () => Promise<void> | void): void;
  /** Runs every undo once; a second call waits for the first. */
  run(): Promise<void>;
}

export function createCleanUp(log: (line: string) => void): CleanUp {
  const undos: { name: string; undo: () => Promise<void> | void }[] = [];
  let running: Promise<void> | undefined;
  async function runAll(): Promise<void> {
    for (const { name, undo } of undos.toReversed()) {
      try {
        await undo();
      } catch (error) {
        log(`could not stop ${name}: ${error}`);
      }
    }
  }
  return {
    add: (name, undo) => void undos.push({ name, undo }),
    run() {
      running ??= runAll();
      return running;
    },
  };
}
