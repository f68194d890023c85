/** Compares results with goals, and prints the table of `guard`. */
import { rounded } from "../measure/statistics.ts";
import type { Goal, Result, Scenario } from "../scenario.ts";

export interface Row {
  readonly scenario: string;
  readonly figure: string;
  readonly value: string;
  readonly goal: string;
  readonly verdict: string;
  readonly beside: string;
  /** True if the goal is missed without a known issue. */
  readonly isFault: boolean;
}

/** Results of a scenario. `failure` if it did not end, `absent` if this machine lacks a requirement. */
export interface Measured {
  readonly results: readonly Result[];
  readonly failure?: string;
  readonly absent?: string;
}

export function rowsOf(scenario: Pick<Scenario, "name" | "goals">, measured: Measured): readonly Row[] {
  return scenario.goals.map((goal) => rowOf(scenario.name, goal, measured));
}

function rowOf(scenario: string, goal: Goal, { results, failure, absent }: Measured): Row {
  const line = results.find((result) =>
    Object.entries(goal.line).every(([field, value]) => result[field] === value),
  );
  const value = line?.[goal.figure];
  const names = Object.entries(goal.line).map(([field, of]) => (field === "variant" ? of : `${field} ${of}`));
  const row = { scenario, figure: [...names, goal.figure].join(", "), goal: goalText(goal) };
  const unit = goal.unit === undefined ? "" : ` ${goal.unit}`;
  if (line === undefined || typeof value !== "number" || Number.isNaN(value)) {
    const verdict =
      failure === undefined ? `not measured: ${absent ?? "no such figure"}` : `failed: ${failure}`;
    return { ...row, value: "", verdict, beside: "", isFault: failure !== undefined || absent === undefined };
  }
  const { verdict, isFault } = verdictOf(goal, value);
  return { ...row, value: `${value}${unit}`, verdict, beside: comparisonText(goal, line), isFault };
}

export function verdictOf(
  goal: Goal,
  value: number,
): { readonly verdict: string; readonly isFault: boolean } {
  const { known } = goal;
  if (isMet(goal, value))
    return { verdict: known === undefined ? "ok" : `ok, issue ${known.issue} is met`, isFault: false };
  if (known === undefined) return { verdict: "missed", isFault: true };
  const worst =
    goal.atMost === undefined ? { ...goal, atLeast: known.worst } : { ...goal, atMost: known.worst };
  if (isMet(worst, value)) return { verdict: `known miss, issue ${known.issue}`, isFault: false };
  return {
    verdict: `missed: worse than ${known.worst}, the limit until issue ${known.issue}`,
    isFault: true,
  };
}

function isMet(
  { atMost = Number.POSITIVE_INFINITY, atLeast = Number.NEGATIVE_INFINITY }: Goal,
  value: number,
) {
  return value <= atMost && value >= atLeast;
}

function goalText({ atMost, atLeast, unit = "" }: Goal): string {
  return `${atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`} ${unit}`.trimEnd();
}

function comparisonText({ compared }: Goal, line: Result): string {
  if (compared === undefined) return "";
  const [ours, other] = compared.map((field) => Number(line[field])) as [number, number];
  return `${rounded(ours / other)} (${ours} : ${other})`;
}

const columns = ["scenario", "figure", "value", "goal", "verdict", "beside"] as const;

/** Returns the table. The last column is the ratio to the ceiling or peer of the same run. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [columns, ...rows.map((row) => columns.map((name) => row[name]))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
