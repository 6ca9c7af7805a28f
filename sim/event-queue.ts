/** The clock of a simulation: events in a binary heap, taken in order of time, those of one instant in the order they were planned. */

export interface Planned {
  readonly at: number;
  readonly number: number;
  run: () => void;
  /** Taken out lazily: it stays in the heap and is passed over. */
  cancelled: boolean;
}

export class EventQueue {
  now: number;
  /** Events that were run. */
  count = 0;
  readonly #heap: Planned[] = [];
  #number = 0;

  /** `startAt`: ms since the epoch. */
  constructor(startAt: number) {
    this.now = startAt;
  }

  /** Plans `run` for `at`, at the earliest for this instant. */
  plan(at: number, run: () => void): Planned {
    const planned = { at: Math.max(at, this.now), number: this.#number++, run, cancelled: false };
    this.#heap.push(planned);
    this.#rise(this.#heap.length - 1);
    return planned;
  }

  after(ms: number, run: () => void): Planned {
    return this.plan(this.now + ms, run);
  }

  /** Moves the clock to the next event up to `until` and runs it; false when there is none. */
  step(until: number): boolean {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.at > until) {
        this.now = Math.max(this.now, until);
        return false;
      }
      this.#take();
      if (first.cancelled) continue;
      this.now = first.at;
      this.count += 1;
      first.run();
      return true;
    }
  }

  #take(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink();
  }

  #rise(from: number): void {
    const heap = this.#heap;
    let at = from;
    const item = heap[at] as Planned; // `from` is an index of the heap
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as Planned; // above `at`
      if (!before(item, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = item;
  }

  #sink(): void {
    const heap = this.#heap;
    const item = heap[0] as Planned; // the heap is not empty
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && before(right, heap[child] as Planned)) child += 1;
      const lower = heap[child] as Planned; // below the length
      if (!before(lower, item)) break;
      heap[at] = lower;
      at = child;
    }
    heap[at] = item;
  }
}

function before(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number);
}
