/** When the simulated week begins: a Monday. */
export const START = Date.UTC(2026, 2, 2);
