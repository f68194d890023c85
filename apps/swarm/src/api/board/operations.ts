/**
 * The operations of agents, persons and services on the board of a mission. Each is a command in the name of
 * the agent, if an agent acts.
 */
import * as swarm from "@tutti/contracts/swarm/v1";
import type { Amounts } from "@tutti/contracts/types/v1";
import { type CallContext, contextWith, durationText, sleep } from "@tutti/kernel";
import {
  addTasks,
  castVote,
  claimTasks,
  closeVote,
  completeJudgedTasks,
  completeTasks,
  delegateTask,
  getEntries,
  handOffTask,
  joinBoard,
  leaveMission,
  missionErrors,
  openVote,
  putEntries,
  releaseTasks,
  renewClaims,
  reserveBudget,
  returnBudget,
  sendMessages,
  showMission,
  spendBudget,
} from "@tutti/machine-mission";
import { missionServiceErrors } from "../../missions/errors.ts";
import { requireFitting } from "../../missions/fit.ts";
import { withDefaults } from "../../missions/task-defaults.ts";
import {
  eventsOf,
  executeOnMission,
  keyOf,
  type MissionDependencies,
  missionNamed,
  queryMission,
} from "../missions/dependencies.ts";
import { isJudged, judgedEnds } from "./judged-ends.ts";
import { offeringOf } from "./offerings.ts";

/** The acting agent, and the mission. */
export interface Acting {
  readonly missionId: string;
  /** Empty for a person or a service. */
  readonly agentId: string;
}

/**
 * Returns the caller as the agent for which it acts. An agent acts for itself alone. The operator of agents acts for
 * them.
 */
export function actingFor({ agentId }: Pick<Acting, "agentId">, context: CallContext): CallContext {
  if (agentId === "") return context;
  const { principal } = context;
  if (principal.kind !== "agent")
    return contextWith(context, { principal: { kind: "agent", id: agentId, roles: principal.roles } });
  if (principal.id !== agentId) throw missionServiceErrors.notYours({ caller: principal.id, agent: agentId });
  return context;
}

/** Requires the mission id of a unary call. */
export function missionIn<Request extends Acting>(request: Request): Request {
  if (request.missionId === "")
    throw missionServiceErrors.missionUnnamed(undefined, {
      violations: [{ field: "mission_id", message: "expected the id of a mission, got nothing" }],
    });
  return request;
}

/** Requires the agent id of an operation for agents only. */
function agentIn<Request extends Acting>(request: Request): Request {
  if (request.agentId === "")
    throw missionServiceErrors.agentUnnamed(undefined, {
      violations: [{ field: "agent_id", message: "expected the id of an agent, got nothing" }],
    });
  return missionIn(request);
}

/** Returns the request for the mission: the target mission is implied. */
function within<Request extends { readonly namespace: string; readonly missionId: string }>(
  request: Request,
): Request {
  return { ...request, namespace: "", missionId: "" };
}

export async function join(
  dependencies: MissionDependencies,
  request: swarm.JoinMissionRequest,
  context: CallContext,
): Promise<swarm.JoinMissionReply> {
  const { missionId, agentId } = agentIn(request);
  const acting = actingFor(request, context);
  const offering = await offeringOf(dependencies, request, context);
  const call = { command: joinBoard, body: { request: within(request), offering } };
  const { messageNumber } = await executeOnMission(dependencies, missionId, call, acting);
  dependencies.refusedJoins.joined(keyOf(context.namespace, missionId), agentId);
  return { mission: await missionNamed(dependencies, missionId, context), messageNumber };
}

export function leave(
  dependencies: MissionDependencies,
  request: swarm.LeaveMissionRequest,
  context: CallContext,
): Promise<swarm.LeaveMissionReply> {
  const { missionId, reason } = agentIn(request);
  return executeOnMission(
    dependencies,
    missionId,
    { command: leaveMission, body: within(request), reason },
    actingFor(request, context),
  );
}

export async function add(
  dependencies: MissionDependencies,
  request: swarm.AddTasksRequest,
  context: CallContext,
): Promise<swarm.AddTasksReply> {
  const { missionId, idempotencyKey } = missionIn(request);
  const mission = () => specIn(dependencies, missionId, context);
  await requireFitting(request.tasks, async () => (await mission()).assignment);
  const tasks = await withDefaults(request.tasks, dependencies.retryIn(context.namespace), mission);
  const call = { command: addTasks, body: within({ ...request, tasks }), idempotencyKey };
  return executeOnMission(dependencies, missionId, call, actingFor(request, context));
}

