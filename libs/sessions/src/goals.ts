/**
 * Has goals broken down into tasks: a run of one task asks whoever offers the capability, and what that gives is read as tasks of a
 * session. The run's id follows from the session's, so that whoever takes over finds it.
 */
import type { Goal, SessionSpec } from "@tutti/contracts/session/v1";
import { type Amounts, type Payload, type TaskList, TaskSpec, WorkStatus } from "@tutti/contracts/types/v1";
import { ParentClosePolicy, RunSpec, type runService, StartRunRequest } from "@tutti/contracts/workflow/v1";
import type { Errands, ErrandTold } from "@tutti/host/serving";
import { errorFromUnknown, fromErrorDetail, type InstanceKey, isEnded, toErrorDetail } from "@tutti/kernel";
import {
  type AskPlanner,
  planningTask,
  recordGoal,
  refuseStart,
  sessionErrors,
} from "@tutti/machine-session";
import { type Client, traceOf } from "@tutti/mesh";
import type { DueEffect } from "@tutti/runtime";
import { partWorkErrors } from "./errors.ts";
import { type Asking, shareOf } from "./substrate.ts";

/** What a planner gave, as tasks of a session. Throws what a session with these would be refused for. */
export type ReadTasks = (namespace: string, spec: SessionSpec, output: unknown) => Promise<TaskList>;

export interface GoalsParts {
  readonly errands: Errands;
  readonly runs: Pick<Client<typeof runService>, "startRun" | "awaitRun">;
  readonly readTasks: ReadTasks;
}

/** As long as one call waits. */
const waitMs = 30_000;

interface BrokenDown {
  readonly output: Payload;
  readonly used: Amounts | undefined;
}

export class Goals {
  readonly #parts: GoalsParts;

  constructor(parts: GoalsParts) {
    this.#parts = parts;
  }

  begin(due: DueEffect, effect: AskPlanner): void {
    const attempt = async (signal: AbortSignal): Promise<ErrandTold> => {
      const options = { signal, trace: traceOf(due.cause?.traceparent) };
      const { output, used } = await this.#brokenDown(due.key, effect, options);
      const tasks = await this.#tasksIn(due.key, effect, output);
      return { command: recordGoal, body: { tasks, used } };
    };
    this.#parts.errands.begin(due, attempt, (error) => ({
      command: refuseStart,
      body: { error: toErrorDetail(error) },
    }));
  }

  /** Begun once, however often it is asked for. */
  async #brokenDown(key: InstanceKey, effect: AskPlanner, options: Asking): Promise<BrokenDown> {
    const { runs } = this.#parts;
    const { namespace, id } = key;
    const { spec, runId } = effect;
    const started = await runs.startRun(requestOf(key, effect), options);
    if (started.existed && started.run?.parent?.id !== id) throw partWorkErrors.childTaken({ child: runId });
    for (;;) {
      const asked = { namespace, runId, waitMs, afterEvent: 0 };
      const { run } = await runs.awaitRun(asked, { ...options, timeoutMs: 2 * waitMs });
      const { result } = run?.outcome ?? {};
      if (run === undefined || !isEnded(run.status)) continue;
      if (run.status === WorkStatus.WORK_STATUS_COMPLETED && result?.$case === "completed")
        return { output: result.value, used: run.used };
      const isError = result !== undefined && result.$case !== "completed" && result.$case !== "continued";
      const cause = isError ? { cause: fromErrorDetail(result.value) } : {};
      throw partWorkErrors.goalNotBrokenDown({ planner: goalIn(spec).planner, run: runId }, cause);
    }
  }

  async #tasksIn(
    { namespace }: InstanceKey,
    { spec }: AskPlanner,
    { body, mediaType }: Payload,
  ): Promise<TaskList> {
    const { planner } = goalIn(spec);
    const isJson = mediaType === "" || mediaType === "application/json";
    if (body?.$case !== "inline" || !isJson)
      throw sessionErrors.goalUnfit({ planner, problem: "no JSON in place" });
    try {
      const output: unknown = JSON.parse(new TextDecoder().decode(body.value));
      return await this.#parts.readTasks(namespace, spec, output);
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      // What could not be looked at now is looked at again.
      if (error.retry !== "never") throw error;
      throw sessionErrors.goalUnfit({ planner, problem: error.message }, { cause: error });
    }
  }
}

function goalIn({ work }: SessionSpec): Pick<Goal, "description" | "input" | "planner"> {
  return work?.$case === "goal" ? work.value : { description: "", input: undefined, planner: "" };
}

/** The one task of its run, which is shown with it. */
const task = "plan";

function requestOf({ namespace, id }: InstanceKey, { spec, runId }: AskPlanner): StartRunRequest {
  const { description, input, planner } = goalIn(spec);
  const request = StartRunRequest.fromPartial({
    ...{ namespace, runId, parent: { namespace, kind: "session", id, task: planningTask } },
    parentClosePolicy: ParentClosePolicy.PARENT_CLOSE_POLICY_CANCEL,
  });
  const plan = TaskSpec.fromPartial({ id: task, work: { $case: "capability", value: planner } });
  // Over its input nothing in a goal is taken for an expression.
  plan.input = json(`{"goal":"\${{ input.goal }}","input":"\${{ input.input }}"}`);
  const given = input?.body?.$case === "inline" ? new TextDecoder().decode(input.body.value) : "null";
  const whole = json(`{"goal":${JSON.stringify(description)},"input":${given}}`);
  request.spec = {
    ...RunSpec.create(),
    what: { $case: "tasks", value: { tasks: [plan], output: `tasks.${task}.output`, input: whole } },
    ...{ labels: spec.labels, priority: spec.priority, pool: spec.pool, dueTime: spec.dueTime },
    ...{
      retentionMs: spec.retentionMs,
      budget: spec.budget,
      share: shareOf({ spec }, { namespace, sessionId: id }),
    },
  };
  return request;
}

function json(text: string): Payload {
  return { body: { $case: "inline", value: new TextEncoder().encode(text) }, mediaType: "" };
}
