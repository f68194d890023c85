/** Tests the performance of an installation by a scenario, with a verdict for CI. */
import { dirname, isAbsolute, join } from "node:path";
import { checkScenario, type Report, reportHtml, runScenario, type Scenario, type Target } from "@tutti/load";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure, usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { readDefinition } from "../../local/definition-file.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printDurationMs } from "../../terminal/time.ts";
import { definitionNamed } from "../definition.ts";
import { register } from "../workflows/register.ts";

export async function load(context: Context): Promise<Result> {
  const { values, shell, print } = context;
  const file = values.argument("FILE");
  const scenario = await scenarioOf(context, file);
  const reports = values.texts("report");
  for (const report of reports)
    if (!/\.(html|json)$/i.test(report))
      throw usageFailure(`--report: expected a file that ends in .html or .json, got \`${report}\``);
  const server = await connect(context);
  // A file that cannot be written is found before the load, not after it.
  for (const name of reports) await shell.writeText(name, "");
  for (const name of scenario.register) {
    const path = isAbsolute(name) || file === "-" ? name : join(dirname(file), name);
    await register(context, server, await readDefinition(path, shell));
  }
  const report = await runScenario(scenario, {
    target: targetOf(server),
    time: shell,
    signal: shell.interrupted,
    onProgress: ({ phase, atMs, durationMs, inFlight, started }) => {
      const seconds = `${(atMs / 1000).toFixed(0)} of ${(durationMs / 1000).toFixed(0)} s`;
      print.note(print.errorStyle.dim(`${seconds}  ${phase}  ${started} started, ${inFlight} active`));
    },
  });
  for (const name of reports)
    await shell.writeText(
      name,
      /html$/i.test(name) ? reportHtml(report) : `${JSON.stringify(report, undefined, 2)}\n`,
    );
  return {
    json: report,
    quiet: [report.passed ? "passed" : "failed"],
    draw: () => draw(context, report),
    exitCode: report.stopped ? exitCodes.interrupted : report.passed ? exitCodes.completed : exitCodes.failed,
  };
}

async function scenarioOf({ shell }: Context, file: string): Promise<Scenario> {
  const source = await readDefinition(file, shell);
  const { problems, scenario } = checkScenario(source);
  if (scenario !== undefined) return scenario;
  throw new Failure(`${source.fileName} has errors, nothing was started.`, {
    problems: problems.map((problem) => ({ problem, text: source.text })),
    exitCode: exitCodes.refused,
    code: "load.scenario_invalid",
  });
}

/** How long a call waits for the end of a run. The next one continues. */
const waitMs = 20_000;
const endings = /^(completed|failed|cancelled|terminated)$/;

function targetOf(server: Server): Target {
  return {
    async start(workflow, input, signal) {
      const definition = definitionNamed(workflow);
      const { run } = await server.call("runs.start", {
        query: server.namespace,
        body: {
          definition,
          ...(input === undefined ? {} : { input }),
        },
        signal,
      });
      return run?.runId ?? "";
    },
    async waitForEnd(id, signal) {
      for (;;) {
        const { status, outcome, statusReason } = await server.call("runs.result", {
          params: { id },
          query: { ...server.namespace, waitMs },
          timeoutMs: 2 * waitMs,
          signal,
        });
        if (!endings.test(status)) continue;
        const error = outcome?.failed ?? outcome?.cancelled ?? outcome?.terminated;
        return {
          completed: status === "completed",
          code: error?.code ?? `run.${status}`,
          message: error?.message ?? statusReason ?? "",
        };
      }
    },
  };
}

function draw({ print }: Context, report: Report): void {
  const { style } = print;
  const { load: name, passed, stopped, total, items, thresholds, failures } = report;
  const mark = passed ? style.green("✓") : style.red("✗");
  const outcome = passed ? "passed" : stopped ? "stopped" : "failed";
  print.line(
    `${mark} ${style.bold(safe(name))} ${outcome}: ${total.due} starts, ${total.endedPerS.toFixed(1)} completed/s, ${percent(total.errorShare)} errors, ${total.dropped} dropped`,
  );
  print.line("");
  const right = "right" as const;
  print.table(
    [
      { title: "latency" },
      ...["count", "p50", "p90", "p99", "max"].map((title) => ({ title, align: right })),
    ],
    [{ name: "", ...total }, ...(items.length < 2 ? [] : items)].flatMap(({ name: item, start, run }) =>
      [["start", start] as const, ["run", run] as const].map(([measure, latency]) => [
        safe(item === "" ? measure : `${item} ${measure}`),
        String(latency.count),
        ...[latency.p50Ms, latency.p90Ms, latency.p99Ms, latency.maxMs].map(ms),
      ]),
    ),
  );
  if (thresholds.length > 0) {
    print.line("");
    for (const { name: threshold, unit, limit, found, holds } of thresholds) {
      const format = unit === "ms" ? ms : unit === "share" ? percent : perSecond;
      const sign = unit === "perSecond" ? "≥" : "≤";
      print.line(
        `${holds ? style.green("✓") : style.red("✗")} ${safe(threshold)} ${sign} ${format(limit)}: ${format(found)}`,
      );
    }
  }
  for (const { code, count, message } of failures)
    print.line(`${style.red(String(count))} ${safe(code)}  ${style.dim(safe(message))}`);
  if (report.lagP99Ms > lagWarningMs)
    print.note(
      `This machine started runs up to ${ms(report.lagP99Ms)} late (p99). Use a faster machine or a lower rate.`,
    );
}

const lagWarningMs = 100;

function ms(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : printDurationMs(value);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function perSecond(rate: number): string {
  return `${rate.toFixed(1)}/s`;
}
