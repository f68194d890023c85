/** Starts and ends tasks, by their kinds. */
import type { TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { Act, ConsumedSignal, Moment } from "./moments.ts";
import { conditionOf, type Evaluated, type Names, referencesOfCondition, valueFrom } from "./names.ts";
import { resultOfAttempts } from "./plain-attempts.ts";
import { isCached, store } from "./plain-cache.ts";
import { evaluateGate } from "./plain-gate.ts";
import type { BufferedSignal, RunModel, TaskProgress } from "./plain-model.ts";
import { PlainParts } from "./plain-parts.ts";
import { answerQuestion, questionOf } from "./plain-question.ts";
import { namesOfTask } from "./plain-scene.ts";
import {
  forget,
  hasEnded,
  isGood,
  type NeedCondition,
  neededBy,
  needsOf,
  type PlainBody,
  type PlainEffect,
  type PlainTask,
  partsOf,
} from "./plain-task.ts";
import { timeoutOf } from "./plain-times.ts";

export class PlainWork {
  /** Signals that no task has consumed, in the order of their arrival. */
  signals: BufferedSignal[] = [];
  /** Signals that waits consume when they start. */
  consumed: readonly ConsumedSignal[] = [];
  /** Known ends of this moment, in that order. Gates and tasks with parts wait for their place in it. */
  order: readonly string[] = [];
  #lastSignal = 0;
  /** Number of failed tasks. */
  #failed = 0;
  readonly #run: RunModel;
  readonly #parts: PlainParts;

  constructor(run: RunModel) {
    this.#run = run;
    this.#parts = new PlainParts(run);
  }

  apply(moment: Exclude<Moment, Act> | (Act & { readonly kind: "decide" })): string | undefined {
    if (!("taskId" in moment)) return undefined;
    const task = this.#run.task(moment.taskId);
    if (task === undefined) return `there is no task ${moment.taskId} yet`;
    if (task.status !== "running") return `${task.id} is ${task.status}, but has to be running`;
    switch (moment.kind) {
      case "ended":
        if (!isLeaf(task)) return `${task.id} is no work of its own`;
        this.#resolve(task);
        return undefined;
      case "child stopped":
        if (!this.#run.wasReset) return `nothing has stopped the child of ${task.id}`;
        this.applyProgress(task, { fails: "workflow.child_failed" });
        return undefined;
      case "saved":
        task.saved = moment.saved;
        return undefined;
      case "timed out":
        if (timeoutOf(task.document).total === undefined) return `${task.id} may take as long as it wants`;
        for (const part of partsOf(task)) if (part !== task) this.#run.stop(part);
        this.#run.detach(task);
        this.applyProgress(task, { fails: "workflow.timed_out" });
        return undefined;
      case "expired":
        return this.#expire(task);
      case "from cache":
        if (!isCached(this.#run, task, moment.output))
          return `no agent has given ${JSON.stringify(moment.output)} for ${task.id}`;
        this.applyProgress(task, { value: moment.output });
        return undefined;
      case "round":
        if (!task.pauses) return `${task.id} does not pause`;
        task.pauses = false;
        this.#parts.resume(task);
        return undefined;
      case "signal taken":
        return this.#consumeSignal(task, moment.number);
      case "decide":
        this.#decide(task, moment);
        return undefined;
      default:
        return undefined;
    }
  }

  /** Returns whether an agent or a person acts on it next. */
  isAwaited(task: PlainTask): boolean {
    return task.status === "running" && (isLeaf(task) || task.pauses) && task.question?.isOpen !== true;
  }

  /** Evaluates all tasks once, tasks that can start first. Returns false if nothing could be done. */
  advance(bodies: readonly PlainBody[]): boolean {
    const tasks = bodies.flatMap((body) => [...body.tasks.values()]);
    const waiting = tasks.filter((task) => task.status === "pending" && !this.#isReady(task));
    let changes = false;
    for (const task of tasks) if (!waiting.includes(task)) changes = this.advanceTask(task) || changes;
    for (const task of waiting) if (this.#isDoomed(task)) changes = this.advanceTask(task) || changes;
    return changes;
  }

  signal(name: string, payload: Json): void {
    this.signals.push({ number: ++this.#lastSignal, name, payload });
  }

  /** Returns a task that waits although a matching signal is kept. */
  unconsumedSignal(): string | undefined {
    const waits = (task: PlainTask) => this.signals.some((signal) => this.#accepts(task, signal));
    return this.#run.tasks.find((task) => task.status === "running" && waits(task))?.id;
  }

  /** Returns tasks to their initial state. */
  repeat(tasks: Iterable<PlainTask>): void {
    for (const task of tasks) {
      this.#run.detachParts(task);
      task.body.failures = task.body.failures.filter((failed) => failed !== task);
      forget(task);
    }
  }

  finish(task: PlainTask, result: Evaluated): void {
    const run = this.#run;
    this.#passed(task);
    run.endings.set(task.id, "fails" in result ? result.fails : "");
    if (task.question !== undefined) task.question.isOpen = false;
    if ("fails" in result) {
      task.status = "failed";
      task.error = result.fails;
      task.failedOn = run.occasion;
      task.failedAs = this.#failed++;
      if (task.entry === undefined && task.document.mayFail !== true) task.body.failures.push(task);
      return;
    }
    task.status = "completed";
    task.output = result.value;
    if (!isUndoable(task)) return;
    const effect: PlainEffect = {
      ...{ task, input: task.input ?? null, output: task.output },
      ...{ completedAs: run.occasion, completedMs: run.nowMs },
    };
    run.effects = [...run.effects.filter((other) => other.task.id !== task.id), effect];
  }

  /** Ends a task by its agent, child or timer. */
  #resolve(task: PlainTask): void {
    const progress = resultOfAttempts(this.#run, task);
    store(this.#run, task, progress);
    this.applyProgress(task, progress);
  }

  isDue({ id }: PlainTask): boolean {
    const isWaiting = (taskId: string): boolean => {
      const task = this.#run.task(taskId);
      return task === undefined || (waitsForTurn(task) && !hasEnded(task));
    };
    const next = this.order.findIndex(isWaiting);
    this.order = next < 0 ? [] : this.order.slice(next);
    return this.order.length === 0 || this.order[0] === id;
  }

  /** Drops expected ends that did not happen. Returns false if nothing has waited for one. */
  stopWaiting(): boolean {
    const wasWaiting = this.order.length > 0;
    this.order = [];
    return wasWaiting;
  }

  #passed({ id }: PlainTask): void {
    if (this.order[0] === id) this.order = this.order.slice(1);
  }

  applyProgress(task: PlainTask, progress: TaskProgress): void {
    task.isStarting = false;
    if (progress === "sent back") this.#passed(task);
    if (progress === "paused") task.status = progress;
    else if (typeof progress === "object") this.finish(task, progress);
  }

  advanceTask(task: PlainTask): boolean {
    if (task.status === "pending") return this.#tryStart(task);
    if (task.status !== "running") return false;
    return this.#parts.advance(task);
  }

  /** Skips tasks that can no longer run. Returns false if there are none. */
  skip(): boolean {
    const doomed = this.#run.tasks.filter(
      (task) => task.status === "pending" && task.entry === undefined && this.#isDoomed(task),
    );
    for (const task of doomed) task.status = "skipped";
    return doomed.length > 0;
  }

  /** Starts or skips a task according to rule 1 of the run. */
  #tryStart(task: PlainTask): boolean {
    if (this.#isDoomed(task)) {
      task.status = "skipped";
      return true;
    }
    const isReady = this.#isReady(task) && (task.document.gate === undefined || this.isDue(task));
    if (isReady) this.start(task);
    return isReady;
  }

  #isReady(task: PlainTask): boolean {
    return this.#needed(task).every(([needed]) => hasEnded(needed));
  }

  #isDoomed(task: PlainTask): boolean {
    return this.#needed(task).some(([needed, condition]) => hasEnded(needed) && !endedAs(needed, condition));
  }

  /** Returns the needs of a task. A loop needs the tasks around its rounds. */
  #needed(task: PlainTask): (readonly [PlainTask, NeedCondition])[] {
    return [...needsOf(task.document)].flatMap(([id, condition]) => {
      const needed = neededBy(task, id, this.#run);
      return needed === undefined ? [] : [[needed, condition] as const];
    });
  }

  start(task: PlainTask): void {
    const isList = task.document.forEach !== undefined && task.entry === undefined;
    if (isEvaluatedHere(task)) {
      const condition = conditionOf(task.document.when ?? true, namesOfTask(this.#run.facts, task));
      if ("fails" in condition || condition.value !== true) {
        task.visits++;
        if ("fails" in condition) this.finish(task, condition);
        else Object.assign(task, { status: "skipped", isPassed: true });
        return;
      }
    }
    task.status = "running";
    task.visits++;
    this.applyProgress(task, isList ? this.#parts.startList(task) : this.#startSingle(task));
    const consumed = this.consumed.find(({ taskId }) => taskId === task.id);
    if (consumed !== undefined && this.#consumeSignal(task, consumed.number) === undefined)
      this.consumed = this.consumed.filter((each) => each !== consumed);
  }

  #startSingle(task: PlainTask): TaskProgress {
    const { with: withInput, set, loop, gate, approve, spawn, wait } = task.document;
    const names = namesOfTask(this.#run.facts, task);
    if (set !== undefined) return valueFrom(set, names);
    if (gate !== undefined) return evaluateGate(this.#run, task, gate, names);
    if (approve !== undefined) return this.#requestApproval(task, names);
    if (spawn !== undefined) return this.#parts.add(task, spawn, names);
    if (wait !== undefined) return "running";
    if (loop !== undefined) return this.#parts.startRounds(task, loop, names);
    const input = withInput === undefined ? { value: null } : valueFrom(withInput, names);
    if ("fails" in input) return input;
    task.input = input.value;
    return "running";
  }

  #requestApproval(task: PlainTask, names: Names): TaskProgress {
    for (const expression of [
      task.document.approve?.title,
      task.document.approve?.message,
      task.document.approve?.context,
    ]) {
      const result = expression === undefined ? { value: null } : valueFrom(expression, names);
      if ("fails" in result) return result;
    }
    task.question = questionOf(undefined);
    return "asked";
  }

  #decide(task: PlainTask, decision: Act & { readonly kind: "decide" }): void {
    const result = answerQuestion(task, decision);
    if (result !== undefined) this.finish(task, result);
  }

  #expire(task: PlainTask): string | undefined {
    const { wait, approve } = task.document;
    const isSignal = typeof wait === "object" && wait.signal !== undefined && wait.within !== undefined;
    const isQuestion = approve?.within !== undefined && task.question?.isOpen === true;
    if (!isSignal && !isQuestion) return `${task.id} waits as long as it has to`;
    this.finish(task, { fails: isSignal ? "workflow.signal_missing" : "workflow.approval_expired" });
    return undefined;
  }

  /**
   * Lets a wait consume a signal. Any wait may consume it. Each wait consumes the oldest signal that it
   * accepts.
   */
  #consumeSignal(task: PlainTask, number: number): string | undefined {
    const first = this.signals.find((signal) => this.#accepts(task, signal));
    if (first?.number !== number)
      return `${task.id} takes the signal ${number}, expected ${first?.number ?? "that it wants none"}`;
    this.signals = this.signals.filter((signal) => signal !== first);
    this.finish(task, { value: first.payload });
    return undefined;
  }

  #accepts(task: PlainTask, { name, payload }: BufferedSignal): boolean {
    const { wait } = task.document;
    if (typeof wait !== "object" || wait.signal !== name || task.entries !== undefined) return false;
    const names = namesOfTask(this.#run.facts, task, { "signal.payload": payload });
    const result = conditionOf(wait.where ?? true, names);
    return "value" in result && result.value === true;
  }
}

/** Returns whether the end of a task follows from other tasks. */
function waitsForTurn({ document, entry }: PlainTask): boolean {
  const isList = document.forEach !== undefined && entry === undefined;
  return isList || document.gate !== undefined || document.loop !== undefined || document.spawn !== undefined;
}

function endedAs(task: PlainTask, condition: NeedCondition): boolean {
  if (condition === "always") return true;
  if (condition === "failure") return task.status === "failed";
  return isGood(task) || (condition === "done" && task.status === "skipped" && task.isPassed);
}

/** Returns whether a task has a compensation. Entries undo their own work. */
function isUndoable({ document, entry }: PlainTask): boolean {
  return document.compensate !== undefined && (document.forEach === undefined || entry !== undefined);
}

/**
 * Returns whether the condition is evaluated here. If it reads the entry, it is evaluated for each entry,
 * otherwise once, before there are entries.
 */
function isEvaluatedHere({ document, entry }: PlainTask): boolean {
  if (document.forEach === undefined) return true;
  const readsEntry = referencesOfCondition(document.when).some((name) => name === "item" || name === "index");
  return readsEntry === (entry !== undefined);
}

/** Returns whether another party executes the task, or it waits for a time. */
function isLeaf({ document, entry }: PlainTask): boolean {
  if (document.forEach !== undefined && entry === undefined) return false;
  const { uses, workflow, wait } = document;
  return uses !== undefined || workflow !== undefined || (wait !== undefined && !isSignalWait(document));
}

export function isSignalWait({ wait }: TaskDocument): boolean {
  return typeof wait === "object" && wait.signal !== undefined;
}
