/** The default sections of each kind of report. */
import { ReportAnalysis } from "@tutti/contracts/insight/v1";
import type { KindName, RequestedSection } from "./content.ts";

/** The condition for the work of each kind. */
const only: Readonly<Record<KindName, string>> = {
  namespace: "true",
  team: "labels ->> 'team' = :subject",
  workflow: "definition = :subject",
  framework: "true",
};

const sql = (title: string, text: string, statement: string): RequestedSection => ({
  title,
  text,
  content: { $case: "sql", value: statement },
});
const analysis = (title: string, value: ReportAnalysis): RequestedSection => ({
  title,
  text: "",
  content: { $case: "analysis", value },
});

const ended = "ended >= :from AND ended < :to";

/** Runs and missions that ended in the span. */
function work(kind: KindName): string {
  const columns = "definition, status, ended, wait_ms, run_ms, tokens, money, id";
  const of = (table: string) => `SELECT ${columns} FROM ${table} WHERE ${ended} AND ${only[kind]}`;
  return `(${of("runs")} UNION ALL ${of("missions")})`;
}

function workSections(kind: KindName): RequestedSection[] {
  const failed = "sum(status = 'failed')";
  const attempts =
    kind === "namespace"
      ? ended
      : `${ended} AND work_id IN (SELECT id FROM runs WHERE ${only[kind]} UNION ALL SELECT id FROM missions WHERE ${only[kind]})`;
  return [
    sql(
      "Work by definition",
      "Runs and missions that ended.",
      `SELECT coalesce(definition, '(none)') AS definition, count(*) AS ended, ${failed} AS failed, round(100.0 * ${failed} / count(*), 1) AS failed_percent, round(avg(wait_ms)) AS mean_wait_ms, round(avg(run_ms)) AS mean_run_ms, round(max(run_ms)) AS longest_ms FROM ${work(kind)} GROUP BY 1 ORDER BY ended DESC`,
    ),
    sql(
      "Work by day",
      "",
      `SELECT substr(ended, 1, 10) AS day, count(*) AS ended, ${failed} AS failed, round(sum(tokens)) AS tokens, round(sum(money), 4) AS money FROM ${work(kind)} GROUP BY 1 ORDER BY 1`,
    ),
    sql(
      "Tasks that took the most time",
      "",
      `SELECT definition, iif(task LIKE '%]', substr(task, 1, instr(task, '[') - 1), task) AS task, uses, count(*) AS attempts, sum(status = 'failed') AS failed, round(sum(run_ms)) AS run_ms, round(avg(wait_ms)) AS mean_wait_ms FROM attempts WHERE ${attempts} GROUP BY 1, 2, 3 ORDER BY run_ms DESC LIMIT 20`,
    ),
    sql(
      "Errors",
      "Failed attempts by code.",
      `SELECT error_code, count(*) AS attempts, count(DISTINCT work_id) AS runs, max(ended) AS latest, max(error_message) AS message FROM attempts WHERE error_code IS NOT NULL AND ${attempts} GROUP BY 1 ORDER BY attempts DESC LIMIT 20`,
    ),
    sql(
      "Cost",
      "Tokens of language models, and money in the unit of the installation.",
      `SELECT coalesce(definition, '(none)') AS definition, round(sum(tokens)) AS tokens, round(sum(money), 4) AS money FROM ${work(kind)} GROUP BY 1 HAVING sum(tokens) > 0 OR sum(money) > 0 ORDER BY money DESC, tokens DESC`,
    ),
  ];
}

export function sectionsOf(kind: KindName): RequestedSection[] {
  const { REPORT_ANALYSIS_BOTTLENECKS, REPORT_ANALYSIS_CAUSES } = ReportAnalysis;
  const { REPORT_ANALYSIS_CAPACITY, REPORT_ANALYSIS_COMPLIANCE } = ReportAnalysis;
  const bottlenecks = analysis("Bottlenecks", REPORT_ANALYSIS_BOTTLENECKS);
  switch (kind) {
    case "namespace":
      return [
        ...workSections(kind),
        bottlenecks,
        analysis("Causes of failures", REPORT_ANALYSIS_CAUSES),
        analysis("Capacity for the next seven days", REPORT_ANALYSIS_CAPACITY),
      ];
    case "workflow":
      return [...workSections(kind), bottlenecks];
    case "team":
      return workSections(kind);
    case "framework":
      return [analysis("Controls", REPORT_ANALYSIS_COMPLIANCE)];
  }
}
