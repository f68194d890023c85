import {
  type CodeCompensation,
  compensationsOf,
  type EventFacts,
  eventOf,
  questionText,
  usageText,
} from "@tutti/rest/history";
import type { Approval, Run, Task } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { drawRun } from "../../drawing/run-frame.ts";
import { drawError } from "../../follow/end.ts";
import { isFunction, usedOf, viewOf } from "../../follow/run-model.ts";
import type { Server } from "../../server/calls.ts";
import { dashboardUrl } from "../../server/dashboard.ts";
import { eventsOf } from "../../server/events.ts";
import { inboxText, questionsOfRuns } from "../../server/questions.ts";
import { connect } from "../../server/server.ts";
import { whichever } from "../../server/whichever.ts";
import { startOf } from "../../terminal/progress.ts";
import { displayOf } from "../../terminal/states.ts";
import { safe } from "../../terminal/text.ts";
import { printAge, printMoment } from "../../terminal/time.ts";
import { showMission } from "../missions/read.ts";
import { showSession } from "../sessions/read.ts";
import { idleText } from "./list.ts";
import { showTask } from "./show-task.ts";

const pageSize = 1_000;
const tasksMax = 20_000;

export async function show(context: Context): Promise<Result> {
  const { values } = context;
  const id = values.argument("ID");
  const task = values.optionalArgument("TASK");
  const server = await connect(context);
  if (task !== undefined) return await showTask(context, server, { id, task });
  return await whichever<Result>({
    run: async () => {
      const { run, tasks } = await stateOf(context, server, id);
      const hasQuestions = mayAsk(run) && values.integer("at") === undefined;
      const compensations = await compensationsIn(context, server, { run, tasks });
      const open = hasQuestions ? await questionsOfRuns(server, id).catch(() => []) : [];
      return {
        json: open.length === 0 ? { run, tasks } : { run, tasks, approvals: open },
        quiet: [run.status],
        draw: () => {
          draw(context, { run, tasks, open, compensations, page: dashboardUrl(server, "run", id) });
        },
      };
    },
    mission: () => showMission(context),
    session: () => showSession(context),
  });
}

/** Whether a task may wait for a person. A task in an inbox is running. */
function mayAsk({ status, openApprovals = 0, tasks = {} }: Run): boolean {
  return openApprovals > 0 || (!displayOf(status).isEnded && (tasks.running ?? 0) > 0);
}

async function stateOf(
  { values }: Context,
  server: Server,
  id: string,
): Promise<{ readonly run: Run; readonly tasks: readonly Task[] }> {
  const event = values.integer("at");
  const query = { ...server.namespace, size: pageSize };
  if (event !== undefined)
    return await server.call("runs.state", { params: { id }, query: { ...query, event } });
  const run = await server.call("runs.get", { params: { id }, query: server.namespace });
  const tasks: Task[] = [];
  let token: string | undefined;
  do {
    const more = token === undefined ? {} : { token };
    const reply = await server.call("tasks.list", { params: { id }, query: { ...query, ...more } });
    tasks.push(...reply.tasks);
    token = reply.nextToken === "" ? undefined : reply.nextToken;
  } while (token !== undefined && tasks.length < tasksMax);
  return { run, tasks };
}

/** Reads the compensations of functions that did not complete. Only their history has them. */
async function compensationsIn(
  { values }: Context,
  server: Server,
  { run, tasks }: Pick<RunDetails, "run" | "tasks">,
): Promise<readonly CodeCompensation[]> {
  const atEvent = values.integer("at") ?? Number.POSITIVE_INFINITY;
  const functions = tasks.filter((task) => isFunction(task) && /^(failed|cancelled)$/.test(task.status));
  const events: EventFacts[] = [];
  for (const { taskId: task } of functions)
    for await (const event of eventsOf(server, run.runId, { task })) events.push(eventOf(event));
  return compensationsOf(events.filter(({ number }) => number <= atEvent));
}

interface RunDetails {
  readonly run: Run;
  readonly tasks: readonly Task[];
  readonly open: readonly Approval[];
  readonly compensations: readonly CodeCompensation[];
  /** Its address in the dashboard. */
  readonly page: string;
}

function draw({ print, shell }: Context, { run, tasks, open, compensations, page }: RunDetails): void {
  const { style } = print;
  const width = Math.min(print.width, 100);
  const nowMs = shell.nowMs();
  print.lines(drawRun(viewOf(run, tasks, compensations), { style, width, height: 200, nowMs }));
  if (idleText(run) !== "") print.line(` ${style.dim(`Why no task runs: tutti why ${safe(run.runId)}`)}`);
  const { spec, outcome } = run;
  const labels = Object.entries(spec?.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  const started = startOf(run);
  const by = run.createCause?.actor;
  const used = usedOf(run.used);
  print.line("");
  print.facts([
    [
      "started",
      started === undefined ? undefined : `${printMoment(started, nowMs)}  ${printAge(started, nowMs)}`,
    ],
    ["by", by === undefined ? undefined : `${by.kind} ${by.id}`],
    ["version", versionOf(run)],
    ["labels", labels.join("  ")],
    [
      "parent",
      run.parent === undefined
        ? undefined
        : `${run.parent.kind ?? ""} ${run.parent.id} ${run.parent.task ?? ""}`.trim(),
    ],
    ["continues as", outcome?.continued?.id],
    ...open.map((question) => ["question", inboxText(question, nowMs) ?? questionText(question)] as const),
    ["used", used === undefined ? undefined : usageText(used)],
    ["events", run.eventCount === undefined ? undefined : `${run.eventCount}  (tutti history ${run.runId})`],
    ["dashboard", page],
  ]);
  print.section("input", spec?.input);
  if (outcome !== undefined && "completed" in outcome) print.section("output", outcome.completed);
  const error = outcome?.failed ?? outcome?.cancelled ?? outcome?.terminated;
  if (error !== undefined) print.lines(["", style.dim("error"), ...drawError(error, print)]);
}

function versionOf({ versionLabel = "", definitionHash = "" }: Run): string {
  return [versionLabel, definitionHash.slice(0, 12)].filter((part) => part !== "").join("  ");
}
