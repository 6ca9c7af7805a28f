/** How long a test awaits what a process or the network is to bring: a busy machine's minute, short of a test's time-out. */
export const PATIENCE_MS = 25_000;
