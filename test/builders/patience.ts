/**
 * For `vi.waitFor` and `expect.poll`, of a state that is sure to come: their own second is too short for a busy machine. Looked at so
 * often that a good run loses nothing.
 */
export const PATIENCE = { timeout: 15_000, interval: 20 } as const;
