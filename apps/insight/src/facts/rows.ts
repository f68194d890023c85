/** Builds rows of facts from replies of services. */

import { AgentState } from "@tutti/contracts/agent/v1";
import { enumName } from "@tutti/contracts/enum";
import type { Decision } from "@tutti/contracts/governance/v1";
import type { CallCount } from "@tutti/contracts/insight/v1";
import { type Choice, Mode, type Session } from "@tutti/contracts/session/v1";
import type { Agent, BoardTask, Mission, PlacedAttempt } from "@tutti/contracts/swarm/v1";
import {
  type Amounts,
  type ErrorDetail,
  type Outcome,
  type TaskCounts,
  type WorkReference,
  WorkStatus,
} from "@tutti/contracts/types/v1";
import type { Run, Task } from "@tutti/contracts/workflow/v1";
import { fromTimestamp } from "@tutti/kernel";
import { type FactRow, type FactValue, timeText } from "./tables.ts";

const messageMax = 500;
type Time = Parameters<typeof fromTimestamp>[0] | undefined;

const msOf = (time: Time): number | undefined => (time === undefined ? undefined : fromTimestamp(time));
const at = (time: Time): string | null => timeText(msOf(time));
const orNull = (text: string | undefined): string | null => (text === undefined || text === "" ? null : text);

function between(from: Time, to: Time): number | null {
  const [start, end] = [msOf(from), msOf(to)];
  return start === undefined || end === undefined ? null : Math.max(0, end - start);
}

function errorOf(outcome: Outcome | undefined): ErrorDetail | undefined {
  const result = outcome?.result;
  if (result === undefined || result.$case === "completed" || result.$case === "continued") return undefined;
  return result.value;
}

function outcomeValues(error: ErrorDetail | undefined, used: Amounts | undefined): FactValue[] {
  const message = error?.message.slice(0, messageMax);
  return [orNull(error?.code), orNull(message), used?.tokens ?? 0, used?.money ?? 0];
}

interface Work {
  readonly kind: "run" | "mission" | "session";
  readonly id: string;
  readonly definition: string | null;
  readonly version: string;
  readonly mode: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly item: {
    readonly namespace: string;
    readonly status: WorkStatus;
    readonly createTime?: Time;
    readonly startTime?: Time;
    readonly endTime?: Time;
    readonly tasks?: TaskCounts | undefined;
    readonly parent?: WorkReference | undefined;
    readonly createCause?: { readonly actor?: { readonly id: string } | undefined } | undefined;
    readonly outcome?: Outcome | undefined;
    readonly used?: Amounts | undefined;
  };
}

function workRow({ kind, id, definition, version, mode, labels, item }: Work): FactRow {
  const { namespace, status, createTime, startTime, endTime, tasks, parent, createCause } = item;
  const statusName = enumName(WorkStatus, status).replace("WORK_STATUS_", "").toLowerCase();
  return [
    ...[kind, namespace, id, definition, orNull(version), mode, statusName],
    at(createTime),
    at(startTime),
    at(endTime),
    between(createTime, startTime),
    between(startTime ?? createTime, endTime),
    ...[tasks?.total ?? 0, tasks?.failed ?? 0, orNull(parent?.kind), orNull(parent?.id)],
    ...[orNull(createCause?.actor?.id), JSON.stringify(labels)],
    ...outcomeValues(errorOf(item.outcome), item.used),
  ];
}

/** @param used by its tasks. Lists of runs do not contain it. */
export function runRow(run: Run, used?: Amounts): FactRow {
  const work = run.spec?.what;
  const definition = work?.$case === "definition" ? work.value.name : null;
  const labels = run.spec?.labels ?? {};
  const { runId: id, definitionHash: version } = run;
  const item = { ...run, used: run.used ?? used };
  return workRow({ kind: "run", id, definition, version, mode: null, labels, item });
}

/** @param used by its tasks. Lists of missions do not contain it. */
export function missionRow(mission: Mission, used?: Amounts): FactRow {
  const { missionId: id, definitionHash: version } = mission;
  const definition = orNull(mission.definition);
  return workRow({
    kind: "mission",
    id,
    definition,
    version,
    mode: null,
    labels: mission.spec?.labels ?? {},
    item: { ...mission, used },
  });
}

