import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { lineOf, loadOfMachine } from "./environment.ts";
import { guard } from "./guard/guard.ts";
import { type Row, tableOf } from "./guard/verdicts.ts";
import { Absent, type Budget, type Result, type Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";

const options = {
  json: { type: "boolean", default: false },
  rounds: { type: "string", default: "5" },
  seconds: { type: "string" },
  brief: { type: "boolean", default: false },
  traces: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Maximum time of `guard` without the names of scenarios. */
const guardMs = 600_000;

const { values, positionals } = parsed();
const [name = "", ...more] = positionals;
if (values.help || name === "help") {
  process.stdout.write(help());
} else if (name === "guard") {
  const guarded = [...scenarios.values()].filter(({ goals }) => goals.length > 0);
  if (more.length === 0) await printGuard(guarded, guardMs);
  else await printGuard(more.map(scenarioOf), Number.POSITIVE_INFINITY);
} else if (more.length > 0) refuse(`pass one scenario, got ${positionals.length}`);
else await printResults(scenarioOf(name));
// All processes of the scenario have ended. Connections may still be closing.
process.exit();

async function printResults(scenario: Scenario): Promise<void> {
  const budget: Budget = {
    rounds: numberOf("rounds", values.rounds),
    seconds: numberOf("seconds", values.seconds ?? String(scenario.seconds ?? 2)),
    isBrief: values.brief,
    ...(values.traces === undefined ? {} : { traces: values.traces }),
  };
  const results: Result[] = [];
  try {
    for await (const result of scenario.run(budget)) {
      print(scenario.name, result, budget);
      results.push(result);
    }
    if (!values.json && scenario.tableOf !== undefined)
      process.stdout.write(`\n${scenario.tableOf(results)}\n`);
  } catch (error) {
    if (!(error instanceof Absent)) throw error;
    refuse(`absent: ${error.message}`);
  }
}

async function printGuard(guarded: readonly Scenario[], withinMs: number): Promise<void> {
  const all: Row[] = [];
  const load = loadOfMachine();
  if (load > availableParallelism())
    process.stderr.write(`The machine is busy (load ${load}): results are worse than on an idle one.\n`);
  let beganMs = performance.now();
  let skipped: readonly string[] = [];
  const options = {
    traces: values.traces,
    withinMs,
    onSkipped: (names: readonly string[]) => {
      skipped = names;
    },
  };
  for await (const rows of guard(guarded, options)) {
    all.push(...rows);
    const tookS = Math.round((performance.now() - beganMs) / 1_000);
    beganMs = performance.now();
    const lines = rows.map(
      ({ figure, value, goal, verdict }) => `  ${figure}: ${value} (${goal}) ${verdict}\n`,
    );
    process.stderr.write(`${rows[0]?.scenario}, ${tookS} s\n${lines.join("")}`);
  }
  process.stdout.write(`${tableOf(all)}\n`);
  if (skipped.length > 0)
    process.stdout.write(
      `\nThe ten minutes are over. Measure the rest: npm run -s bench -- guard ${skipped.join(" ")}\n`,
    );
  if (all.some(({ isFault }) => isFault)) process.exitCode = 1;
}

function print(scenario: string, result: Result, budget: Budget): void {
  const line = lineOf(scenario, result, budget);
  if (values.json) {
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const { variant, ...fields } = result;
  const cells = Object.entries({ ...fields, load: loadOfMachine() }).map(
    ([field, value]) => `${field} ${value}`,
  );
  process.stdout.write(`${scenario} ${variant.padEnd(24)} ${cells.join("   ")}\n`);
}

function parsed() {
  try {
    return parseArgs({ allowPositionals: true, options });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function scenarioOf(name: string): Scenario {
  const known = [...scenarios.keys()].join(", ");
  const found = scenarios.get(name);
  if (found !== undefined) return found;
  return refuse(name === "" ? help() : `Scenario \`${name}\` not found. Scenarios: ${known}.`);
}

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  return refuse(`\`--${option}\`: expected a number above 0, got ${text}.`);
}

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function help(): string {
  const list = [...scenarios.values()].map((each) => `  ${each.name.padEnd(14)} ${each.about}`).join("\n");
  return `Measure Tutti next to its ceilings and peers.

  npm run -s bench -- SCENARIO [OPTIONS]     one scenario, one line per variant
  npm run -s bench -- guard                  scenarios that have goals, briefly, for ten minutes: one table of figures and goals
  npm run -s bench -- guard SCENARIO …       the same for the named scenarios, without the limit

Options of a scenario:
  --rounds N      rounds per variant, of which the median counts (default: 5)
  --seconds N     seconds per variant and round (default: 2, cluster 5)
  --brief         only the variants that have a goal
  --json          one JSON object per line
  --traces DIR    recordings for \`plan\` (default: ../shared/data/wfcommons) and \`forecasts\` (../shared/data/nab)

Scenarios:
${list}
`;
}
