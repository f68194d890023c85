/**
 * What agents, persons and services do on the board of a mission: each operation is a command, told in the name of the agent
 * that acts where one does.
 */
import * as swarm from "@tutti/contracts/swarm/v1";
import type { Amounts } from "@tutti/contracts/types/v1";
import { type CallContext, contextWith, sleep } from "@tutti/kernel";
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
import { insistOnFit } from "../../missions/fit.ts";
import {
  askMission,
  eventsOf,
  keyOf,
  type MissionDesk,
  missionNamed,
  tellMission,
} from "../missions/desk.ts";
import { isJudged, judgedEnds } from "./judged-ends.ts";
import { offeringOf } from "./offerings.ts";

/** Who acts, and in which mission. */
export interface Acting {
  readonly missionId: string;
  /** Empty for a person or a service. */
  readonly agentId: string;
}

/** The caller as the agent for which it acts. An agent acts for itself alone; whoever runs agents acts for them. */
export function actingFor({ agentId }: Pick<Acting, "agentId">, context: CallContext): CallContext {
  if (agentId === "") return context;
  const { principal } = context;
  if (principal.kind !== "agent")
    return contextWith(context, { principal: { kind: "agent", id: agentId, roles: principal.roles } });
  if (principal.id !== agentId) throw missionServiceErrors.notYours({ caller: principal.id, agent: agentId });
  return context;
}

/** Of a unary call: it names its mission. */
export function missionIn<Request extends Acting>(request: Request): Request {
  if (request.missionId === "")
    throw missionServiceErrors.missionUnnamed(undefined, {
      violations: [{ field: "mission_id", message: "expected the id of a mission, found nothing" }],
    });
  return request;
}

/** Of what agents alone do. */
function agentIn<Request extends Acting>(request: Request): Request {
  if (request.agentId === "")
    throw missionServiceErrors.agentUnnamed(undefined, {
      violations: [{ field: "agent_id", message: "expected the id of an agent, found nothing" }],
    });
  return missionIn(request);
}

/** As the mission is told: that it is the one that is meant goes without saying. */
function within<Request extends { readonly namespace: string; readonly missionId: string }>(
  request: Request,
): Request {
  return { ...request, namespace: "", missionId: "" };
}

export async function join(
  desk: MissionDesk,
  request: swarm.JoinMissionRequest,
  context: CallContext,
): Promise<swarm.JoinMissionReply> {
  const { missionId, agentId } = agentIn(request);
  const acting = actingFor(request, context);
  const offering = await offeringOf(desk, request, context);
  const told = { command: joinBoard, body: { request: within(request), offering } };
  const { messageNumber } = await tellMission(desk, missionId, told, acting);
  desk.refusedJoins.joined(keyOf(context.namespace, missionId), agentId);
  return { mission: await missionNamed(desk, missionId, context), messageNumber };
}

export function leave(
  desk: MissionDesk,
  request: swarm.LeaveMissionRequest,
  context: CallContext,
): Promise<swarm.LeaveMissionReply> {
  const { missionId, reason } = agentIn(request);
  return tellMission(
    desk,
    missionId,
    { command: leaveMission, body: within(request), reason },
    actingFor(request, context),
  );
}

export async function add(
  desk: MissionDesk,
  request: swarm.AddTasksRequest,
  context: CallContext,
): Promise<swarm.AddTasksReply> {
  const { missionId, idempotencyKey } = missionIn(request);
  await insistOnFit(request.tasks, () => assignmentIn(desk, missionId, context));
  const told = { command: addTasks, body: within(request), idempotencyKey };
  return tellMission(desk, missionId, told, actingFor(request, context));
}

/** How tasks of a mission come to agents. */
async function assignmentIn(desk: MissionDesk, id: string, context: CallContext): Promise<swarm.Assignment> {
  const asked = { query: showMission, body: { whole: false } };
  const { spec } = (await askMission(desk, id, asked, context)) as swarm.Mission;
  return spec?.assignment ?? swarm.Assignment.ASSIGNMENT_UNSPECIFIED;
}

