/** Lists recommendations, each with the evidence of recorded runs and its outcome. */
import { counted } from "@tutti/kernel";
import type { PredictedGain, Recommendation, TrialRuns } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { printPercent } from "../../terminal/percent.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";

const everyStatus = ["open", "trial", "applied", "dismissed", "expired", "taken_back"] as const;

export async function listAdvice(context: Context): Promise<Result> {
  const { values, print } = context;
  const [subject, pool] = [values.text("workflow"), values.text("pool")];
  const filter = {
    ...(subject !== undefined && { subject }),
    ...(pool !== undefined && { pool }),
    ...(values.flag("all") && { status: everyStatus }),
  };
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("advice.list", { query: { ...server.namespace, ...filter, ...page } }),
    ({ recommendations }) => recommendations,
  );
  return {
    json: { recommendations: entries },
    nextToken,
    quiet: entries.map(({ recommendationId }) => recommendationId),
    empty:
      entries.length === 0
        ? "No recommendations. Search a workflow with `tutti advice find NAME`."
        : undefined,
    draw: () =>
      print.table(
        [
          { title: "recommendation", widthMin: 12 },
          { title: "gain", align: "right" },
          { title: "status" },
          { title: "about", yields: 1, widthMin: 20 },
        ],
        entries.map((each) => [
          { text: each.recommendationId, tone: "bold" },
          { text: printPercent(each.gain?.median), tone: "green" },
          { text: statusOf(each), tone: each.status === "taken_back" ? "yellow" : "dim" },
          { text: each.title ?? "", tone: "dim" },
        ]),
      ),
  };
}

export async function findAdvice(context: Context): Promise<Result> {
  const { values, print, shell } = context;
  const [subject, pool] = [values.optionalArgument("NAME"), values.text("pool")];
  if ((subject === undefined) === (pool === undefined))
    throw usageFailure("Pass the NAME of a workflow, or set --pool.");
  const server = await connect(context);
  const runs = values.integer("runs");
  const endedSinceMs = values.momentMs("since", shell.nowMs());
  const body = {
    ...(subject !== undefined && { subject }),
    ...(pool !== undefined && { pool }),
    ...(runs !== undefined && { runs }),
    ...(endedSinceMs !== undefined && { endedSinceMs }),
  };
  const reply = await server.call("advice.find", { query: server.namespace, body });
  const { recommendations, runs: count = 0 } = reply;
  return {
    json: { runs: count, recommendations },
    quiet: recommendations.map(({ recommendationId }) => recommendationId),
    draw: () => {
      if (recommendations.length === 0)
        print.note(pool === undefined ? noRunsText(subject ?? "", count) : noTasksText(pool, count));
      for (const each of recommendations) {
        draw(context, each);
        print.line("");
      }
    },
  };
}

export async function showAdvice(context: Context): Promise<Result> {
  const { values, print } = context;
  const server = await connect(context);
  const params = { id: values.argument("ID") };
  const each = await server.call("advice.get", { params, query: server.namespace });
  return {
    json: each,
    quiet: [each.recommendationId],
    draw: () => {
      draw(context, each);
      print.line("");
      print.line(each.document ?? "");
    },
  };
}

export async function applyAdvice(context: Context): Promise<Result> {
  const { values, print } = context;
  const reason = values.text("reason");
  const part = values.integer("percent");
  const server = await connect(context);
  const params = { id: values.argument("ID") };
  const body = { ...(reason !== undefined && { reason }), ...(part !== undefined && { percent: part }) };
  const each = await server.call("advice.apply", { params, query: server.namespace, body });
  return {
    json: each,
    quiet: [each.recommendationId],
    draw: () =>
      print.line(
        `${print.style.green("✓")} ${safe(params.id)} is on trial with ${each.trial?.percent ?? 0} % of ${partOf(each)}`,
      ),
  };
}