export function sessionRow(session: Session): FactRow {
  const mode = orNull(
    enumName(Mode, session.effectiveMode).replace("MODE_", "").toLowerCase().replace("unspecified", ""),
  );
  const work = session.spec?.work;
  const definition = work?.$case === "definition" ? orNull(work.value.definition?.name) : null;
  const labels = session.spec?.labels ?? {};
  return workRow({
    kind: "session",
    id: session.sessionId,
    definition,
    version: "",
    mode,
    labels,
    item: session,
  });
}

/** Sums tokens and money of these tasks. Skips child runs, because each child run has a row of its own. */
export function usedBy(
  tasks: readonly { readonly used?: Amounts | undefined; readonly child?: unknown }[],
): Amounts {
  const total = { tokens: 0, money: 0, timeMs: 0 };
  for (const { used, child } of tasks) {
    if (child !== undefined) continue;
    total.tokens += used?.tokens ?? 0;
    total.money += used?.money ?? 0;
  }
  return total;
}

/** Returns one row per ended attempt. The last has the usage of all attempts, because the run keeps only the sum. */
export function attemptRows(run: Pick<Run, "namespace" | "runId" | "spec">, task: Task): FactRow[] {
  const work = run.spec?.what;
  const definition = work?.$case === "definition" ? work.value.name : null;
  return task.attempts
    .filter(({ endTime }) => endTime !== undefined)
    .map((attempt, place, ended) => {
      const { number, pool, agentId, queueTime, startTime, endTime, error, compensation } = attempt;
      const isCancelled = error === undefined && task.outcome?.result?.$case === "cancelled";
      return [
        ...[run.namespace, "run", run.runId, task.taskId, number, definition, orNull(task.uses)],
        orNull(pool),
        orNull(agentId),
        error !== undefined ? "failed" : isCancelled ? "cancelled" : "completed",
        at(queueTime),
        at(startTime),
        at(endTime),
        between(queueTime, startTime),
        between(startTime ?? queueTime, endTime),
        ...[Number(compensation), task.sentBack, 0],
        ...outcomeValues(error, place === ended.length - 1 ? task.used : undefined),
      ];
    });
}

/** Returns one row per ended task, because a mission keeps only the last attempt of each. */
export function boardTaskRows(mission: Mission, tasks: readonly BoardTask[]): FactRow[] {
  return tasks
    .filter(({ endTime }) => endTime !== undefined)
    .map(({ spec, attempts, agentId, claim, outcome, readyTime, startTime, endTime, handoffs, used }) => {
      const result = outcome?.result?.$case;
      const status = result === "completed" || result === "failed" ? result : "cancelled";
      const uses =
        spec?.work === undefined
          ? null
          : spec.work.$case === "capability"
            ? spec.work.value
            : spec.work.$case;
      return [
        ...[mission.namespace, "mission", mission.missionId, spec?.id ?? "", attempts],
        ...[orNull(mission.definition), uses, orNull(claim?.pool), orNull(agentId), status],
        at(readyTime),
        at(startTime),
        at(endTime),
        between(readyTime, startTime),
        between(startTime ?? readyTime, endTime),
        ...[0, 0, handoffs.length],
        ...outcomeValues(errorOf(outcome), used),
      ];
    });
}

export function agentRow(agent: Agent): FactRow {
  const { namespace, pool, agentId, state, stateReason, joinTime, heardTime, sdk, crashes, done } = agent;
  return [
    ...[namespace, pool, agentId, enumName(AgentState, state).replace("AGENT_STATE_", "").toLowerCase()],
    ...[orNull(stateReason), at(joinTime), at(heardTime), orNull(sdk), crashes],
    ...[done?.completed ?? 0, done?.failed ?? 0, done?.busyMs ?? 0],
    ...[agent.offering?.slots || 1, offeringText(agent)],
  ];
}

function offeringText({ offering }: Agent): string {
  const { capabilities = [], labels = {}, resources = {} } = offering ?? {};
  const offered = capabilities.map(({ name, version, cost }) => ({ name, version, money: cost?.money ?? 0 }));
  return JSON.stringify({ capabilities: offered, labels, resources });
}

