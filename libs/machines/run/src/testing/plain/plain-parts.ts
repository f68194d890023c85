/** Tasks with parts: lists with their entries, loops with their rounds, and tasks that add tasks. */
import type { LoopDocument, TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { conditionOf, type Evaluated, type Names, valueFrom } from "./names.ts";
import type { RunModel, TaskProgress } from "./plain-model.ts";
import { namesInBody, namesOfTask } from "./plain-scene.ts";
import { additionOf } from "./plain-spawn.ts";
import {
  bodyOf,
  firstOf,
  hasEnded,
  outputsOf,
  type PlainBody,
  type PlainTask,
  taskOf,
} from "./plain-task.ts";

export class PlainParts {
  readonly #run: RunModel;

  constructor(run: RunModel) {
    this.#run = run;
  }

  /** Advances the parts of a task. Returns whether anything could be done. */
  advance(task: PlainTask): boolean {
    if (task.entries !== undefined) return this.#advanceEntries(task, task.entries);
    if (task.added !== undefined) return this.#advanceAdded(task, task.added);
    const { loop } = task.document;
    return loop === undefined ? false : this.#advanceRounds(task, loop);
  }

  startList(task: PlainTask): TaskProgress {
    const list = conditionOf(task.document.forEach ?? false, namesOfTask(this.#run.facts, task));
    if ("fails" in list) return list;
    if (!Array.isArray(list.value)) return { fails: "workflow.list_expected" };
    task.entries = list.value.map((item: Json, index) =>
      taskOf(`${task.id}[${index}]`, task.document, task.body, { item, index, list: task }),
    );
    return "running";
  }

  startRounds(task: PlainTask, loop: LoopDocument, names: Names): TaskProgress {
    const last = valueFrom(loop.initial ?? null, names);
    return "fails" in last ? last : (this.#nextRound(task, loop, last.value) ?? "running");
  }

  add(task: PlainTask, spawn: NonNullable<TaskDocument["spawn"]>, names: Names): TaskProgress {
    const { tasks, max = 1_000 } = typeof spawn === "string" ? { tasks: spawn } : spawn;
    const list = conditionOf(tasks, names);
    if ("fails" in list) return list;
    const added = additionOf(list.value, max, task, this.#run);
    if (added === undefined) return { fails: "workflow.addition_invalid" };
    if (Object.keys(added).length === 0) return { value: {} };
    task.added = bodyOf(added, { owner: task });
    return "running";
  }

  #advanceAdded(task: PlainTask, added: PlainBody): boolean {
    const { work } = this.#run;
    if (work.advance([added])) return true;
    if (![...added.tasks.values()].every(hasEnded) || !work.isDue(task)) return false;
    const [failed] = firstOf(added.failures);
    work.finish(task, failed === undefined ? { value: outputsOf(added) } : { fails: failed });
    return true;
  }

  /**
   * Starts as many entries in parallel as allowed, in their order. The list ends with the first failure, or
   * with the last entry.
   */
  #advanceEntries(task: PlainTask, entries: readonly PlainTask[]): boolean {
    const { maxParallel = Number.POSITIVE_INFINITY, failFast = true } = task.document;
    const { work } = this.#run;
    let changes = false;
    for (const entry of entries) {
      const hasFailed = failFast && entries.some(({ status }) => status === "failed");
      if (hasFailed && work.isDue(task)) break;
      if (entry.status === "pending") {
        if (hasFailed || entries.filter(isInProgress).length >= maxParallel) continue;
        work.start(entry);
        changes = true;
      } else changes = work.advanceTask(entry) || changes;
    }
    const failed = entries.filter(({ status }) => status === "failed");
    const isOver = entries.every(hasEnded) || (failFast && failed.length > 0);
    if (!isOver || !work.isDue(task)) return changes;
    if (failed.length > 0) {
      for (const entry of entries) this.#run.stop(entry);
      work.finish(task, { fails: firstOf(failed)[0] ?? "" });
      return true;
    }
    work.finish(task, { value: entries.map(({ output }) => output) });
    return true;
  }

  /** Starts the next round after the pause. */
  resume(task: PlainTask): void {
    const { loop } = task.document;
    if (loop === undefined) return;
    this.#run.work.applyProgress(task, this.#nextRound(task, loop, task.last) ?? "running");
  }

  /** Starts the next round. Returns the outcome of the loop if there is none. */
  #nextRound(task: PlainTask, loop: LoopDocument, last: Json): Evaluated | undefined {
    const number = task.rounds.length + 1;
    const round = { number, last };
    // The condition for another round reads the tasks of the previous round.
    const before = task.rounds.at(-1) ?? { ...task.body, tasks: new Map(), owner: task, event: undefined };
    const condition = conditionOf(loop.while ?? true, namesInBody(this.#run.facts, { ...before, round }));
    if ("fails" in condition) return condition;
    if (condition.value !== true) return { value: last };
    if (task.rounds.length === loop.max) return { fails: "workflow.loop_endless" };
    task.rounds.push(
      bodyOf(loop.tasks, { owner: task, round, idOf: (name) => `${task.id}#${number}.${name}` }),
    );
    return undefined;
  }

  #advanceRounds(task: PlainTask, loop: LoopDocument): boolean {
    const { work } = this.#run;
    const body = task.rounds.at(-1);
    if (body === undefined || task.pauses) return false;
    if (work.advance([body])) return true;
    if (![...body.tasks.values()].every(hasEnded) || !work.isDue(task)) return false;
    work.applyProgress(task, this.#endRound(task, body, loop) ?? "running");
    return true;
  }

  #endRound(task: PlainTask, body: PlainBody, loop: LoopDocument): Evaluated | undefined {
    const [failed] = body.failures.length === 0 ? [] : firstOf(body.failures);
    if (failed !== undefined) return { fails: failed };
    const names = namesInBody(this.#run.facts, body);
    const output = loop.output === undefined ? { value: outputsOf(body) } : valueFrom(loop.output, names);
    if ("fails" in output) return output;
    const isDone = conditionOf(loop.until ?? false, names);
    if ("fails" in isDone) return isDone;
    if (isDone.value === true) return output;
    // The condition for another round is evaluated when the round is due, unless the maximum is reached.
    task.pauses = loop.every !== undefined && task.rounds.length < loop.max;
    task.last = output.value;
    return task.pauses ? undefined : this.#nextRound(task, loop, task.last);
  }
}

function isInProgress({ status }: PlainTask): boolean {
  return status === "running" || status === "paused";
}
