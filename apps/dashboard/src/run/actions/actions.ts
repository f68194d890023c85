/** Actions on a run and its tasks: their conditions, and their REST and CLI forms. */
import { retryFailureReason } from "../../elements/repeating.ts";
import { type Call, commandLine, pathOf } from "../../elements/spelled.ts";
import type { RunFacts, TaskFacts } from "../model/facts.ts";
import { hasRunEnded, hasTaskEnded } from "../model/task-state.ts";

export interface RunAction {
  readonly name: "pause" | "resume" | "retry" | "cancel" | "terminate";
  readonly label: string;
  readonly weight: "main" | "plain" | "grave";
  /** The question of the confirmation dialog. Undefined if the action needs none. */
  readonly question: string | undefined;
  readonly doneText: string;
}

const all: Readonly<Record<RunAction["name"], RunAction>> = {
  pause: {
    name: "pause",
    label: "Pause",
    weight: "plain",
    question: undefined,
    doneText: "Paused. Running tasks finish, no new tasks start.",
  },
  resume: { name: "resume", label: "Resume", weight: "main", question: undefined, doneText: "Resumed." },
  retry: {
    name: "retry",
    label: "Retry",
    weight: "main",
    question: undefined,
    doneText: "Retried. Completed tasks keep their results.",
  },
  cancel: {
    name: "cancel",
    label: "Cancel",
    weight: "grave",
    question: "Stops running tasks and compensates completed tasks. You cannot undo this.",
    doneText: "Cancelling.",
  },
  terminate: {
    name: "terminate",
    label: "Terminate",
    weight: "grave",
    question: "The run ends at once. No compensation runs.",
    doneText: "Terminated.",
  },
};

/** In the order of the buttons: helpful actions first, final ones last. */
export function actionsOf({
  state,
  failure,
}: Pick<RunFacts, "state"> & Partial<Pick<RunFacts, "failure">>): readonly RunAction[] {
  switch (state) {
    case "pending":
    case "running":
      return [all.pause, all.cancel, all.terminate];
    case "paused":
      return [all.resume, all.cancel, all.terminate];
    case "cancelling":
      return [all.terminate];
    case "failed":
    case "cancelled":
    case "terminated":
      return [retryAfter(failure?.code)];
    default:
      return [];
  }
}

/** A retry that is likely to fail again needs a confirmation, and is not the main action. */
function retryAfter(code: string | undefined): RunAction {
  const question = retryFailureReason(code);
  return question === undefined ? all.retry : { ...all.retry, question, weight: "plain" };
}

function canRetryRun(run: Pick<RunFacts, "state">): boolean {
  return actionsOf(run).some(({ name }) => name === "retry");
}

type Of = Pick<RunFacts, "id" | "namespace">;

/** A namespace other than the usual one is part of the address. */
function namespaceOf({ namespace }: Of): string | undefined {
  return namespace === "" || namespace === "default" ? undefined : namespace;
}

function spelled(run: Of, ...args: readonly string[]): string {
  const namespace = namespaceOf(run);
  return commandLine("tutti", ...args, ...(namespace === undefined ? [] : ["--namespace", namespace]));
}

export function runPath(
  run: Of,
  segments: readonly string[] = [],
  query: Readonly<Record<string, string | number | boolean | undefined>> = {},
): string {
  return pathOf(["runs", run.id, ...segments], { ...query, namespace: namespaceOf(run) });
}

export function callOf(run: Of, { name }: Pick<RunAction, "name">, reason: string): Call {
  return { method: "POST", path: runPath(run, [name]), body: reason === "" ? {} : { reason } };
}

export function commandOf(run: Of, { name }: Pick<RunAction, "name">, reason: string): string {
  const args = name === "terminate" ? ["cancel", run.id, "--now"] : [name, run.id];
  return spelled(run, ...args, ...(reason === "" ? [] : ["--reason", reason]));
}

export interface Spelling {
  readonly call: Call;
  readonly command: string | undefined;
}

export function signalOf(run: Of, name: string, payload: unknown): Spelling {
  const args = ["signal", run.id, name, ...(payload === undefined ? [] : [JSON.stringify(payload)])];
  return {
    call: { method: "POST", path: runPath(run, ["signals", name]), body: payload ?? null },
    command: spelled(run, ...args),
  };
}

export interface Decision {
  readonly verdict: "approved" | "rejected";
  readonly data: unknown;
  readonly reason: string;
}

export interface ApprovalTarget {
  readonly approvalId: string;
  /** The task of the approval. */
  readonly task: string;
}

