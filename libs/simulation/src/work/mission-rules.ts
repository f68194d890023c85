/** The rules for the events of a mission: see the invariants of `MissionCheck`. */
import { NeedCondition, TaskStatus } from "@tutti/contracts/types/v1";
import type { Mission } from "@tutti/machine-mission";
import { leaderLeaseMs, specOf } from "@tutti/machine-mission/testing";
import { isDone, kinds, taskStatusName } from "@tutti/machine-work";

type Task = Mission["tasks"][number];

/** A durable event of a mission, with the command that caused it. */
export interface CausedEvent {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each event has a body of its own, read by its type
  readonly body: any;
  readonly timeMs: number;
  /** Undefined for timers, messages of other instances, and reports of agents of pools. */
  readonly command: CausingCommand | undefined;
  /** Use that the agent of a pool reported with this end. Undefined if there is none. */
  readonly reportedUse: object | undefined;
}

interface CausingCommand {
  readonly number: number;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: each command has a body of its own
  readonly body: any;
}

/** Returns the problem of an event, if any. */
type Rule = (mission: Mission, event: CausedEvent) => string | undefined;

const { TASK_STATUS_QUEUED: queued, TASK_STATUS_RUNNING: running } = TaskStatus;
const { TASK_STATUS_COMPLETED: completed, TASK_STATUS_FAILED: failed } = TaskStatus;
const slack = 1e-4;
const leaseDefaultMs = 60_000;

function taskOf({ tasks }: Mission, { body: { node } }: CausedEvent): Task {
  const task = tasks[node];
  if (task === undefined) throw new Error(`there is no task ${node}`);
  return task;
}

const claimIdOf = ({ number, attempt }: Task): string => `c${number}.${attempt}`;

/** See invariant 1. */
function isHeldBy(task: Task, agent: string, claimIds: readonly string[], atMs: number): string | undefined {
  const { spec, status, agent: holder, isClaimed, leaseDueMs } = task;
  if (status !== running || holder !== agent)
    return `${spec.id} is ${taskStatusName(status)} by ${holder || "no agent"}, and ${agent} acts on it`;
  if (!claimIds.includes(claimIdOf(task)))
    return `${spec.id} has the claim ${claimIdOf(task)}, and ${agent} acts by ${claimIds.join(", ")}`;
  if (isClaimed && atMs >= leaseDueMs)
    return `${spec.id} is acted on by ${agent} ${atMs - leaseDueMs} ms after the end of its lease`;
  return undefined;
}

/** See invariant 2. */
const startsAfterNeeds: Rule = (mission, event) => {
  const task = taskOf(mission, event);
  for (const { task: id, condition } of task.spec.needs) {
    const status = mission.tasks[mission.byId.get(id) ?? -1]?.status ?? 0;
    const isMet =
      condition === NeedCondition.NEED_CONDITION_ALWAYS
        ? isDone(status)
        : status === (condition === NeedCondition.NEED_CONDITION_FAILURE ? failed : completed);
    if (!isMet) return `${task.spec.id} starts before ${id}, which is ${taskStatusName(status)}`;
  }
  return undefined;
};

const isNextAttempt: Rule = (mission, event) => {
  const { attempt, spec } = taskOf(mission, event);
  if (event.body.attempt === attempt + 1) return undefined;
  return `${spec.id} starts attempt ${event.body.attempt} after ${attempt}`;
};

const isSameAttempt: Rule = (mission, event) => {
  const { attempt, spec } = taskOf(mission, event);
  return event.body.attempt === attempt
    ? undefined
    : `${event.type} of attempt ${event.body.attempt} of ${spec.id}, which is at ${attempt}`;
};

const isFree: Rule = (mission, event) => {
  const { status, spec, agent } = taskOf(mission, event);
  if (status !== queued && status !== running && !isDone(status)) return undefined;
  return `${spec.id} starts while it is ${taskStatusName(status)} by ${agent || "no agent"}`;
};

const isOpen: Rule = (mission, event) => {
  const { status, spec } = taskOf(mission, event);
  return isDone(status) ? `${event.type} of ${spec.id}, which is ${taskStatusName(status)}` : undefined;
};

