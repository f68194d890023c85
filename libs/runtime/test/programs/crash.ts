/**
 * Kills a bank again and again and reports the result: npm run crash -- [--kills 100] [--seed 1]
 *
 * The last line is the summary. Exits with 1 if anything was lost or doubled. The files are then kept, and their place
 * is printed.
 */
import { parseArgs } from "node:util";
import { killBanks } from "../crash.fixture.ts";

const { values } = parseArgs({
  options: { kills: { type: "string", default: "100" }, seed: { type: "string", default: "1" } },
});
const [kills, seed] = [Number(values.kills), Number(values.seed)];
if (!(Number.isInteger(kills) && kills > 0 && Number.isInteger(seed))) {
  process.stderr.write("usage: npm run crash -- [--kills 100] [--seed 1]\n");
  process.exit(2);
}
const startMs = performance.now();
try {
  const { acknowledged, repeated, cut, torn } = await killBanks(kills, seed);
  const seconds = Math.round((performance.now() - startMs) / 1_000);
  process.stdout.write(
    `${kills} kills in ${seconds} s, seed ${seed}: ${acknowledged} acknowledged, ${repeated} repeated, ${cut} batches cut, ${torn} torn, nothing lost, nothing doubled\n`,
  );
} catch (error) {
  console.error(error);
  process.stdout.write(`failed, seed ${seed}: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
