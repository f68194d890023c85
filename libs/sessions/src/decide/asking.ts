/** Asks the agent that offers a capability, by a run of one task: queued, tried again and kept like any other. */
import type { SessionSpec } from "@tutti/contracts/session/v1";
import { type Amounts, type Payload, TaskSpec, WorkStatus } from "@tutti/contracts/types/v1";
import { ParentClosePolicy, RunSpec, type runService, StartRunRequest } from "@tutti/contracts/workflow/v1";
import { errorFromUnknown, fromErrorDetail, type InstanceKey, isEnded, type TuttiError } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { partWorkErrors } from "../errors.ts";
import { type Asking, shareOf } from "../substrate/substrate.ts";

export type QuestionRuns = Pick<Client<typeof runService>, "startRun" | "awaitRun">;

export interface Question {
  /** Derived from the session: the next owner finds it. */
  readonly runId: string;
  /** The task of the session under which it is reported. */
  readonly task: string;
  readonly capability: string;
  /** By name, as JSON: over the input of its run nothing in it is taken for an expression. */
  readonly input: Readonly<Record<string, string>>;
  readonly spec: SessionSpec;
  /** What else its one task is to have. */
  readonly with?: Partial<Pick<TaskSpec, "retry" | "timeouts" | "priority">>;
  /** How long its run can be read. As the session's unless given. */
  readonly retentionMs?: number;
}

export interface Answer {
  readonly output: Payload;
  readonly used: Amounts | undefined;
  /** The run existed before, perhaps with another question. */
  readonly isOfBefore: boolean;
}

/** How long one call waits. */
const waitMs = 30_000;
/** The one task of its run, which is shown with it. */
const taskId = "plan";

/** Starts the run once, however often it is called. Throws the error of `failed` if the run fails. */
export async function ask(
  runs: QuestionRuns,
  { namespace, id }: InstanceKey,
  question: Question,
  options: Asking,
  failed: (cause: { readonly cause?: TuttiError }) => TuttiError,
): Promise<Answer> {
  const { runId } = question;
  const isOfBefore = await begin(runs, requestOf({ namespace, id }, question), options);
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
 * Returns whether the run existed. A new owner may ask with other words: then the answer to the first question counts.
 */
async function begin(runs: QuestionRuns, request: StartRunRequest, options: Asking): Promise<boolean> {
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

/** Returns the JSON that came. Undefined where it is none in place. */
export function jsonIn({ body, mediaType }: Payload): { readonly value: unknown } | undefined {
  const isJson = mediaType === "" || mediaType === "application/json";
  if (body?.$case !== "inline" || !isJson) return undefined;
  return { value: JSON.parse(new TextDecoder().decode(body.value)) };
}
