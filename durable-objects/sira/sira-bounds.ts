/** How much of a product's memory is kept, and what goes first. */

export interface SiraBounds {
  lessons: number;
  places: number;
  votes: number;
}

/** About 50 MB at most; several years of a product with a hundred attempts a day. */
export const SIRA_BOUNDS: SiraBounds = { lessons: 100_000, places: 40_000, votes: 20_000 };

/**
 * Forgets what is beyond the bounds: the oldest lessons, which stay counted; the oldest votes; and of the places the oldest of the finer
 * levels, whose counts are also in what they lie within. The way to each fix is never forgotten: there are no more than
 * releases. Returns when the youngest attempt that was forgotten finished, ms since the epoch; null when none was.
 */
export function prune(sql: SqlStorage, generation: number, bounds: SiraBounds): number | null {
  const excess = (table: keyof SiraBounds): number =>
    sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table} WHERE generation = ?`, generation).one().n -
    bounds[table];

  let forgotten: number | null = null;
  const lessons = excess("lessons");
  if (lessons > 0) {
    forgotten = sql
      .exec<{ finished_at: number }>(
        "SELECT finished_at FROM lessons WHERE generation = ? ORDER BY finished_at LIMIT 1 OFFSET ?",
        generation,
        lessons - 1,
      )
      .one().finished_at;
    sql.exec("DELETE FROM lessons WHERE generation = ? AND finished_at <= ?", generation, forgotten);
  }
  const places = excess("places");
  if (places > 0)
    sql.exec(
      `DELETE FROM places WHERE generation = ? AND key IN
         (SELECT key FROM places WHERE generation = ? AND level > 0 ORDER BY seen_at, level DESC, key LIMIT ?)`,
      generation,
      generation,
      places,
    );
  const votes = excess("votes");
  if (votes > 0)
    sql.exec(
      `DELETE FROM votes WHERE generation = ? AND (incident_id, person) IN
         (SELECT incident_id, person FROM votes WHERE generation = ? ORDER BY at, incident_id, person LIMIT ?)`,
      generation,
      generation,
      votes,
    );
  return forgotten;
}
