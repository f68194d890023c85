/** `npm run conformance -- [options] -- COMMAND …` checks that a worker keeps the rules of the link. */
import { parseArgs } from "node:util";
import { checkConformance, conformanceRules } from "./conformance.ts";
import { commandWorker } from "./process-worker.ts";
import { printedBy, renderReport, renderSummary } from "./report.ts";

const usage = `expected: npm run conformance -- [--only RULE,…] [--list] [--json] [--show] [--patience=N] [--concurrency=N] [--transport=websocket] -- COMMAND …

  --only      check only these rules
  --list      list the rules without checking them
  --json      print one JSON object per rule
  --show      print the output of the worker, also for rules that are kept
  --patience  factor for all timeouts, for slow machines
  --concurrency  number of concurrent rules, each with its own worker. Default: 1
  --transport grpc, or websocket for workers that connect to TUTTI_ADDRESS as ws://…/v1/link`;

const separator = process.argv.indexOf("--", 2);
const own = process.argv.slice(2, separator < 0 ? undefined : separator);
const command = separator < 0 ? [] : process.argv.slice(separator + 1);

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`tutti: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: own,
    options: {
      only: { type: "string" },
      list: { type: "boolean" },
      json: { type: "boolean" },
      show: { type: "boolean" },
      patience: { type: "string" },
      concurrency: { type: "string", default: "1" },
      transport: { type: "string", default: "grpc" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) return print(usage);
  if (values.list === true)
    return print(conformanceRules.map(({ id, rule }) => `${id.padEnd(20)} ${rule}`).join("\n"));
  if (command.length === 0) throw new Error(usage);
  const { transport } = values;
  const concurrency = Number(values.concurrency);
  if (!Number.isInteger(concurrency) || concurrency < 1) throw new Error(usage);
  if (transport !== "grpc" && transport !== "websocket") throw new Error(usage);
  const reports = await checkConformance({
    transport,
    launch: commandWorker(command),
    patience: Number(values.patience ?? 1),
    concurrency,
    ...(values.only !== undefined && { only: values.only.split(",") }),
    onReport(report) {
      if (values.json === true) return print(JSON.stringify(report));
      print(renderReport(report));
      if (values.show === true && report.kept) print(printedBy(report).join("\n"));
      return 0;
    },
  });
  if (values.json !== true) print(renderSummary(reports));
  return reports.every(({ kept }) => kept) ? 0 : 1;
}

function print(text: string): number {
  if (text !== "") process.stdout.write(`${text}\n`);
  return 0;
}
