import {
  type Goal,
  type LockNeed,
  Mode,
  type Monitoring,
  MonitoringLevel,
  type Optimization,
  type SessionDependency,
  SessionSpec,
} from "@tutti/contracts/session/v1";
import { NeedCondition } from "@tutti/contracts/types/v1";
import { jsonPayload, toTimestamp } from "@tutti/kernel";
import { durationMs, splitAt } from "../build/values.ts";
import type {
  AfterDocument,
  GoalDocument,
  LockDocument,
  SessionDocument,
} from "../language/session-document.ts";
import type { Plan } from "../plan/plan.ts";
import { bare } from "./task-policies.ts";
import { taskSpecsOf } from "./task-specs.ts";

/**
 * Returns a checked session as a message of the contracts.
 *
 * @param plan plan of its tasks, if it has any
 */
export function sessionSpecOf(document: SessionDocument, plan: Plan | undefined): SessionSpec {
  const { title, session, mode = "adaptive", orchestrator = "", pool = "", budget, dueTime } = document;
  const spec = SessionSpec.fromPartial({
    title: title ?? session,
    mode: modes[mode],
    orchestrator,
    pool,
    priority: document.priority ?? 0,
    weight: document.weight ?? 0,
    timeoutMs: durationMs(document.timeout),
    retentionMs: durationMs(document.retention),
    limits: { ...document.limits },
    labels: { ...document.labels },
    reservationIds: [...(document.reservations ?? [])],
    budget: budget && {
      tokens: budget.tokens ?? 0,
      money: budget.money ?? 0,
      timeMs: durationMs(budget.time),
    },
    dueTime: dueTime === undefined ? undefined : toTimestamp(Date.parse(dueTime)),
  });
  spec.optimization = optimizationOf(document.optimization);
  spec.monitoring = monitoringOf(document.monitoring);
  spec.dependsOn = (document.after ?? []).map(dependencyOf);
  spec.locks = (document.locks ?? []).map(lockOf);
  spec.work = workOf(document, plan);
  return spec;
}

const modes = {
  workflow: Mode.MODE_WORKFLOW,
  swarm: Mode.MODE_SWARM,
  intelligence: Mode.MODE_INTELLIGENCE,
  hybrid: Mode.MODE_HYBRID,
  adaptive: Mode.MODE_ADAPTIVE,
  custom: Mode.MODE_CUSTOM,
} as const;

function workOf(document: SessionDocument, plan: Plan | undefined): SessionSpec["work"] {
  const { session, tasks, goal, workflow, output, input } = document;
  const payload = input === undefined ? undefined : jsonPayload(input);
  if (goal !== undefined) return { $case: "goal", value: { ...goalOf(goal), input: payload } };
  if (workflow !== undefined) {
    const [name, label] = splitAt(workflow);
    const version = label === "" ? undefined : { $case: "label" as const, value: label };
    return {
      $case: "definition",
      value: { definition: { name, version }, input: payload, parameters: undefined },
    };
  }
  const specs = taskSpecsOf({ document: { workflow: session, ...(tasks && { tasks }) }, plan }, "session");
  if ("problem" in specs)
    throw new Error(`expected checked tasks of session ${session}, got ${specs.problem}`);
  return { $case: "tasks", value: { tasks: specs.tasks, output: bare(output), input: payload } };
}

function goalOf(goal: string | GoalDocument): Omit<Goal, "input"> {
  const { description, planner = "", reached } = typeof goal === "string" ? { description: goal } : goal;
  return { description, planner, reached: bare(reached) };
}

const nothing: Optimization = { time: 0, cost: 0, quality: 0, exploration: 0, fixed: false };

function optimizationOf(optimization: SessionDocument["optimization"]): Optimization | undefined {
  if (optimization === undefined || optimization === false) return undefined;
  if (optimization === true || optimization === "balanced") return { ...nothing };
  return { ...nothing, ...(typeof optimization === "string" ? { [optimization]: 1 } : optimization) };
}

const levels = {
  minimal: MonitoringLevel.MONITORING_LEVEL_MINIMAL,
  standard: MonitoringLevel.MONITORING_LEVEL_STANDARD,
  detailed: MonitoringLevel.MONITORING_LEVEL_DETAILED,
} as const;

function monitoringOf(monitoring: SessionDocument["monitoring"]): Monitoring | undefined {
  if (monitoring === undefined) return undefined;
  if (typeof monitoring === "boolean")
    return { level: monitoring ? levels.standard : levels.minimal, deviation: 0 };
  const { level = "standard", deviation = 0 } =
    typeof monitoring === "string" ? { level: monitoring } : monitoring;
  return { level: levels[level], deviation };
}

const ends = {
  success: NeedCondition.NEED_CONDITION_SUCCESS,
  failure: NeedCondition.NEED_CONDITION_FAILURE,
  always: NeedCondition.NEED_CONDITION_ALWAYS,
} as const;

function dependencyOf(after: string | AfterDocument): SessionDependency {
  const {
    session: id,
    namespace = "",
    on = "success",
  } = typeof after === "string" ? { session: after } : after;
  return { session: { namespace, kind: "session", id, task: "" }, condition: ends[on] };
}

function lockOf(lock: string | LockDocument): LockNeed {
  const { name, permits = 0, shared = false } = typeof lock === "string" ? { name: lock } : lock;
  return { name, permits, shared };
}
