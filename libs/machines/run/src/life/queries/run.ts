/** A run as a message of the contracts. */

import { type Amounts, type Outcome, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import {
  type RunEnding,
  type Run as RunMessage,
  Run as RunMessages,
  RunPhase,
} from "@tutti/contracts/workflow/v1";
import type { Query, Refusal } from "@tutti/kernel";
import { asPayload, bounded, countsOf, dataOf } from "@tutti/machine-work";
import { runOutputOf } from "../../core/evaluate/outputs.ts";
import { inputOf } from "../../core/evaluate/scene.ts";
import { describeLimit } from "../../core/limit/limits.ts";
import { hasEnded, type Run, type RunView, statusOf } from "../../core/state/state.ts";
import { momentOf } from "../../core/state/times.ts";
import { runErrors } from "../../errors.ts";
import { openQuestions } from "../../kinds/approve/open.ts";
import { endingOf } from "../run/end.ts";

export interface ShowRunOptions {
  /** Whether input and output are included. */
  readonly withPayloads: boolean;
}

/**
 * Leaves out the data that the machine does not have: who started the run, the number of its latest event,
 * when it will end.
 */
export const showRun: Query<Run, ShowRunOptions, RunMessage | Refusal> = {
  type: "run",
  answer: (run, { withPayloads }, { key }) =>
    run.order === undefined ? runErrors.runMissing.refusal({ id: key.id }) : runMessage(run, withPayloads),
};

/** Returns how the run ended. Undefined before its end. */
export const showEnding: Query<Run, undefined, { readonly ending: RunEnding | undefined }> = {
  type: "ending",
  answer: (run) => ({ ending: hasEnded(run) ? endingOf(run) : undefined }),
};

function runMessage(run: RunView, withPayloads: boolean): RunMessage {
  const { order, key, plan, facts } = run;
  const status = statusOf(run);
  const spec = {
    ...(order?.hash
      ? {
          what: {
            $case: "definition" as const,
            value: {
              name: order.definition || (plan?.plan.name ?? ""),
              version: { $case: "hash" as const, value: order.hash },
            },
          },
        }
      : {}),
    ...(withPayloads && { input: asPayload(inputOf(run)) }),
    parameters: asPayload(dataOf(order?.parameters ?? new Uint8Array(0), undefined)),
    labels: { ...facts.labels },
    priority: facts.priority - (plan?.plan.run.priority ?? 0),
    pool: order?.pool ?? "",
    dueTime: momentOf(facts.dueMs),
    timeoutMs: order?.timeoutMs ?? 0,
    retentionMs: order?.retentionMs || (plan?.plan.run.retentionMs ?? 0),
    events: order?.events,
    budget: order?.budget,
  };
  return RunMessages.fromPartial({
    namespace: key.namespace,
    runId: key.id,
    spec: spec as never,
    definitionHash: order?.hash ?? "",
    versionLabel: order?.versionLabel ?? "",
    kind: order?.kind,
    status,
    statusReason: reasonOf(run),
    outcome: outcomeOf(run, withPayloads),
    tasks: countsOf(run.counts, run.nodeCount),
    openApprovals: hasEnded(run) ? 0 : openQuestions(run),
    states: stateNames(run),
    progress: progressOf(run),
    parent: order?.parent as never,
    root: order?.root as never,
    parentClosePolicy: order?.parentClose,
    incarnation: order?.incarnation || 1,
    createTime: momentOf(run.createMs),
    startTime: momentOf(run.firstBeginMs || run.beginMs || order?.startMs || 0),
    endTime: momentOf(run.endMs),
    used: run.used as Amounts | undefined,
  } as Parameters<typeof RunMessages.fromPartial>[0]);
}

function stateNames({ plan, more }: RunView): string[] {
  const name = plan?.plan.states[more?.states?.state ?? -1]?.name;
  return name === undefined ? [] : [name];
}

function reasonOf(run: RunView): string {
  if (run.pauseMs > 0) return run.pauseReason === "" ? "paused" : `paused: ${run.pauseReason}`;
  if (run.remaining === 0 && run.alone > 0 && run.undoing < 0)
    return "detached children start before it ends";
  if (run.phase === RunPhase.RUN_PHASE_UNDOING)
    return `compensating completed tasks, because: ${run.error?.message ?? ""}`;
  if (run.phase === RunPhase.RUN_PHASE_WAITING) return waitingFor(run);
  const paused = run.counts[TaskStatus.TASK_STATUS_PAUSED] ?? 0;
  if (paused > 0) {
    const reason =
      run.nodes.find((node) => node?.status === TaskStatus.TASK_STATUS_PAUSED)?.error?.message ?? "";
    const waitingText = `${paused} of its tasks ${paused === 1 ? "waits" : "wait"} for a person`;
    return reason === "" ? waitingText : `${waitingText}: ${reason}`;
  }
  return run.error?.message ?? "";
}

function waitingFor(run: RunView): string {
  const pendingLimit = run.more?.limits.find(({ ticket }) => ticket === 0);
  return pendingLimit === undefined
    ? "its start is delayed"
    : `waits for ${describeLimit(run, pendingLimit.limit).description}`;
}

function outcomeOf(run: RunView, withPayloads: boolean): Outcome | undefined {
  if (!hasEnded(run)) return undefined;
  const error = bounded(run.error);
  switch (run.ending) {
    case WorkStatus.WORK_STATUS_COMPLETED: {
      const output = withPayloads ? asPayload(runOutputOf(run)) : undefined;
      return { result: { $case: "completed", value: output ?? { body: undefined, mediaType: "" } } };
    }
    case WorkStatus.WORK_STATUS_CANCELLED:
      return { result: { $case: "cancelled", value: error } };
    case WorkStatus.WORK_STATUS_TERMINATED:
      return { result: { $case: "terminated", value: error } };
    case WorkStatus.WORK_STATUS_CONTINUED: {
      const value = { namespace: run.key.namespace, kind: "run", id: run.more?.nextId ?? "", task: "" };
      return { result: { $case: "continued", value } };
    }
    default:
      return { result: { $case: "failed", value: error } };
  }
}

/** Returns the share of completed and skipped tasks among all known tasks. A failed run is never complete. */
function progressOf({ counts, nodeCount, phase, ending }: RunView): number {
  const isEnded = phase === RunPhase.RUN_PHASE_ENDED;
  const { WORK_STATUS_COMPLETED: completed, WORK_STATUS_CONTINUED: continued } = WorkStatus;
  if (isEnded && (ending === completed || ending === continued)) return 1;
  const { TASK_STATUS_COMPLETED, TASK_STATUS_SKIPPED } = TaskStatus;
  const done = (counts[TASK_STATUS_COMPLETED] ?? 0) + (counts[TASK_STATUS_SKIPPED] ?? 0);
  return nodeCount === 0 ? 0 : done / nodeCount;
}
