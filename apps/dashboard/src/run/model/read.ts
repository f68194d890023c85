/** Converts responses of the API to the dashboard's types: absent fields get their defaults. */
import { eventActorOf } from "@tutti/rest/history";
import type {
  Amounts as AmountsJson,
  Attempt,
  ErrorDetail,
  Run,
  Span,
  Task,
  WorkReference,
} from "@tutti/rest/types";
import type {
  Amounts,
  AttemptFacts,
  Failure,
  ModelCallFacts,
  NeedCondition,
  Reference,
  RunFacts,
  SpanFacts,
  SpanKind,
  TaskFacts,
} from "./facts.ts";
import { numberOfState, type RunState, type TaskState } from "./task-state.ts";

export function runOf(run: Run): RunFacts {
  const { spec, outcome } = run;
  return {
    id: run.runId,
    namespace: run.namespace ?? "",
    definition: spec?.definition?.name ?? "",
    definitionHash: run.definitionHash ?? "",
    versionLabel: run.versionLabel ?? "",
    kind: run.kind,
    state: run.status as RunState,
    reason: run.statusReason ?? "",
    input: spec?.input,
    parameters: spec?.parameters,
    output: outcome?.completed,
    failure: failureOf(outcome?.failed ?? outcome?.cancelled ?? outcome?.terminated),
    continuedAs: referenceOf(outcome?.continued),
    labels: spec?.labels ?? {},
    priority: spec?.priority ?? 0,
    pool: spec?.pool ?? "",
    counts: { ...run.tasks, total: run.tasks?.total ?? 0 },
    states: run.states ?? [],
    progress: run.progress ?? 0,
    openApprovals: run.openApprovals ?? 0,
    parent: referenceOf(run.parent),
    root: referenceOf(run.root),
    incarnation: run.incarnation ?? 1,
    eventCount: run.eventCount ?? 0,
    createMs: run.createTimeMs ?? 0,
    startMs: run.startTimeMs ?? 0,
    endMs: run.endTimeMs ?? 0,
    startedBy: eventActorOf(run.createCause),
    used: amountsOf(run.used),
  };
}

export function taskOf(task: Task): TaskFacts {
  const { outcome } = task;
  return {
    id: task.taskId,
    title: task.title ?? "",
    kind: task.kind,
    uses: task.uses ?? "",
    gang: task.gang ?? "",
    needs: (task.needs ?? []).map(({ task: needed, condition }) => ({
      task: needed ?? "",
      condition: conditionOf(condition),
    })),
    parentId: task.parentTaskId ?? "",
    state: (numberOfState(task.status) === 0 ? "pending" : task.status) as TaskState,
    reason: task.statusReason ?? "",
    input: task.input,
    output: outcome?.completed,
    hasOutput: outcome !== undefined && "completed" in outcome,
    failure: failureOf(outcome?.failed ?? outcome?.cancelled ?? outcome?.terminated),
    attempts: (task.attempts ?? []).map(attemptOf),
    attemptCount: task.attemptCount ?? 0,
    nextMs: task.nextTimeMs ?? 0,
    readyMs: task.readyTimeMs ?? 0,
    startMs: task.startTimeMs ?? 0,
    endMs: task.endTimeMs ?? 0,
    child: referenceOf(task.child),
    compensates: task.compensates ?? "",
    labels: task.labels ?? {},
    priority: task.priority ?? 0,
    fromCache: task.fromCache ?? false,
    sentBack: task.sentBack ?? 0,
    used: amountsOf(task.used),
  };
}

/** Unspecified means success. */
function conditionOf(condition: string | undefined): NeedCondition {
  return condition === "failure" || condition === "always" || condition === "done" ? condition : "success";
}

function attemptOf(attempt: Attempt): AttemptFacts {
  return {
    number: attempt.number ?? 0,
    isCompensation: attempt.compensation ?? false,
    agent: attempt.agentId ?? "",
    pool: attempt.pool ?? "",
    queueMs: attempt.queueTimeMs ?? 0,
    startMs: attempt.startTimeMs ?? 0,
    endMs: attempt.endTimeMs ?? 0,
    failure: failureOf(attempt.error),
    progress: attempt.progress ?? 0,
    message: attempt.message ?? "",
  };
}

export function failureOf(error: ErrorDetail | undefined): Failure | undefined {
  if (error === undefined) return undefined;
  return {
    code: error.code ?? "",
    message: error.message ?? "",
    details: error.details ?? {},
    cause: failureOf(error.cause),
  };
}

function referenceOf(reference: WorkReference | undefined): Reference | undefined {
  if (reference === undefined) return undefined;
  return { kind: reference.kind ?? "run", id: reference.id ?? "", task: reference.task ?? "" };
}

function amountsOf(amounts: AmountsJson | undefined): Amounts | undefined {
  if (amounts === undefined) return undefined;
  const { tokens = 0, money = 0, timeMs = 0 } = amounts;
  return tokens === 0 && money === 0 && timeMs === 0 ? undefined : { tokens, money, timeMs };
}

export function spanOf(span: Span): SpanFacts {
  return {
    task: span.task ?? "",
    kind: span.kind as SpanKind,
    attempt: span.attempt ?? 0,
    agent: span.agentId ?? "",
    startMs: span.startTimeMs ?? 0,
    endMs: span.endTimeMs ?? 0,
    id: span.spanId ?? "",
    parentId: span.parentSpanId ?? "",
    modelCall: span.modelCall && modelCallOf(span.modelCall),
  };
}

function modelCallOf(call: NonNullable<Span["modelCall"]>): ModelCallFacts {
  const { operation = "", requestModel = "", inputTokens = 0, outputTokens = 0, errorType = "" } = call;
  return {
    title: [operation, requestModel].filter((word) => word !== "").join(" "),
    tokens: inputTokens + outputTokens,
    isFailed: errorType !== "",
  };
}
