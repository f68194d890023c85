/** Asks the agent that offers a capability, by a run with one task: queued, retried and stored like any other. */
import type { SessionSpec } from "@tutti/contracts/session/v1";
import { type Amounts, type Payload, TaskSpec, WorkStatus } from "@tutti/contracts/types/v1";
import { ParentClosePolicy, RunSpec, type runService, StartRunRequest } from "@tutti/contracts/workflow/v1";
import { errorFromUnknown, fromErrorDetail, type InstanceKey, isEnded, type TuttiError } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { partWorkErrors } from "../errors.ts";
import { type RequestOptions, shareOf } from "../substrate/substrate.ts";

export type QuestionRuns = Pick<Client<typeof runService>, "startRun" | "awaitRun">;

export interface Question {
  /** Derived from the session: the next owner computes the same id. */
  readonly runId: string;
  /** Task id of the session under which it reports. */
  readonly task: string;
  readonly capability: string;
  /** Input by name, as JSON. Texts in the input of a run are never evaluated as expressions. */
  readonly input: Readonly<Record<string, string>>;
  readonly spec: SessionSpec;
  /** Further fields of the task. */
  readonly with?: Partial<Pick<TaskSpec, "retry" | "timeouts" | "priority">>;
  /** Retention of the run. Default: that of the session. */
  readonly retentionMs?: number;
}

export interface Answer {
  readonly output: Payload;
  readonly used: Amounts | undefined;
  /** Whether the run existed before, perhaps with another question. */
  readonly isOfBefore: boolean;
}

/** Maximum wait of one call. */
const waitMs = 30_000;
/** Id of the only task of the run, which is displayed with it. */
const taskId = "plan";

/** Starts the run once, however often it is called. Throws the error of `failed` if the run fails. */
export async function askQuestion(
  runs: QuestionRuns,
  { namespace, id }: InstanceKey,
  question: Question,
  options: RequestOptions,
  failed: (cause: { readonly cause?: TuttiError }) => TuttiError,
): Promise<Answer> {
  const { runId } = question;
  const isOfBefore = await startRun(runs, requestOf({ namespace, id }, question), options);
  for (;;) {
    const awaiting = { namespace, runId, waitMs, afterEvent: 0 };
    const { run } = await runs.awaitRun(awaiting, { ...options, timeoutMs: 2 * waitMs });
    if (run !== undefined && run.parent?.id !== id) throw partWorkErrors.childTaken({ child: runId });
    const { result } = run?.outcome ?? {};
    if (run === undefined || !isEnded(run.status)) continue;
    if (run.status === WorkStatus.WORK_STATUS_COMPLETED && result?.$case === "completed")
      return { output: result.value, used: run.used, isOfBefore };
    const isError = result !== undefined && result.$case !== "completed" && result.$case !== "continued";
    throw failed(isError ? { cause: fromErrorDetail(result.value) } : {});
  }
}

/**
 * Starts the run. Returns whether it existed. A new owner may ask with another text: then the answer to the first
 * question counts.
 */
async function startRun(
  runs: QuestionRuns,
  request: StartRunRequest,
  options: RequestOptions,
): Promise<boolean> {
  try {
    return (await runs.startRun(request, options)).existed;
  } catch (thrown) {
    if (errorFromUnknown(thrown).status !== "ALREADY_EXISTS") throw thrown;
    return true;
  }
}

function requestOf(
  { namespace, id }: Pick<InstanceKey, "namespace" | "id">,
  { runId, task, capability, input, spec, with: more, retentionMs = spec.retentionMs }: Question,
): StartRunRequest {
  const request = StartRunRequest.fromPartial({
    namespace,
    runId,
    parent: { namespace, kind: "session", id, task },
    parentClosePolicy: ParentClosePolicy.PARENT_CLOSE_POLICY_CANCEL,
  });
  const only = TaskSpec.fromPartial({ id: taskId, work: { $case: "capability", value: capability } });
  const names = Object.keys(input);
  only.input = json(`{${names.map((name) => `"${name}":"\${{ input.${name} }}"`).join(",")}}`);
  const whole = json(`{${names.map((name) => `"${name}":${input[name]}`).join(",")}}`);
  request.spec = {
    ...RunSpec.create(),
    what: {
      $case: "tasks",
      value: { tasks: [{ ...only, ...more }], output: `tasks.${taskId}.output`, input: whole },
    },
    labels: spec.labels,
    priority: spec.priority,
    pool: spec.pool,
    dueTime: spec.dueTime,
    retentionMs,
    budget: spec.budget,
    share: shareOf({ spec }, { namespace, sessionId: id }),
  };
  return request;
}

function json(text: string): Payload {
  return { body: { $case: "inline", value: new TextEncoder().encode(text) }, mediaType: "" };
}

/** Returns the JSON of the payload. Undefined if it is not inline JSON. */
export function jsonIn({ body, mediaType }: Payload): { readonly value: unknown } | undefined {
  const isJson = mediaType === "" || mediaType === "application/json";
  if (body?.$case !== "inline" || !isJson) return undefined;
  return { value: JSON.parse(new TextDecoder().decode(body.value)) };
}
