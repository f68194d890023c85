/**
 * `npm run chaos`: injects faults into a cluster under load on this machine, in sequence.
 *
 *     npm run chaos -- [--minutes 5] [--seed N] [--only kill,freeze] [--directory D] [--json]
 *
 * It exits with 1 if acknowledged work was lost or wrong, or if replies fit no possible order.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { natsServerProgram } from "@tutti/nats/testing";
import { usualShape } from "../../src/index.ts";
import { drill } from "../chaos/drill.ts";
import { problemsOf, tableOf } from "../chaos/report.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
    only: { type: "string" },
    directory: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const program = await natsServerProgram();
if (program.skip !== false) throw new Error(program.skip);
const directory = values.directory ?? (await mkdtemp(join(tmpdir(), "tutti-chaos-")));
const log = (line: string) => process.stderr.write(`${line}\n`);
log(`seed ${values.seed}, in ${directory}`);
const report = await drill({
  directory,
  natsServer: program.path,
  seed: Number(values.seed),
  forMs: Number(values.minutes) * 60_000,
  log,
  shape: { ...usualShape, processes: { ...usualShape.processes, governance: 1, gateway: 2 } },
  ...(values.only !== undefined && { only: values.only.split(",") }),
});
const problems = problemsOf(report);
if (values.json) {
  const { things, ...rest } = report;
  process.stdout.write(`${JSON.stringify({ ...rest, things: things.length, problems })}\n`);
} else process.stdout.write(tableOf(report));
for (const problem of problems) log(`WRONG ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