const isClaimedAsRequested: Rule = (mission, event) => {
  const { agent, leaseMs } = event.body;
  const { spec, status, toAgent, toRole } = taskOf(mission, event);
  const request = event.command?.type === "claim_board_tasks" ? event.command.body.request : undefined;
  const participant = mission.participants.get(agent);
  if (request?.agentId !== agent) return `${spec.id} is claimed for ${agent}, which did not request it`;
  if (status !== queued) return `${spec.id} is claimed by ${agent} while it is ${taskStatusName(status)}`;
  if (leaseMs > (request?.leaseMs || leaseDefaultMs))
    return `${spec.id} is claimed for ${leaseMs} ms, longer than requested`;
  if (participant === undefined) return `${spec.id} is claimed by ${agent}, which does not participate`;
  const isFor = toRole === "" ? toAgent === "" || toAgent === agent : participant.role === toRole;
  return isFor ? undefined : `${spec.id} is claimed by ${agent}, and is for ${toAgent || toRole}`;
};

const isRenewedByHolder: Rule = (mission, { body: { agent, claims, renewMs }, command }) => {
  const renewals: readonly { readonly claimId: string }[] =
    command?.type === "renew_claims" ? command.body.renewals : [];
  const claimIds = renewals.map(({ claimId }) => claimId);
  for (const { node } of claims) {
    const problem = isHeldBy(mission.tasks[node] as Task, agent, claimIds, renewMs);
    if (problem !== undefined) return problem;
  }
  return undefined;
};

/** The use of an agent that went silent is its reservation. */
const isReturnedByHolderOrLost: Rule = (mission, event) => {
  const { lost, endMs } = event.body;
  const { command } = event;
  const task = taskOf(mission, event);
  if (command?.type === "release_tasks")
    return isHeldBy(task, command.body.agentId, command.body.claimIds, endMs);
  if (command !== undefined || !task.isClaimed || task.status !== running) return undefined;
  if (endMs < task.leaseDueMs)
    return `${task.spec.id} is taken from ${task.agent} before the end of its lease`;
  return lost ? undefined : `${task.spec.id} is returned from ${task.agent}, which went silent, as unused`;
};

const isHandedOnAsRequested: Rule = (mission, event) => {
  const { toAgent, toRole, handoff, handoffMs } = event.body;
  const task = taskOf(mission, event);
  const to = event.command?.body.to?.value;
  if (to !== (toAgent || toRole))
    return `${task.spec.id} is handed on to ${toAgent || toRole || "any agent"}, and was to go to ${to}`;
  if (toAgent !== "" && !mission.participants.has(toAgent))
    return `${task.spec.id} is handed on to ${toAgent}, which does not participate`;
  return isHeldBy(task, handoff.fromAgentId, [event.command?.body.claimId], handoffMs);
};

const isDelegatedByHolder: Rule = (mission, { body, command }) => {
  const { authority, fromAgent, toAgent, addMs, parent } = body;
  if (authority === undefined) return undefined;
  if (command?.type !== "delegate_task" || command.body.agentId !== fromAgent)
    return `a part was delegated without a request of ${fromAgent}`;
  if (toAgent !== "" && !mission.participants.has(toAgent))
    return `a part goes to ${toAgent}, which does not participate`;
  const above = mission.tasks[parent] as Task;
  const own = above.authority;
  const isWider =
    own !== undefined &&
    (!own.mayDelegate ||
      authority.capabilities.some((each: string) => !own.capabilities.includes(each)) ||
      authority.actions.some((each: string) => !own.actions.includes(each)));
  if (isWider) return `a part of ${above.spec.id} may do more than its delegator`;
  return isHeldBy(above, fromAgent, [command.body.claimId], addMs);
};

/** See invariant 3. An end by its agent, or by a client that claimed it. */
const isEndedAsReported: Rule = (mission, event) => {
  const { body, command, reportedUse } = event;
  const task = taskOf(mission, event);
  const byClaim =
    command?.type === "complete_tasks"
      ? command.body
      : command?.type === "complete_judged_tasks"
        ? command.body.ends
        : undefined;
  if (byClaim === undefined)
    return reportedUse === undefined ? undefined : isSameUse(task, body.used, reportedUse);
  const claimIds: string[] = byClaim.ends.map(({ claimId }: { claimId: string }) => claimId);
  const end = byClaim.ends[claimIds.indexOf(claimIdOf(task))];
  return isHeldBy(task, byClaim.agentId, claimIds, body.endMs) ?? isSameUse(task, body.used, end?.used);
};

type Use = Readonly<Partial<Record<(typeof kinds)[number], number>>> | undefined;

