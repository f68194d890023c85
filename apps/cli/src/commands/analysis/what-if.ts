/** Compares recorded work with a simulation of it with other workers or another strategy. */
import { counted } from "@tutti/kernel";
import type { StrategyReplay } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { printPercent } from "../../terminal/percent.ts";
import { safe } from "../../terminal/text.ts";
import { printDurationMs } from "../../terminal/time.ts";

interface Report {
  readonly tasks?: number;
  readonly waitP50Ms?: number;
  readonly waitP99Ms?: number;
  readonly spanMs?: number;
  readonly workerHours?: number;
  readonly use?: number;
  readonly cost?: number;
  readonly missed?: number;
  readonly unserved?: number;
  readonly tenants?: readonly {
    readonly namespace?: string;
    readonly share?: string;
    readonly starved?: boolean;
  }[];
}

interface Check {
  readonly passed?: boolean;
  readonly error?: number;
  readonly values?: readonly {
    readonly name?: string;
    readonly pastMs?: number;
    readonly replayedMs?: number;
    readonly error?: number;
  }[];
}

export async function whatIf(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const server = await connect(context);
  const span = values.pastSpan(shell.nowMs());
  const [load, workerPrice] = [factorIn(context, "load"), numberIn(context, "worker-price")];
  // The platform reads 0 as not set.
  const [workers, slots] = [values.integer("workers", 1), values.integer("slots-each", 1)];
  const [pool, strategy, waitGoalMs] = [
    values.text("pool"),
    values.text("strategy"),
    values.durationMs("wait-goal"),
  ];
  const reply = await server.call("analysis.replay", {
    query: {
      ...server.namespace,
      ...span,
      ...(pool !== undefined && { pool }),
      ...(workers !== undefined && { workers }),
      ...(slots !== undefined && { slots }),
      ...(strategy !== undefined && { strategy }),
      ...(load !== undefined && { load }),
      ...(waitGoalMs !== undefined && { waitGoalMs }),
      ...(workerPrice !== undefined && { workerPrice }),
    },
  });
  const { scenario } = reply;
  const check: Check = reply.check ?? {};
  const past: Report = reply.past ?? {};
  const isEmpty = (past.tasks ?? 0) === 0;
  return {
    json: reply,
    quiet: scenario === undefined ? [] : [`${scenario.waitP50Ms ?? 0} ${scenario.waitP99Ms ?? 0}`],
    exitCode: isEmpty || check.passed === true ? exitCodes.completed : exitCodes.failed,
    draw: () => {
      if (isEmpty) {
        print.note(nothingRecorded(pool ?? "default"));
        return;
      }
      for (const line of checkLines(check, past.tasks)) print.line(line);
      if ((reply.missing ?? 0) > 0)
        print.line(
          `            ${counted(reply.missing ?? 0, "row was not recorded", "rows were not recorded")}`,
        );
      if (reply.cut === true)
        print.line("            more was recorded than is replayed: the newest part is used");
      if (scenario === undefined) {
        print.line(
          "The replay does not reproduce what happened: an error of at most 5 % is needed. Choose another time with --since and --until.",
        );
        drawReports(context, past, undefined);
        return;
      }
      drawReports(context, past, scenario);
      if ((scenario.unserved ?? 0) > 0)
        print.line(
          `No worker of the replay could run ${scenario.unserved} of the tasks. Check their capabilities, labels and resources, or raise --workers.`,
        );
      if (reply.strategies.length > 0) drawStrategies(context, reply.strategies);
      print.note(`Replayed at ${Math.round(reply.speed ?? 0).toLocaleString("en")} times real time.`);
    },
  };
}

export function nothingRecorded(pool: string): string {
  return `No tasks of pool \`${safe(pool)}\` were recorded in this time. Choose another pool with --pool, or another time with --since and --until.`;
}

/** Returns the compared values of the self-check, and those that it could not compare. */
export function checkLines(check: Check, tasks = 0): readonly string[] {
  const { values = [], error = 0 } = check;
  const compared = values.map(
    ({ name = "", pastMs = 0, replayedMs = 0, error: own = 0 }) =>
      `${name.replace("_", " ")} ${printDurationMs(pastMs)}, replayed ${printDurationMs(replayedMs)} (${printPercent(own)})`,
  );
  const lines = [`self-check  error ${printPercent(error)}: ${compared.join("; ")}`];
  if (values.every((value) => (value.error ?? 0) < error))
    lines.push(`            no worker of the replay could run ${printPercent(error)} of the tasks`);
  if (!values.some(({ name }) => name === "wait_p99"))
    lines.push(
      `            p99 is not checked: ${counted(tasks, "task was", "tasks were")} recorded, at least 500 are needed`,
    );
  return lines;
}

function drawReports({ print }: Context, past: Report, scenario: Report | undefined): void {
  const rows: readonly (readonly [string, (report: Report) => string])[] = [
    ["tasks", ({ tasks = 0 }) => `${tasks}`],
    ["wait p50", ({ waitP50Ms = 0 }) => printDurationMs(waitP50Ms)],
    ["wait p99", ({ waitP99Ms = 0 }) => printDurationMs(waitP99Ms)],
    ["time until all ended", ({ spanMs = 0 }) => printDurationMs(spanMs)],
    ["worker hours", ({ workerHours = 0 }) => workerHours.toFixed(2)],
    ["slots in use", ({ use }) => printPercent(use)],
    ["cost", ({ cost = 0 }) => cost.toFixed(2)],
    ["missed goals", ({ missed = 0 }) => `${missed}`],
    ["not served", ({ unserved = 0 }) => `${unserved}`],
    ["starved tenants", ({ tenants = [] }) => starvedIn(tenants)],
  ];
  print.table(
    ["", "what happened", ...(scenario === undefined ? [] : ["what if"])].map((title, at) => ({
      title,
      align: at === 0 ? ("left" as const) : ("right" as const),
    })),
    rows.map(([title, textOf]) => [
      { text: title, tone: "bold" },
      { text: textOf(past) },
      ...(scenario === undefined ? [] : [{ text: textOf(scenario) }]),
    ]),
  );
}

function drawStrategies({ print }: Context, strategies: readonly StrategyReplay[]): void {
  print.line("");
  print.table(
    [
      { title: "strategy" },
      { title: "less time", align: "right" },
      { title: "8 of 10 parts", align: "right" },
      { title: "wait p99", align: "right" },
      { title: "cost", align: "right" },
    ],
    strategies.map(({ strategy = "", gain, gainLow, gainHigh, replay = {} }) => [
      { text: strategy, tone: "bold" },
      { text: printPercent(gain) },
      { text: `${printPercent(gainLow)} to ${printPercent(gainHigh)}`, tone: "dim" },
      { text: printDurationMs(replay.waitP99Ms ?? 0) },
      { text: (replay.cost ?? 0).toFixed(2) },
    ]),
  );
}

function starvedIn(tenants: NonNullable<Report["tenants"]>): string {
  const starved = tenants.filter((tenant) => tenant.starved === true);
  return starved.length === 0
    ? "none"
    : starved
        .map(({ namespace = "", share = "" }) => [namespace, share].filter((part) => part !== "").join("/"))
        .join(", ");
}

/** A multiple: 0 has no meaning. */
export function factorIn(context: Context, name: string): number | undefined {
  const value = numberIn(context, name);
  if (value === 0) throw usageFailure(`--${name}: expected a number above 0, got \`0\``);
  return value;
}

function numberIn({ values }: Context, name: string): number | undefined {
  const text = values.text(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw usageFailure(`--${name}: expected a positive number, got \`${safe(text)}\``);
  return value;
}
