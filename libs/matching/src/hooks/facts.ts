/** The facts that hooks see, and the subject of each question. */
import type { Label } from "@tutti/contracts/agent/v1";
import { HookMoment } from "@tutti/contracts/swarm/v1";
import { type ErrorDetail, Outcome, type Payload, RetryClass } from "@tutti/contracts/types/v1";
import type { HookFacts, HookQuestion } from "../api/hooks.ts";
import type { Task } from "../task/task.ts";
import { workOf } from "../views/work.ts";

export function factsOf(task: Task, agentId: string, nowMs: number): HookFacts {
  const { demand, profile, attempt, agent, result } = task;
  const { capability, range } = demand.requirements;
  const { namespace, kind, id: work, task: id } = workOf(task);
  const failed = result?.outcome?.$case === "failed" ? result.outcome.value : undefined;
  return {
    task: {
      namespace,
      kind,
      work,
      id,
      capability,
      version_range: range,
      definition: profile.definition,
      attempt,
      priority: task.priority,
      waited_ms: nowMs - task.readyMs,
      labels: labelsOf(task),
    },
    agent: { id: agentId, labels: { ...agent?.offering.labels } },
    result: {
      failed: failed !== undefined,
      code: failed?.code ?? "",
      message: failed?.message ?? "",
      retry: failed?.retry === RetryClass.RETRY_CLASS_NEVER ? "never" : "again",
      run_ms: result?.runMs ?? 0,
    },
  };
}

/** Returns the labels of a task, with those that hooks added. */
function labelsOf(task: Task): Record<string, string> {
  const { profile, judging } = task;
  const labels: Record<string, string> = {};
  const all: readonly (readonly Label[])[] = [
    profile.labels,
    task.decodeOffer().labels,
    judging?.labels ?? [],
  ];
  for (const { name, value } of all.flat()) labels[name] = value;
  return labels;
}

export function questionOf(
  task: Task,
  hookId: string,
  moment: HookMoment,
  agentId: string,
): Omit<HookQuestion, "number" | "timeoutMs"> {
  const { demand, attempt, priority } = task;
  return {
    hookId,
    moment,
    work: workOf(task),
    capability: demand.requirements.capability,
    attempt,
    agentId,
    labels: labelsOf(task),
    priority,
    input: inputOf(task),
    outcome: outcomeOf(task, moment),
  };
}

function inputOf(task: Task): Payload | undefined {
  const { input } = task.decodeOffer();
  if (input === undefined) return undefined;
  if (input.$case === "inputPayload") return input.value;
  return { body: { $case: "inline", value: input.value }, mediaType: "" };
}

function outcomeOf({ result }: Task, moment: HookMoment): Outcome | undefined {
  const { HOOK_MOMENT_BEFORE_ASSIGN, HOOK_MOMENT_AFTER_ASSIGN } = HookMoment;
  if (moment === HOOK_MOMENT_BEFORE_ASSIGN || moment === HOOK_MOMENT_AFTER_ASSIGN) return undefined;
  const outcome = result?.outcome;
  switch (outcome?.$case) {
    case "failed":
      return { result: { $case: "failed", value: outcome.value } };
    case "inlineOutput": {
      const output: Payload = { body: { $case: "inline", value: outcome.value }, mediaType: "" };
      return { result: { $case: "completed", value: output } };
    }
    case "outputPayload":
      return { result: { $case: "completed", value: outcome.value } };
    default:
      return Outcome.create();
  }
}

/** Returns the error with which a task fails that a hook denied. */
export function denialOf(hookId: string, deny: ErrorDetail): ErrorDetail {
  return {
    ...deny,
    code: deny.code || "matching.denied_by_hook",
    message: deny.message || `the hook ${hookId} denied it`,
    retry: deny.retry || RetryClass.RETRY_CLASS_NEVER,
    status: deny.status || "PERMISSION_DENIED",
    details: { ...deny.details, hook: hookId },
  };
}
