/**
 * Two owners race for partitions, thousands of rounds, on three NATS servers whose leaders step down and whose
 * connections are cut. First for a journal, then for an archive: npm run race -- [--rounds 3000] [--seed 1]
 *
 * Prints a line for each, then the summary. Exits with 1 if both owners succeeded once, or acknowledged data was lost.
 */
import { parseArgs } from "node:util";
import { natsServerProgram } from "@tutti/nats/testing";
import { raceForArchives, raceForJournals } from "../clusters.fixture.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "3000" }, seed: { type: "string", default: "1" } },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
if (!(Number.isInteger(rounds) && rounds > 0 && Number.isInteger(seed))) {
  process.stderr.write("usage: npm run race -- [--rounds 3000] [--seed 1]\n");
  process.exit(2);
}
const { skip } = await natsServerProgram();
if (skip !== false) {
  process.stderr.write(`the race needs a NATS server: ${skip}\n`);
  process.exit(2);
}
const startMs = performance.now();
const passed = (): string => `${Math.round((performance.now() - startMs) / 1_000)} s, seed ${seed}`;
try {
  for (const [implementation, race] of [
    ["jetstream", raceForJournals],
    ["objects", raceForArchives],
  ] as const) {
    const result = await race(rounds, seed);
    process.stdout.write(`${JSON.stringify({ implementation, seed, ...result })}\n`);
  }
  process.stdout.write(`${rounds} rounds each in ${passed()}: one owner at a time, nothing lost\n`);
} catch (error) {
  console.error(error);
  process.stdout.write(`failed after ${passed()}: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