/** How long a look for what changed rests. */
const lookMs = 10;

/** Waits for the first, where that is asked. What was claimed under a key is found again under it. */
export async function claim(
  desk: MissionDesk,
  request: swarm.ClaimTasksRequest,
  context: CallContext,
): Promise<swarm.ClaimTasksReply> {
  const { missionId, waitMs, idempotencyKey } = agentIn(request);
  const { clock, timers } = desk.foundation;
  const acting = actingFor(request, context);
  const key = keyOf(context.namespace, missionId);
  const untilMs = clock.monotonic() + waitMs;
  for (let looks = 0; ; looks++) {
    const events = waitMs > 0 ? await eventsOf(desk, missionId, context) : 0;
    // A claim that found nothing is answered so for ever under its key.
    const told = {
      ...{ command: claimTasks, body: { request: within(request), offering: undefined } },
      idempotencyKey: idempotencyKey === "" || looks === 0 ? idempotencyKey : `${idempotencyKey}#${looks}`,
    };
    // Nobody begins anything of what is paused, asked for or not.
    const reply = desk.runtime.pauseOf(key)
      ? { tasks: [] }
      : await tellMission(desk, missionId, told, acting);
    if (reply.tasks.length > 0 || clock.monotonic() >= untilMs || context.signal.aborted) return reply;
    while (
      clock.monotonic() < untilMs &&
      !context.signal.aborted &&
      (desk.runtime.pauseOf(key) !== undefined || !desk.runtime.hasNews(key, events))
    )
      await sleep(timers, lookMs, context.signal).catch(() => {});
  }
}

export function renew(
  desk: MissionDesk,
  request: swarm.RenewClaimsRequest,
  context: CallContext,
): Promise<swarm.RenewClaimsReply> {
  const { missionId } = agentIn(request);
  return tellMission(
    desk,
    missionId,
    { command: renewClaims, body: within(request) },
    actingFor(request, context),
  );
}

export function release(
  desk: MissionDesk,
  request: swarm.ReleaseTasksRequest,
  context: CallContext,
): Promise<swarm.ReleaseTasksReply> {
  const { missionId, reason } = agentIn(request);
  const told = { command: releaseTasks, body: within(request), reason };
  return tellMission(desk, missionId, told, actingFor(request, context));
}

/** What no rule is about is told at once: operations of a stream take effect in their order. */
export function complete(
  desk: MissionDesk,
  request: swarm.CompleteTasksRequest,
  context: CallContext,
): Promise<swarm.CompleteTasksReply> {
  const { missionId } = agentIn(request);
  const acting = actingFor(request, context);
  const tell = (ends: swarm.ClaimEnd[]) =>
    tellMission(desk, missionId, { command: completeTasks, body: within({ ...request, ends }) }, acting);
  if (!isJudged(desk)) return tell(request.ends);
  return judgedEnds(desk, request, context).then(({ ends, questions }) => {
    if (questions.length === 0) return tell(ends);
    const body = { ends: within({ ...request, ends }), questions };
    return tellMission(desk, missionId, { command: completeJudgedTasks, body }, acting);
  });
}

export function handOff(
  desk: MissionDesk,
  request: swarm.HandOffTaskRequest,
  context: CallContext,
): Promise<swarm.HandOffTaskReply> {
  const { missionId, idempotencyKey, reason } = agentIn(request);
  const told = { command: handOffTask, body: within(request), idempotencyKey, reason };
  return tellMission(desk, missionId, told, actingFor(request, context));
}

export async function delegate(
  desk: MissionDesk,
  request: swarm.DelegateTaskRequest,
  context: CallContext,
): Promise<swarm.DelegateTaskReply> {
  const { missionId, idempotencyKey } = agentIn(request);
  const parts = request.task === undefined ? [] : [request.task];
  await insistOnFit(parts, () => assignmentIn(desk, missionId, context));
  const told = { command: delegateTask, body: within(request), idempotencyKey };
  return tellMission(desk, missionId, told, actingFor(request, context));
}