/** Returns the specification of a mission at its start, without its tasks. */
async function specIn(
  dependencies: MissionDependencies,
  id: string,
  context: CallContext,
): Promise<swarm.MissionSpec> {
  const call = { query: showMission, body: { whole: false } };
  const { spec } = (await queryMission(dependencies, id, call, context)) as swarm.Mission;
  return spec ?? swarm.MissionSpec.create();
}

/** Pause between looks for changes. */
const pollMs = 10;

/** Claims tasks, and waits for the first one if requested. A repeated key returns the same claims. */
export async function claim(
  dependencies: MissionDependencies,
  request: swarm.ClaimTasksRequest,
  context: CallContext,
): Promise<swarm.ClaimTasksReply> {
  const { missionId, waitMs, idempotencyKey } = agentIn(request);
  const { clock, timers } = dependencies.foundation;
  const acting = actingFor(request, context);
  const key = keyOf(context.namespace, missionId);
  const untilMs = clock.monotonic() + waitMs;
  for (let attempts = 0; ; attempts++) {
    const events = waitMs > 0 ? await eventsOf(dependencies, missionId, context) : 0;
    // An empty claim would be the permanent answer under its key.
    const call = {
      command: claimTasks,
      body: { request: within(request), offering: undefined },
      idempotencyKey:
        idempotencyKey === "" || attempts === 0 ? idempotencyKey : `${idempotencyKey}#${attempts}`,
    };
    // Paused work starts nothing, even on request.
    const reply = dependencies.runtime.pauseOf(key)
      ? { tasks: [] }
      : await executeOnMission(dependencies, missionId, call, acting);
    if (reply.tasks.length > 0 || clock.monotonic() >= untilMs || context.signal.aborted) return reply;
    while (
      clock.monotonic() < untilMs &&
      !context.signal.aborted &&
      (dependencies.runtime.pauseOf(key) !== undefined || !dependencies.runtime.hasNewEvents(key, events))
    )
      await sleep(timers, pollMs, context.signal).catch(() => {});
  }
}

export function renew(
  dependencies: MissionDependencies,
  request: swarm.RenewClaimsRequest,
  context: CallContext,
): Promise<swarm.RenewClaimsReply> {
  const { missionId } = agentIn(request);
  return executeOnMission(
    dependencies,
    missionId,
    { command: renewClaims, body: within(request) },
    actingFor(request, context),
  );
}

export function release(
  dependencies: MissionDependencies,
  request: swarm.ReleaseTasksRequest,
  context: CallContext,
): Promise<swarm.ReleaseTasksReply> {
  const { missionId, reason } = agentIn(request);
  const call = { command: releaseTasks, body: within(request), reason };
  return executeOnMission(dependencies, missionId, call, actingFor(request, context));
}

/** An operation without a rule is sent at once: operations of a stream take effect in their order. */
export function complete(
  dependencies: MissionDependencies,
  request: swarm.CompleteTasksRequest,
  context: CallContext,
): Promise<swarm.CompleteTasksReply> {
  const { missionId } = agentIn(request);
  const acting = actingFor(request, context);
  const endClaims = (ends: swarm.ClaimEnd[]) =>
    executeOnMission(
      dependencies,
      missionId,
      { command: completeTasks, body: within({ ...request, ends }) },
      acting,
    );
  if (!isJudged(dependencies)) return endClaims(request.ends);
  return judgedEnds(dependencies, request, context).then(({ ends, questions }) => {
    if (questions.length === 0) return endClaims(ends);
    const body = { ends: within({ ...request, ends }), questions };
    return executeOnMission(dependencies, missionId, { command: completeJudgedTasks, body }, acting);
  });
}

export function handOff(
  dependencies: MissionDependencies,
  request: swarm.HandOffTaskRequest,
  context: CallContext,
): Promise<swarm.HandOffTaskReply> {
  const { missionId, idempotencyKey, reason } = agentIn(request);
  const call = { command: handOffTask, body: within(request), idempotencyKey, reason };
  return executeOnMission(dependencies, missionId, call, actingFor(request, context));
}

