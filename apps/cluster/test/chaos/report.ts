/** Report of a drill. */
import type { DrillReport } from "./drill.ts";

/** Returns the violations. Durations are not among them. */
export function problemsOf({ load, things }: DrillReport): readonly string[] {
  const impossible = things.flatMap(({ thing, verdict }) =>
    verdict.kind === "impossible"
      ? [
          `${thing}: no order is possible beyond ${verdict.longest.length} calls; next was one of ${JSON.stringify(verdict.stuck)}`,
        ]
      : [],
  );
  return [...load.wrong, ...impossible];
}

export function tableOf({ seed, recoveries, load, things, restarts }: DrillReport): string {
  const names = [...new Set(recoveries.map(({ fault }) => fault))].sort();
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  const lines = names.map((name) => {
    const of = recoveries.filter(({ fault }) => fault === name);
    const times = of.map(({ ms }) => ms).sort((one, other) => one - other);
    const goal = of[0]?.goalMs;
    const [median = 0, longest = 0] = [times[Math.floor(times.length / 2)], times.at(-1)];
    return `| ${name} | ${of.length} | ${seconds(median)} | ${seconds(longest)} | ${goal === undefined ? "" : seconds(goal)} |`;
  });
  const calls = things.reduce((sum, thing) => sum + thing.calls, 0);
  const unanswered = things.reduce((sum, thing) => sum + thing.unanswered, 0);
  const undecided = things.filter(({ verdict }) => verdict.kind === "undecided").length;
  const works = Object.entries(load.acknowledged).map(([kind, count]) => `${count} of ${kind}`);
  return `| what happened | times | served again, p50 s | longest s | goal s |
|---|---|---|---|---|
${lines.join("\n")}

Seed ${seed}. Work acknowledged: ${works.join(", ")}; ${load.wrong.length} wrong, in ${load.attempts} attempts.
${things.length} things with ${calls} calls, ${unanswered} of them unanswered; ${undecided} undecided. ${restarts} starts of processes that had ended.
`;
}
