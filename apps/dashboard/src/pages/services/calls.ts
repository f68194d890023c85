/** The calls of the last hour, as the facts have them. */

export const callsSql =
  "SELECT route, identity, code, sum(calls) AS calls, sum(duration_ms) AS ms, max(max_ms) AS slowest FROM calls " +
  "WHERE minute > datetime('now', '-1 hour') GROUP BY route, identity, code ORDER BY ms DESC LIMIT 20";

export interface CallRow {
  readonly route: string;
  readonly identity: string;
  readonly code: string;
  readonly calls: number;
  readonly ms: number;
  readonly slowestMs: number;
}

/** Rows of the query. */
export function callsIn(rows: unknown): readonly CallRow[] {
  if (!Array.isArray(rows)) return [];
  return rows.filter(Array.isArray).map(([route, identity, code, calls, ms, slowest]) => ({
    route: String(route),
    identity: String(identity),
    code: String(code),
    calls: Number(calls),
    ms: Number(ms),
    slowestMs: Number(slowest),
  }));
}