export async function delegate(
  dependencies: MissionDependencies,
  request: swarm.DelegateTaskRequest,
  context: CallContext,
): Promise<swarm.DelegateTaskReply> {
  const { missionId, idempotencyKey } = agentIn(request);
  const parts = request.task === undefined ? [] : [request.task];
  const mission = () => specIn(dependencies, missionId, context);
  await requireFitting(parts, async () => (await mission()).assignment);
  const [task] = await withDefaults(parts, dependencies.retryIn(context.namespace), mission);
  const call = { command: delegateTask, body: within({ ...request, task }), idempotencyKey };
  return executeOnMission(dependencies, missionId, call, actingFor(request, context));
}

export async function get(
  dependencies: MissionDependencies,
  request: swarm.GetEntriesRequest,
  context: CallContext,
): Promise<swarm.GetEntriesReply> {
  const { missionId, keys } = missionIn({ ...request, agentId: "" });
  const call = { query: getEntries, body: { keys } };
  return { entries: [...(await queryMission(dependencies, missionId, call, context))] };
}

export function put(
  dependencies: MissionDependencies,
  request: swarm.PutEntriesRequest,
  context: CallContext,
): Promise<swarm.PutEntriesReply> {
  const { missionId, idempotencyKey } = missionIn(request);
  const call = { command: putEntries, body: within(request), idempotencyKey };
  return executeOnMission(dependencies, missionId, call, actingFor(request, context));
}

export function send(
  dependencies: MissionDependencies,
  request: swarm.SendMessagesRequest,
  context: CallContext,
): Promise<swarm.SendMessagesReply> {
  const { missionId, idempotencyKey } = missionIn(request);
  const call = { command: sendMessages, body: within(request), idempotencyKey };
  return executeOnMission(dependencies, missionId, call, actingFor(request, context));
}

export function open(
  dependencies: MissionDependencies,
  request: swarm.OpenVoteRequest,
  context: CallContext,
): Promise<swarm.OpenVoteReply> {
  const { missionId } = missionIn(request);
  return executeOnMission(
    dependencies,
    missionId,
    { command: openVote, body: within(request) },
    actingFor(request, context),
  );
}

export function cast(
  dependencies: MissionDependencies,
  request: swarm.CastVoteRequest,
  context: CallContext,
): Promise<swarm.CastVoteReply> {
  const { missionId, reason } = agentIn(request);
  const call = { command: castVote, body: within(request), reason };
  return executeOnMission(dependencies, missionId, call, actingFor(request, context));
}

export function close(
  dependencies: MissionDependencies,
  request: swarm.CloseVoteRequest,
  context: CallContext,
): Promise<swarm.CloseVoteReply> {
  const { missionId, reason } = missionIn(request);
  const call = { command: closeVote, body: within(request), reason };
  return executeOnMission(dependencies, missionId, call, actingFor(request, context));
}

/** Reserves an amount. If less is left, and if so configured, a person has been asked to raise it. */
export async function reserve(
  dependencies: MissionDependencies,
  request: swarm.ReserveBudgetRequest,
  context: CallContext,
): Promise<swarm.ReserveBudgetReply> {
  const { missionId, idempotencyKey, amounts } = missionIn(request);
  const call = { command: reserveBudget, body: within(request), idempotencyKey };
  const reply = await executeOnMission(dependencies, missionId, call, actingFor(request, context));
  if (reply.reservation !== undefined) return reply;
  throw missionErrors.budgetShort({
    requested: amountsText(amounts),
    remaining: amountsText(reply.budget?.available),
  });
}

function amountsText({ tokens = 0, money = 0, timeMs = 0 }: Partial<Amounts> = {}): string {
  const parts = [
    tokens > 0 ? `${tokens} tokens` : "",
    money > 0 ? `${money} of money` : "",
    timeMs > 0 ? durationText(timeMs) : "",
  ];
  return parts.filter((part) => part !== "").join(", ") || "nothing";
}

export function spend(
  dependencies: MissionDependencies,
  request: swarm.SpendBudgetRequest,
  context: CallContext,
): Promise<swarm.SpendBudgetReply> {
  const { missionId, idempotencyKey } = missionIn(request);
  const call = { command: spendBudget, body: within(request), idempotencyKey };
  return executeOnMission(dependencies, missionId, call, actingFor(request, context));
}

export function returnUnspent(
  dependencies: MissionDependencies,
  request: swarm.ReturnBudgetRequest,
  context: CallContext,
): Promise<swarm.ReturnBudgetReply> {
  const { missionId } = missionIn(request);
  return executeOnMission(
    dependencies,
    missionId,
    { command: returnBudget, body: within(request) },
    actingFor(request, context),
  );
}
