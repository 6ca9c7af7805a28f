/**
 * Pure: leases on handing a command over. The authority remembers each lease it gave until it is released or over, and
 * after losing its memory only the latest time at which any could end: until then it must assume that some are out
 * (C. Gray, D. Cheriton, "Leases", SOSP 1989).
 */

/** How long a holder may use a lease, counted from the moment it asked. */
export const LEASE_MS = 2_000;
/** Added on the authority's side: clocks drift, and a Worker's clock stands still between its I/O. */
export const LEASE_MARGIN_MS = 250;
/** From when a lease is given until it surely is over, on the giver's clock. */
export const LEASE_TOTAL_MS = LEASE_MS + LEASE_MARGIN_MS;

export interface LeaseBook {
  /** Lease id to its end on the authority's clock, ms since epoch. */
  readonly known: ReadonlyMap<string, number>;
  /** Leases from before the memory was lost end by this time; 0 when there are none. */
  readonly unknownUntil: number;
}

/** The book after a restart. `horizon`: the latest end of any lease ever given. */
export function reopenedBook(horizon: number): LeaseBook {
  return { known: new Map(), unknownUntil: horizon };
}

/** When what is given at `now` is over, ms since epoch. */
export function leaseEnd(now: number): number {
  return now + LEASE_TOTAL_MS;
}

/** Writes a lease down; `horizon` must be stored before the lease is handed out. */
export function grantLease(
  book: LeaseBook,
  leaseId: string,
  now: number,
): { book: LeaseBook; horizon: number } {
  const horizon = leaseEnd(now);
  const known = new Map([...book.known].filter(([, end]) => end > now));
  known.set(leaseId, horizon);
  return { book: { ...book, known }, horizon: Math.max(horizon, book.unknownUntil) };
}

/** Strikes a lease out. An unknown id changes nothing: only its holder knows the id. */
export function releaseLease(book: LeaseBook, leaseId: string): LeaseBook {
  if (!book.known.has(leaseId)) return book;
  const known = new Map(book.known);
  known.delete(leaseId);
  return { ...book, known };
}

/** When the last lease that is out at `now` ends; null when none is. `among` limits the question to those lease ids. */
export function outstandingUntil(book: LeaseBook, now: number, among?: ReadonlySet<string>): number | null {
  let latest: number | null = book.unknownUntil > now ? book.unknownUntil : null;
  for (const [id, end] of book.known) {
    if (end <= now || (among !== undefined && !among.has(id))) continue;
    if (latest === null || end > latest) latest = end;
  }
  return latest;
}