function isSameUse({ spec }: Task, booked: Use, reported: Use): string | undefined {
  const kind = kinds.find((each) => Math.abs((booked?.[each] ?? 0) - (reported?.[each] ?? 0)) > slack);
  return kind && `${spec.id} used ${booked?.[kind]} ${kind}, and its agent reports ${reported?.[kind]}`;
}

const isSpentAsRequested: Rule = ({ reservations }, { body: { number, amounts }, command }) => {
  const request = command?.type === "spend_budget" ? command.body : undefined;
  const reservation = reservations.get(number);
  if (reservation === undefined) return `r${number} is spent, and is not reserved`;
  for (const kind of kinds) {
    if (request?.reservationId !== `r${number}` || Math.abs(request.amounts[kind] - amounts[kind]) > slack)
      return `${amounts[kind]} ${kind} of r${number} are spent, and ${request?.amounts[kind]} of ${request?.reservationId} were requested`;
    if (reservation.spent[kind] + amounts[kind] > reservation.amounts[kind] + slack)
      return `more ${kind} of r${number} are spent than reserved`;
  }
  return undefined;
};

const isReturnedInTime: Rule = ({ reservations }, { body: { number }, command, timeMs }) => {
  const expireMs = reservations.get(number)?.expireMs ?? 0;
  const isDue = expireMs > 0 && timeMs >= expireMs;
  return command === undefined && !isDue
    ? `r${number} is returned automatically before it expires`
    : undefined;
};

/** See invariant 4: the writes that the command may make, in order. */
const isWrittenAsRequested: Rule = ({ entries }, { body, command }) => {
  if (command?.type !== "put_entries") return "entries are written without a request";
  const versions = new Map<string, number>();
  const texts = new Map<string, string>();
  const versionOf = (key: string): number =>
    versions.get(key) ?? (entries.get(key)?.value === undefined ? 0 : (entries.get(key)?.version ?? 0));
  const written: string[] = [];
  let isDenied = false;
  const last = new Map([...entries].map(([key, { version }]) => [key, version]));
  for (const { key, value, ifVersion } of command.body.writes) {
    const version = versionOf(key);
    if (ifVersion !== undefined && ifVersion !== version) isDenied = true;
    else if (value !== undefined || version > 0) {
      const next = (last.get(key) ?? 0) + 1;
      last.set(key, next);
      versions.set(key, value === undefined ? 0 : next);
      texts.set(key, JSON.stringify(value));
      written.push(`${key}=${JSON.stringify(value)}`);
    }
  }
  const expected = command.body.allOrNone && isDenied ? [] : written;
  const found = body.entries.map(
    ({ key, value }: { key: string; value: unknown }) => `${key}=${JSON.stringify(value)}`,
  );
  return expected.join() === found.join()
    ? undefined
    : `${found.join(", ")} was written, expected ${expected.join(", ") || "nothing"}`;
};

const isJoinedOnRequest: Rule = (_, { body: { agent }, command }) =>
  command?.type === "join_board" && command.body.request.agentId === agent
    ? undefined
    : `${agent} participates without a request`;

const isElectedAlone: Rule = (mission, { body: { agent, electMs } }) => {
  const { leader, leaderMs, participants } = mission;
  const role = specOf(mission).leadership?.role ?? "";
  if (participants.has(leader) && leaderMs > electMs)
    return `${agent} is elected while the lease of ${leader} lasts`;
  if (agent === "") return undefined;
  const elected = participants.get(agent);
  return elected === undefined || (role !== "" && elected.role !== role)
    ? `${agent} is elected, and may not lead`
    : undefined;
};

const isOpenedOnce: Rule = ({ votes }, { body: { vote } }) =>
  votes.has(vote.voteId) ? `the vote ${vote.voteId} is opened twice` : undefined;

const isCastByAgent: Rule = ({ votes }, { body: { voteId, ballot }, command }) => {
  if (votes.get(voteId)?.vote.outcome !== undefined) return `a ballot in ${voteId}, which is closed`;
  const cast = command?.type === "cast_vote" ? command.body : undefined;
  const isSame =
    cast?.voteId === voteId &&
    cast.agentId === ballot.agentId &&
    cast.ranking.join() === ballot.ranking.join();
  return isSame ? undefined : `${ballot.agentId} did not cast its ballot in ${voteId}`;
};

