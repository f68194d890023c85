/** The search parameters of the explore page, and its examples. */

export interface ExploreSearch {
  /** The query that was run. */
  readonly sql?: string;
}

export function exploreSearch(search: Readonly<Record<string, unknown>>): ExploreSearch {
  const { sql } = search;
  return typeof sql === "string" && sql.trim() !== "" ? { sql } : {};
}

export const examples: readonly { readonly title: string; readonly sql: string }[] = [
  {
    title: "Runs by workflow and status",
    sql: "SELECT definition, status, count(*) AS runs\nFROM runs\nGROUP BY 1, 2\nORDER BY runs DESC",
  },
  {
    title: "Runs per hour",
    sql: "SELECT strftime('%Y-%m-%d %H:00', created) AS hour,\n  count(*) AS accepted, sum(status = 'failed') AS failed\nFROM runs\nWHERE created > datetime('now', '-2 days')\nGROUP BY 1\nORDER BY 1",
  },
  {
    title: "Slowest tasks",
    sql: "SELECT task, round(avg(run_ms)) AS mean_ms, round(max(run_ms)) AS max_ms, count(*) AS attempts\nFROM attempts\nGROUP BY 1\nORDER BY mean_ms DESC\nLIMIT 20",
  },
  {
    title: "Errors of the last day",
    sql: "SELECT error_code, count(*) AS failures, min(ended) AS first, max(ended) AS last\nFROM attempts\nWHERE error_code IS NOT NULL AND ended > datetime('now', '-1 day')\nGROUP BY 1\nORDER BY failures DESC",
  },
  {
    title: "Waiting time by pool",
    sql: "SELECT pool, round(avg(wait_ms)) AS mean_wait_ms, round(max(wait_ms)) AS max_wait_ms, count(*) AS attempts\nFROM attempts\nGROUP BY 1\nORDER BY mean_wait_ms DESC",
  },
  {
    title: "Workers by completed attempts",
    sql: "SELECT pool, id, state, completed, failed, round(busy_ms / 1000) AS busy_seconds\nFROM agents\nORDER BY completed DESC\nLIMIT 50",
  },
];