export interface PoolOwned {
  readonly namespace: string;
  readonly pool: string;
  readonly epoch: number;
}

/** Returns the row for one placement of a task at an agent. */
export function placementRow({ namespace, pool, epoch }: PoolOwned, attempt: PlacedAttempt): FactRow {
  const { work, readyMs, offeredMs, assignedMs, startedMs, endedMs, demand, errorCode, used } = attempt;
  const share = demand === "" ? "" : (JSON.parse(demand) as { share?: { key?: string } }).share?.key;
  return [
    ...[work?.namespace || namespace, namespace, pool, epoch, attempt.sequence],
    ...[work?.kind ?? "", work?.id ?? "", work?.task ?? "", attempt.attempt],
    ...[orNull(attempt.definition), orNull(attempt.definitionTask), attempt.capability, attempt.agentId],
    ...[attempt.slots, attempt.priority, orNull(share), attempt.end],
    ...[timeText(assignedMs), timeText(endedMs), readyMs, Math.max(0, offeredMs - readyMs)],
    ...[Math.max(0, assignedMs - readyMs), startedMs > 0 ? Math.max(0, startedMs - assignedMs) : null],
    ...[Math.max(0, endedMs - assignedMs), attempt.dueMs || null, Number(attempt.copy), orNull(demand)],
    ...[orNull(errorCode), used?.tokens ?? 0, used?.money ?? 0, orNull(attempt.strategy)],
    attempt.inputBytes,
  ];
}

export function callRow(process: string, call: CallCount): FactRow {
  const { namespace, minuteMs, source, route, identity, code, calls, durationMs, maxMs } = call;
  return [namespace, timeText(minuteMs), process, source, route, identity, code, calls, durationMs, maxMs];
}

/** Returns undefined if the state is unchanged. Busy counts as ready, because agents alternate all the time. */
export function agentStateRow(agent: Agent, before: ReadonlyMap<string, string>): FactRow | undefined {
  const { namespace, pool, agentId, state, stateReason, stateTime } = agent;
  const current = stateName(state);
  const since = at(stateTime);
  if (since === null || before.get(agentKey(agent)) === current) return undefined;
  return [namespace, pool, agentId, current, orNull(stateReason), since];
}

export const agentKey = ({
  namespace,
  pool,
  agentId,
}: Pick<Agent, "namespace" | "pool" | "agentId">): string => `${namespace}/${pool}/${agentId}`;

export function stateName(state: AgentState): string {
  const known = state === AgentState.AGENT_STATE_BUSY ? AgentState.AGENT_STATE_READY : state;
  return enumName(AgentState, known).replace("AGENT_STATE_", "").toLowerCase();
}

/** Returns the row of a policy's decision. */
export function decisionRow(namespace: string, decision: Decision): FactRow {
  const { decisionId, decideTime, question, allowed, policies, shadowAllowed, count, work } = decision;
  const named = policies.map(({ policyId, reason }) => (reason === "" ? policyId : `${policyId}: ${reason}`));
  return [
    ...[namespace, decisionId, "access", at(decideTime), orNull(question?.actor?.id)],
    ...[orNull(question?.action), orNull(question?.resourceId), allowed ? "allowed" : "denied"],
    ...[orNull(named.join("; ").slice(0, messageMax)), null, Number(shadowAllowed !== undefined)],
    ...[count || 1, orNull(work?.kind), orNull(work?.id)],
  ];
}

/** Returns the row of a session's choice. */
export function choiceRow(namespace: string, choice: Choice): FactRow {
  const { choiceId, kind, chooseTime, candidates, chosen, confidence, reason, model, sessionId } = choice;
  const mode = candidates[chosen]?.mode;
  const modeName = mode === undefined ? null : enumName(Mode, mode).replace("MODE_", "").toLowerCase();
  return [
    ...[namespace, `${sessionId}/${choiceId}`, kind, at(chooseTime), orNull(model), null, null, modeName],
    ...[orNull(reason.slice(0, messageMax)), confidence, 0, 1, "session", sessionId],
  ];
}