export async function get(
  desk: MissionDesk,
  request: swarm.GetEntriesRequest,
  context: CallContext,
): Promise<swarm.GetEntriesReply> {
  const { missionId, keys } = missionIn({ ...request, agentId: "" });
  const asked = { query: getEntries, body: { keys } };
  return { entries: [...(await askMission(desk, missionId, asked, context))] };
}

export function put(
  desk: MissionDesk,
  request: swarm.PutEntriesRequest,
  context: CallContext,
): Promise<swarm.PutEntriesReply> {
  const { missionId, idempotencyKey } = missionIn(request);
  const told = { command: putEntries, body: within(request), idempotencyKey };
  return tellMission(desk, missionId, told, actingFor(request, context));
}

export function send(
  desk: MissionDesk,
  request: swarm.SendMessagesRequest,
  context: CallContext,
): Promise<swarm.SendMessagesReply> {
  const { missionId, idempotencyKey } = missionIn(request);
  const told = { command: sendMessages, body: within(request), idempotencyKey };
  return tellMission(desk, missionId, told, actingFor(request, context));
}

export function open(
  desk: MissionDesk,
  request: swarm.OpenVoteRequest,
  context: CallContext,
): Promise<swarm.OpenVoteReply> {
  const { missionId } = missionIn(request);
  return tellMission(
    desk,
    missionId,
    { command: openVote, body: within(request) },
    actingFor(request, context),
  );
}

export function cast(
  desk: MissionDesk,
  request: swarm.CastVoteRequest,
  context: CallContext,
): Promise<swarm.CastVoteReply> {
  const { missionId, reason } = agentIn(request);
  const told = { command: castVote, body: within(request), reason };
  return tellMission(desk, missionId, told, actingFor(request, context));
}

export function close(
  desk: MissionDesk,
  request: swarm.CloseVoteRequest,
  context: CallContext,
): Promise<swarm.CloseVoteReply> {
  const { missionId, reason } = missionIn(request);
  const told = { command: closeVote, body: within(request), reason };
  return tellMission(desk, missionId, told, actingFor(request, context));
}

/** Less than is wanted may be left: then, if so configured, a person has been asked to raise it. */
export async function reserve(
  desk: MissionDesk,
  request: swarm.ReserveBudgetRequest,
  context: CallContext,
): Promise<swarm.ReserveBudgetReply> {
  const { missionId, idempotencyKey, amounts } = missionIn(request);
  const told = { command: reserveBudget, body: within(request), idempotencyKey };
  const reply = await tellMission(desk, missionId, told, actingFor(request, context));
  if (reply.reservation !== undefined) return reply;
  throw missionErrors.budgetShort({ wanted: inWords(amounts), left: inWords(reply.budget?.available) });
}

function inWords({ tokens = 0, money = 0, timeMs = 0 }: Partial<Amounts> = {}): string {
  const words = [
    tokens > 0 ? `${tokens} tokens` : "",
    money > 0 ? `${money} of money` : "",
    timeMs > 0 ? `${timeMs} ms` : "",
  ];
  return words.filter((word) => word !== "").join(", ") || "nothing";
}

export function spend(
  desk: MissionDesk,
  request: swarm.SpendBudgetRequest,
  context: CallContext,
): Promise<swarm.SpendBudgetReply> {
  const { missionId, idempotencyKey } = missionIn(request);
  const told = { command: spendBudget, body: within(request), idempotencyKey };
  return tellMission(desk, missionId, told, actingFor(request, context));
}

export function giveBack(
  desk: MissionDesk,
  request: swarm.ReturnBudgetRequest,
  context: CallContext,
): Promise<swarm.ReturnBudgetReply> {
  const { missionId } = missionIn(request);
  return tellMission(
    desk,
    missionId,
    { command: returnBudget, body: within(request) },
    actingFor(request, context),
  );
}