export async function dismissAdvice(context: Context): Promise<Result> {
  const { values, print } = context;
  const reason = values.text("reason");
  const server = await connect(context);
  const params = { id: values.argument("ID") };
  const body = reason === undefined ? {} : { reason };
  const each = await server.call("advice.dismiss", { params, query: server.namespace, body });
  return {
    json: each,
    quiet: [each.recommendationId],
    draw: () => print.line(`${print.style.green("✓")} ${safe(params.id)} ${statusOf(each)}`),
  };
}

function statusOf({ status, trial }: Recommendation): string {
  const text = status.replace("_", " ");
  return status === "trial" ? `on trial, ${trial?.percent ?? 0} %` : text;
}

const partOf = ({ pool = "" }: Recommendation): string => (pool === "" ? "new runs" : "the time");

function draw({ print, shell }: Context, each: Recommendation): void {
  const { gain, trial, quietUntilMs, manual = "" } = each;
  const isPool = (each.pool ?? "") !== "";
  print.line(print.style.bold(safe(each.title ?? "")));
  const fact = (name: string, text: string) => print.line(`  ${name.padEnd(9)} ${safe(text)}`);
  fact("id", each.recommendationId);
  fact("status", statusOf(each));
  for (const text of each.reasons) fact("evidence", text);
  if (gain !== undefined) fact("gain", gainText(gain, isPool));
  fact("risk", each.risk ?? "");
  for (const text of each.changes) fact("change", text);
  if (manual !== "") fact("apply", `Cannot be applied automatically: ${manual}`);
  if (trial === undefined) return;
  fact(
    "trial",
    `${trial.percent ?? 0} % of ${partOf(each)}, started ${printAge(trial.startTimeMs ?? 0, shell.nowMs())}`,
  );
  if (trial.before !== undefined) fact("before", runsText(trial.before, isPool));
  if (trial.tried !== undefined) fact("tried", runsText(trial.tried, isPool));
  if ((trial.finding ?? "") !== "") fact("finding", trial.finding ?? "");
  if ((trial.nextRuns ?? 0) > 0)
    fact(
      "next",
      isPool
        ? `after ${trial.nextRuns} spans of each strategy`
        : `after ${trial.nextRuns} runs of each version`,
    );
  if (quietUntilMs !== undefined)
    fact("quiet", `not made again before ${new Date(quietUntilMs).toISOString()}`);
}

function gainText({ measure = "time", median, low, high, runs = 0 }: PredictedGain, isPool: boolean): string {
  const interval = `${printPercent(low)} to ${printPercent(high)} for 8 of 10`;
  if (measure === "time_p90")
    return `${printPercent(median)} less p90 time in a replay of ${runs} runs, ${interval}.`;
  if (measure !== "time")
    return `${printPercent(median)} less ${measure} reserved, by the use of about ${runs} attempts.`;
  if (isPool)
    return `${printPercent(median)} less time from queueing to end in a replay of ${runs} tasks, ${printPercent(low)} to ${printPercent(high)} for 8 of 10 parts of the time.`;
  return `${printPercent(median)} less time in a replay of ${runs} runs, ${interval}.`;
}

function runsText({ runs = 0, failed = 0, p50Ms = 0, p90Ms = 0 }: TrialRuns, isPool: boolean): string {
  return `${runs} ${isPool ? "spans" : "runs"}, ${failed} ${isPool ? "tasks " : ""}failed, p50 ${printDurationMs(p50Ms)}, p90 ${printDurationMs(p90Ms)}`;
}

const runsMin = 5;
const tasksMin = 200;

export function noRunsText(workflow: string, runs: number): string {
  const from = `No advice about ${safe(workflow)} from ${counted(runs, "completed run")} of its latest version.`;
  return `${from} ${runs < runsMin ? `At least ${runsMin} are needed.` : "No change gains 1 % or more in a replay."}`;
}

export function noTasksText(pool: string, tasks: number): string {
  const from = `No advice about pool ${safe(pool)} from ${counted(tasks, "recorded task")}.`;
  return `${from} ${tasks < tasksMin ? `At least ${tasksMin} are needed.` : "No other strategy gains 3 % or more in a replay."}`;
}
