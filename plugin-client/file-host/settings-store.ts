/** The plugin's settings, the ones before, and who changed them last: one file, replaced atomically. */
import type { Settings } from "../core/host.ts";
import { type Checkpoint, readIfThere, writeDurable } from "./durable-file.ts";
import type { Layout } from "./layout.ts";

interface Stored {
  values: Settings;
  previous: Settings | null;
  /** Command id of the last change. */
  mark: string | null;
}

export class SettingsStore {
  readonly #layout: Layout;
  readonly #checkpoint: Checkpoint;

  constructor(layout: Layout, checkpoint: Checkpoint) {
    this.#layout = layout;
    this.#checkpoint = checkpoint;
  }

  async values(): Promise<Settings> {
    return (await this.#read()).values;
  }

  async mark(): Promise<string | null> {
    return (await this.#read()).mark;
  }

  /** Merges `set` in. */
  async apply(set: Settings, mark: string | null): Promise<void> {
    const { values } = await this.#read();
    await this.#write({ values: { ...values, ...set }, previous: values, mark });
  }

  /** Back to the settings before the last change; without one, nothing happens. */
  async revert(): Promise<void> {
    const { previous } = await this.#read();
    if (previous !== null) await this.#write({ values: previous, previous: null, mark: null });
  }

  /** Writes the plain settings out for the plugin. */
  async render(): Promise<Settings> {
    const values = await this.values();
    await writeDurable(this.#layout.settings, `${JSON.stringify(values, null, 2)}\n`, () => {});
    return values;
  }

  async #read(): Promise<Stored> {
    const text = await readIfThere(this.#layout.config);
    return text === null ? { values: {}, previous: null, mark: null } : (JSON.parse(text) as Stored); // our own atomic writing
  }

  async #write(stored: Stored): Promise<void> {
    await writeDurable(this.#layout.config, JSON.stringify(stored), this.#checkpoint);
  }
}