const isClosedInTime: Rule = ({ votes }, { body: { voteId }, command, timeMs }) => {
  const { vote, dueMs = 0 } = votes.get(voteId) ?? {};
  if (vote === undefined) return `the vote ${voteId} is closed, and was not opened`;
  if (vote.outcome !== undefined && command?.type !== "decide_mission_question")
    return `the vote ${voteId} is closed twice`;
  return command === undefined && !(dueMs > 0 && timeMs >= dueMs)
    ? `the vote ${voteId} is closed before its time`
    : undefined;
};

const isDoneBeforeItCompletes: Rule = (mission) => {
  const open = mission.tasks.find(({ status }) => !isDone(status));
  return open && `it completes while ${open.spec.id} is ${taskStatusName(open.status)}`;
};

/** Rules by the type of the event, for the state before it. */
export const rulesBefore: Readonly<Record<string, readonly Rule[]>> = {
  mission_completed: [isDoneBeforeItCompletes],
  tasks_added: [isDelegatedByHolder],
  task_queued: [isFree, isNextAttempt, startsAfterNeeds],
  child_queued: [isFree, isNextAttempt, startsAfterNeeds],
  attempt_begun: [isSameAttempt, isOpen],
  task_claimed: [isNextAttempt, isClaimedAsRequested, startsAfterNeeds],
  claims_renewed: [isRenewedByHolder],
  attempt_returned: [isSameAttempt, isOpen, isReturnedByHolderOrLost],
  attempt_failed: [isSameAttempt, isOpen, isEndedAsReported],
  task_handed_on: [isHandedOnAsRequested],
  task_completed: [isOpen, isEndedAsReported],
  task_failed: [isOpen, isEndedAsReported],
  task_paused: [isOpen, isEndedAsReported],
  output_questioned: [isOpen, isEndedAsReported],
  task_skipped: [isOpen],
  task_cancelled: [isOpen],
  entries_written: [isWrittenAsRequested],
  participant_joined: [isJoinedOnRequest],
  leader_elected: [isElectedAlone],
  vote_opened: [isOpenedOnce],
  ballot_cast: [isCastByAgent],
  vote_closed: [isClosedInTime],
  budget_spent: [isSpentAsRequested],
  budget_returned: [isReturnedInTime],
};

/** Called before the fold. Returns a rule for the state after it. */
export function checkEvent(
  mission: Mission,
  event: CausedEvent,
): ((after: Mission) => string | undefined) | undefined {
  const { type, body } = event;
  if (type === "ballot_cast") {
    const ballots = mission.votes.get(body.voteId)?.vote.ballots ?? [];
    const had = ballots.some(({ agentId }) => agentId === body.ballot.agentId);
    const expected = ballots.length + (had ? 0 : 1);
    return ({ votes }) => {
      const found = votes.get(body.voteId)?.vote.ballots.length;
      return found === expected
        ? undefined
        : `the vote ${body.voteId} has ${found} ballots, expected ${expected}`;
    };
  }
  if (type === "leader_elected" && body.agent !== "")
    return (after) =>
      after.leaderMs === body.electMs + leaderLeaseMs(after)
        ? undefined
        : `the lease of ${body.agent} has another end`;
  if (type === "task_claimed")
    return ({ tasks }) =>
      tasks[body.node]?.leaseDueMs === body.claimMs + body.leaseMs
        ? undefined
        : "the lease of a claim has another end";
  return bookedFully(mission, event);
}

/** The use of a task is spent or overrun. The reservation of a lost attempt is spent. */
function bookedFully(
  mission: Mission,
  { type, body }: CausedEvent,
): ((after: Mission) => string | undefined) | undefined {
  const task = mission.tasks[body?.node ?? -1];
  const isLost = type === "attempt_returned" && body.lost && task?.authority?.budget === undefined;
  const used: Use = isLost ? task?.reserved : books.has(type) ? body.used : undefined;
  if (used === undefined) return undefined;
  const before = kinds.map((kind) => mission.spent[kind] + mission.overrun[kind] + (used[kind] ?? 0));
  return ({ spent, overrun }) => {
    const at = kinds.findIndex((kind, index) => spent[kind] + overrun[kind] < (before[index] ?? 0) - slack);
    const kind = kinds[at];
    return kind && `${type} books ${spent[kind] + overrun[kind]} ${kind} in all, expected ${before[at]}`;
  };
}

const books = new Set([
  "task_completed",
  "task_failed",
  "attempt_failed",
  "output_questioned",
  "task_paused",
]);
