/**
 * Breaks goals down into tasks: a run of one task asks the agent that offers the capability, and its output
 * becomes the tasks of a session. The id of the run is derived from that of the session, so the next owner
 * computes the same id.
 */
import type { Goal, SessionSpec } from "@tutti/contracts/session/v1";
import type { Payload, TaskList } from "@tutti/contracts/types/v1";
import type { EffectJobs, JobCommand } from "@tutti/host/serving";
import { errorFromUnknown, type InstanceKey, toErrorDetail, withoutRemedy } from "@tutti/kernel";
import {
  type AskPlanner,
  planningTask,
  recordGoal,
  refuseStart,
  sessionErrors,
} from "@tutti/machine-session";
import { traceOf } from "@tutti/mesh";
import type { DueEffect } from "@tutti/runtime";
import { partWorkErrors } from "../errors.ts";
import { askQuestion, jsonIn, type Question, type QuestionRuns } from "./question-runs.ts";

/**
 * Converts the output of a planner to tasks of a session. Throws an error if a session with these tasks would
 * be refused.
 */
export type ReadTasks = (namespace: string, spec: SessionSpec, output: unknown) => Promise<TaskList>;

export interface GoalsParts {
  readonly jobs: EffectJobs;
  readonly runs: QuestionRuns;
  readonly readTasks: ReadTasks;
}

export class Goals {
  readonly #parts: GoalsParts;

  constructor(parts: GoalsParts) {
    this.#parts = parts;
  }

  start(due: DueEffect, effect: AskPlanner): void {
    const attempt = async (signal: AbortSignal): Promise<JobCommand> => {
      const options = { signal, trace: traceOf(due.cause?.traceparent) };
      const { spec, runId } = effect;
      const { planner } = goalIn(spec);
      const question = { runId, task: planningTask, capability: planner, input: inputOf(spec), spec };
      const { output, used } = await askQuestion(this.#parts.runs, due.key, question, options, (cause) =>
        partWorkErrors.goalNotBrokenDown({ planner, run: runId }, cause),
      );
      const tasks = await this.#tasksIn(due.key, effect, output);
      return { command: recordGoal, body: { tasks, used } };
    };
    this.#parts.jobs.startJob(due, attempt, (error) => ({
      command: refuseStart,
      body: { error: toErrorDetail(error) },
    }));
  }

  async #tasksIn({ namespace }: InstanceKey, { spec }: AskPlanner, output: Payload): Promise<TaskList> {
    const { planner } = goalIn(spec);
    try {
      const decoded = jsonIn(output);
      if (decoded !== undefined) return await this.#parts.readTasks(namespace, spec, decoded.value);
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      // A check that cannot be made now is repeated.
      if (error.retry !== "never") throw error;
      throw sessionErrors.goalUnfit({ planner, problem: withoutRemedy(error) }, { cause: error });
    }
    throw sessionErrors.goalUnfit({ planner, problem: "no JSON in place" });
  }
}

function goalIn({ work }: SessionSpec): Pick<Goal, "description" | "input" | "planner"> {
  return work?.$case === "goal" ? work.value : { description: "", input: undefined, planner: "" };
}

function inputOf(spec: SessionSpec): Question["input"] {
  const { description, input } = goalIn(spec);
  const inputText = input?.body?.$case === "inline" ? new TextDecoder().decode(input.body.value) : "null";
  return { goal: JSON.stringify(description), input: inputText };
}
