import { parseArgs } from "node:util";
import { lineOf } from "./environment.ts";
import type { Budget, Result } from "./scenario.ts";
import { scenarios } from "./scenarios/index.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string" },
    traces: { type: "string" },
  },
});

const wanted = scenarios.get(positionals[0] ?? "");
if (wanted === undefined || positionals.length !== 1) {
  const list = [...scenarios.values()].map(({ name, about }) => `  ${name.padEnd(12)} ${about}`).join("\n");
  process.stderr.write(
    `usage: npm run -s bench -- SCENARIO [--json] [--rounds 5] [--seconds 2] [--traces DIR]\n\nscenarios:\n${list}\n`,
  );
  process.exit(2);
}

const budget: Budget = {
  rounds: numberOf("rounds", values.rounds),
  seconds: numberOf("seconds", values.seconds ?? String(wanted.seconds ?? 2)),
  ...(values.traces === undefined ? {} : { traces: values.traces }),
};
for await (const result of wanted.run(budget)) print(wanted.name, result);
// What a scenario started it has ended; connections may still be closing.
process.exit(0);

function print(scenario: string, result: Result): void {
  const line = lineOf(scenario, result, budget);
  if (values.json) {
    process.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  const { variant, ...fields } = result;
  const cells = Object.entries(fields).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(`${scenario} ${variant.padEnd(24)} ${cells.join("   ")}\n`);
}

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  process.stderr.write(`expected --${option} to be a number above 0, found ${text}\n`);
  process.exit(2);
}