export function decisionOf(run: Of, { approvalId, task }: ApprovalTarget, decision: Decision): Spelling {
  const { verdict, data, reason } = decision;
  const args = [
    ...["approve", run.id, ...(task === "" ? [] : [task])],
    ...(verdict === "rejected" ? ["--reject"] : []),
    ...(data === undefined ? [] : ["--form", JSON.stringify(data)]),
    ...(reason === "" ? [] : ["--reason", reason]),
  ];
  const body = {
    runId: run.id,
    verdict,
    ...(data === undefined ? {} : { data }),
    ...(reason === "" ? {} : { reason }),
  };
  const path = pathOf(["approvals", approvalId], { namespace: namespaceOf(run) });
  return { call: { method: "POST", path, body }, command: spelled(run, ...args) };
}

export type Repair =
  | { readonly kind: "input"; readonly input: unknown }
  | { readonly kind: "output"; readonly output: unknown }
  | { readonly kind: "skip"; readonly skipDependents: boolean }
  | { readonly kind: "fail"; readonly message: string };

export function repairOf(run: Of, taskId: string, repair: Repair, reason: string): Call {
  return {
    method: "POST",
    path: runPath(run, ["tasks", taskId, "repair"]),
    body: { ...bodyOf(repair), reason },
  };
}

function bodyOf(repair: Repair): Readonly<Record<string, unknown>> {
  switch (repair.kind) {
    case "input":
      return { input: repair.input };
    case "output":
      return { output: repair.output };
    case "skip":
      return { skip: repair.skipDependents ? { skipDependents: true } : {} };
    case "fail":
      return { error: { code: "task.failed_by_hand", message: repair.message } };
  }
}

/** Returns true if a person may set the result of a task: one that waits, retries, or ended without success. */
export function canRepair(run: Pick<RunFacts, "state">, { state }: Pick<TaskFacts, "state">): boolean {
  if (hasRunEnded(run.state)) return false;
  return !hasTaskEnded(state) || state === "failed";
}

const inputKinds: ReadonlySet<string> = new Set(["uses", "function", "workflow", "mission"]);

/** Returns whether a task of the run can run with another input: again with all tasks that need it, or when it starts. */
export function canChangeInput(
  run: Pick<RunFacts, "state">,
  { kind, parentId }: Pick<TaskFacts, "kind" | "parentId">,
): boolean {
  if (!inputKinds.has(kind) || parentId !== "") return false;
  return canRetryRun(run) || run.state === "running" || run.state === "paused";
}

export function canRetryTask(run: Pick<RunFacts, "state">, { state }: Pick<TaskFacts, "state">): boolean {
  return canRetryRun(run) && (state === "failed" || state === "cancelled");
}

/** Maximum number of tasks in one retry. */
export const retriedMax = 1_000;
/** A longer command is not shown. */
const spelledMax = 20;

export function retryTasksOf(run: Of, taskIds: readonly string[]): Spelling {
  const args = taskIds.flatMap((taskId) => ["--task", taskId]);
  return {
    call: { method: "POST", path: runPath(run, ["retry"]), body: { taskIds } },
    command: taskIds.length > spelledMax ? undefined : spelled(run, "retry", run.id, ...args),
  };
}

export function resumeTaskOf(run: Of, taskId: string): Spelling {
  return {
    call: { method: "POST", path: runPath(run, ["resume"]), body: { taskIds: [taskId] } },
    command: spelled(run, "resume", run.id, "--task", taskId),
  };
}

export function explanationOf(run: Of, taskId: string): Spelling {
  return {
    call: { method: "GET", path: runPath(run, ["why"], { task: taskId === "" ? undefined : taskId }) },
    command: spelled(run, ...["why", run.id, ...(taskId === "" ? [] : [taskId])]),
  };
}

/** Starting another one with the same definition, input and labels. */
export function similarRunOf(run: RunFacts): Spelling {
  const { definition, input, parameters, labels } = run;
  const isSet = (value: unknown) => value !== undefined && value !== null;
  const body = {
    definition: { name: definition },
    ...(isSet(input) ? { input } : {}),
    ...(isSet(parameters) ? { parameters } : {}),
    ...(Object.keys(labels).length > 0 ? { labels } : {}),
  };
  const args = [
    ...["run", definition],
    ...(isSet(input) ? ["--input", JSON.stringify(input)] : []),
    ...Object.entries(isSet(parameters) ? (parameters as object) : {}).flatMap(([name, value]) => [
      "--parameter",
      `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
    ]),
    ...Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]),
  ];
  return {
    call: { method: "POST", path: pathOf(["runs"], { namespace: namespaceOf(run) }), body },
    command: spelled(run, ...args),
  };
}
