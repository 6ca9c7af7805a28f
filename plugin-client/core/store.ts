/** The journal in memory and on the host's disk: changed in memory at once, durable when the promise resolves. */
import { emptyJournal, type Journal, parseJournal } from "./journal.ts";

export interface JournalFile {
  readJournal(): Promise<string | null>;
  writeJournal(text: string): Promise<void>;
}

export class JournalStore {
  readonly #file: JournalFile | null;
  #journal: Journal = emptyJournal();
  #writing: Promise<void> = Promise.resolve();

  /** Without a file the journal lives as long as the process does. */
  constructor(file: JournalFile | null) {
    this.#file = file;
  }

  get journal(): Journal {
    return this.#journal;
  }

  /** Reads what was kept. Resolves to false when it was damaged and had to be given up. */
  async load(): Promise<boolean> {
    const text = (await this.#file?.readJournal()) ?? null;
    if (text === null) return true;
    const journal = parseJournal(text);
    this.#journal = journal ?? emptyJournal();
    return journal !== null;
  }

  /** Applies a pure change. Rejects when it could not be made durable; memory keeps it all the same. */
  change(next: (journal: Journal) => Journal): Promise<void> {
    this.#journal = next(this.#journal);
    const text = JSON.stringify(this.#journal);
    this.#writing = this.#writing.catch(() => {}).then(() => this.#file?.writeJournal(text));
    return this.#writing;
  }
}
