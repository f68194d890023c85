/** Reads of sessions: their tasks, plans and reasons. */
import type {
  ExplainSessionReply,
  ExplainSessionRequest,
  GetPlanReply,
  GetPlanRequest,
  ListTasksReply,
  ListTasksRequest,
  PlanView,
} from "@tutti/contracts/session/v1";
import type { Explanation } from "@tutti/contracts/types/v1";
import { placeOfToken, sizeOf, tokenOfPlace, withPause } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { explainSession, showChoices, showPlan, showTasks, showWork } from "@tutti/machine-session";
import { sessionServiceErrors } from "../../sessions/errors.ts";
import { keyOf, querySession, recordsOf, type SessionDependencies } from "./dependencies.ts";

export async function listTasks(
  dependencies: SessionDependencies,
  { sessionId, statuses, partId, withPayloads, page }: ListTasksRequest,
  context: CallContext,
): Promise<ListTasksReply> {
  const from = placeOfToken(page?.token ?? "");
  const body = { from, size: sizeOf(page), statuses, partId, withPayloads };
  const { tasks, next } = await querySession(dependencies, sessionId, { query: showTasks, body }, context);
  return { tasks: [...tasks], page: { nextToken: next < 0 ? "" : tokenOfPlace(next), total: undefined } };
}

export async function getPlan(
  dependencies: SessionDependencies,
  { sessionId, number }: GetPlanRequest,
  context: CallContext,
): Promise<GetPlanReply> {
  const query = { query: showPlan, body: undefined };
  const latest = await querySession(dependencies, sessionId, query, context);
  const { number: count } = latest;
  if (number === 0 || number === count) return { plan: latest, count };
  const atEvent = number > count ? 0 : await eventOfPlan(dependencies, sessionId, number, context);
  if (atEvent === 0) throw sessionServiceErrors.planMissing({ id: sessionId, number });
  const plan = await querySession(dependencies, sessionId, { ...query, atEvent }, context);
  return { plan: withReality(plan, latest), count };
}

/** Returns the number of the event that made a plan. 0 without a plan. */
async function eventOfPlan(
  dependencies: SessionDependencies,
  sessionId: string,
  number: number,
  context: CallContext,
): Promise<number> {
  let plans = 0;
  for await (const { event, type } of recordsOf(dependencies, sessionId, 0, context))
    if (type === "plan_made" && ++plans === number) return event;
  return 0;
}

/** Adds the actual course of its tasks to a plan. */
function withReality(plan: PlanView, { tasks, moves }: PlanView): PlanView {
  const byId = new Map(tasks.map((task) => [task.taskId, task]));
  const nothing = { agentId: "", startTime: undefined, endTime: undefined, critical: false };
  const actual = plan.tasks.map((task) => {
    const { agentId, startTime, endTime, critical } = byId.get(task.taskId) ?? nothing;
    return { ...task, agentId, startTime, endTime, critical };
  });
  return { ...plan, tasks: actual, moves };
}

/** The work that does a task knows more than the session: its own explanation is added. */
const partTimeoutMs = 2_000;

export async function explain(
  dependencies: SessionDependencies,
  { sessionId, taskId }: ExplainSessionRequest,
  context: CallContext,
): Promise<ExplainSessionReply> {
  const own = await querySession(
    dependencies,
    sessionId,
    { query: explainSession, body: { taskId } },
    context,
  );
  const choices = await querySession(
    dependencies,
    sessionId,
    { query: showChoices, body: undefined },
    context,
  );
  const parts = await explanationsOf(dependencies, sessionId, taskId, context);
  const key = keyOf(context.namespace, sessionId);
  return {
    explanation: withPause(dependencies, key, dependencies.heldPlans.explained(key, { ...own, parts })),
    choices: [...choices],
  };
}

/** Returns the explanation of a task by its part, or of a session by its open parts. */
async function explanationsOf(
  dependencies: SessionDependencies,
  sessionId: string,
  taskId: string,
  context: CallContext,
): Promise<Explanation[]> {
  const body = { from: 0, size: 1_000, statuses: [], partId: "", withPayloads: false };
  const { namespace } = context;
  if (taskId === "") return [];
  const view = await querySession(dependencies, sessionId, { query: showWork, body: undefined }, context);
  const number = view.byId.get(taskId) ?? -1;
  const call = { query: showTasks, body: { ...body, from: number, size: 1 } };
  const { tasks } = await querySession(dependencies, sessionId, call, context);
  const { work } = tasks[0] ?? {};
  if (work === undefined || number < 0) return [];
  const options = { context, timeoutMs: partTimeoutMs };
  // Without an answer, the session's own explanation remains.
  const reply =
    work.kind === "run"
      ? await dependencies.runs
          .explainRun({ namespace, runId: work.id, taskId }, options)
          .catch(() => undefined)
      : await dependencies.missions
          .explainMission({ namespace, missionId: work.id, taskId }, options)
          .catch(() => undefined);
  return reply?.explanation === undefined ? [] : [reply.explanation];
}
