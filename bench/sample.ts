/** How much of a benchmark is run, and with which luck. Plain JSON: it goes to the threads. */
export interface Sample {
  /** A sample of everything, within a minute; without it the sizes that the figures are quoted from. */
  quick: boolean;
  seed: number;
}
