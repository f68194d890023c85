/**
 * The plain interpreter: what a run comes to, by the words of the language and nothing else. It has no events, no counters
 * and no numbers; it looks at all tasks again and again until nothing changes any more. It is told in which order work
 * ended, since that is nobody's to say; whatever else happens, it says.
 *
 * 1. A task begins when all that it needs has ended as it has to; it is skipped as soon as something has ended otherwise.
 * 2. Everything goes on to its end after a failure. Then the run fails with the first failure that was not allowed.
 * 3. When it failed or was cancelled, what completed is undone, last completed first.
 */
import type { GateDocument, LoopDocument, TaskDocument, WorkflowDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { conditionOf, type Evaluated, type Names, referencesOfCondition, valueFrom } from "./names.ts";
import {
  bodyOf,
  forget,
  hasEnded,
  needsOf,
  type PlainBody,
  type PlainTask,
  partsOf,
  restingOn,
  taskOf,
} from "./plain-task.ts";
import { type Answer, answerOf, type Script, undoOf } from "./script.ts";
import { signalPayload, unwantedSignal } from "./signals.ts";

/** What the world decides. */
export type Moment =
  /** An agent, a child, a signal or a timer has said its last word on a task. */
  | { readonly kind: "ended"; readonly taskId: string }
  /** The pause between two rounds is over. */
  | { readonly kind: "round"; readonly taskId: string }
  | { readonly kind: "cancelled" }
  /** By force: nothing is undone. */
  | { readonly kind: "terminated" };

export interface PlainEnding {
  readonly status: "completed" | "failed" | "cancelled" | "terminated";
  readonly output: Json;
  /** Codes of errors that it may have: several where nobody can say what failed first. */
  readonly errors: readonly string[];
  /** Ids of what was undone, in order, and whether that worked. */
  readonly undone: readonly { readonly taskId: string; readonly input: Json; readonly isDone: boolean }[];
}

export class PlainRun {
  readonly body: PlainBody;
  /** By id, the code of the error that a task ended with last, empty where it ended well; done again or not. */
  readonly endings = new Map<string, string>();
  readonly #document: WorkflowDocument;
  readonly #input: Json;
  readonly #script: Script;
  /** What completed and can be undone, in the order in which it completed. */
  #completed: PlainTask[] = [];
  #stopped: "cancelled" | "terminated" | undefined;
  /** Counts what was decided outside: what fails on the same occasion fails at the same time. */
  #occasion = 0;

  constructor(document: WorkflowDocument, input: Json, script: Script) {
    this.#document = document;
    this.#input = input;
    this.#script = script;
    this.body = bodyOf(document.tasks ?? {});
    this.#goOn();
  }

  /** Something was decided outside; gives what is wrong with that. */
  take(moment: Moment): string | undefined {
    this.#occasion++;
    if (moment.kind === "cancelled" || moment.kind === "terminated") {
      this.#stopped ??= moment.kind;
      if (moment.kind === "terminated") this.#stopped = moment.kind;
      this.#stopAll(this.body);
      return undefined;
    }
    const task = this.task(moment.taskId);
    if (task === undefined) return `there is no task ${moment.taskId} yet`;
    if (task.status !== "at work") return `${task.id} is ${task.status}, but has to be at work to end`;
    if (moment.kind === "round") this.#endPause(task);
    else if (isLeaf(task)) this.#end(task, this.#resultOf(task));
    else return `${task.id} is no work of its own`;
    this.#goOn();
    return undefined;
  }

  /** Ids of what somebody has to say something to. */
  get awaited(): readonly string[] {
    return this.tasks.flatMap((task) =>
      task.status === "at work" && (isLeaf(task) || task.pauses) ? [task.id] : [],
    );
  }

  get tasks(): readonly PlainTask[] {
    return [...this.body.tasks.values()].flatMap(partsOf);
  }

  task(id: string): PlainTask | undefined {
    return this.tasks.find((task) => task.id === id);
  }

  /** How it ended; undefined while something is open. */
  get ending(): PlainEnding | undefined {
    const tasks = this.tasks;
    if (!tasks.every(hasEnded)) return undefined;
    const failures = this.body.failures;
    if (this.#stopped === "terminated")
      return { status: this.#stopped, output: null, errors: [], undone: [] };
    if (this.#stopped === "cancelled") return this.#undoing("cancelled", null, ["workflow.cancelled"]);
    if (failures.length > 0)
      return this.#undoing(
        "failed",
        null,
        failures.map(({ error }) => error),
      );
    const output = this.#runOutput();
    if ("fails" in output) return this.#undoing("failed", null, [output.fails]);
    return { status: "completed", output: output.value, errors: [], undone: [] };
  }

  /** Look at everything until nothing changes. */
  #goOn(): void {
    if (this.#stopped !== undefined) return;
    while (this.#lookAt(this.body)) {}
  }

  #lookAt(body: PlainBody): boolean {
    let changes = false;
    for (const task of body.tasks.values()) changes = this.#lookAtTask(task) || changes;
    return changes;
  }

  #lookAtTask(task: PlainTask): boolean {
    if (task.status === "pending") return this.#tryToBegin(task);
    if (task.status !== "at work") return false;
    if (task.entries !== undefined) return this.#lookAtEntries(task, task.entries);
    const { loop } = task.document;
    return loop === undefined ? false : this.#lookAtRounds(task, loop);
  }

  /** See rule 1. */
  #tryToBegin(task: PlainTask): boolean {
    let isReady = true;
    for (const [id, how] of needsOf(task.document)) {
      const needed = task.body.tasks.get(id);
      // What stands around a round is needed by its loop.
      if (needed === undefined) continue;
      if (!hasEnded(needed)) isReady = false;
      else if (!endedAs(needed, how)) {
        task.status = "skipped";
        return true;
      }
    }
    if (isReady) this.#begin(task);
    return isReady;
  }

  #begin(task: PlainTask): void {
    task.status = "at work";
    const isList = task.document.forEach !== undefined && task.entry === undefined;
    const result =
      (isAskedHere(task) ? this.#askWhen(task) : undefined) ??
      (isList ? this.#beginList(task) : this.#beginOne(task));
    if (result === "sent back") return;
    if (result === "skipped") task.status = result;
    else if (result !== undefined) this.#end(task, result);
  }

  /** Undefined when it is to be done. */
  #askWhen(task: PlainTask): Evaluated | "skipped" | undefined {
    const wanted = conditionOf(task.document.when ?? true, this.#namesOf(task));
    if ("fails" in wanted) return wanted;
    return wanted.value === true ? undefined : "skipped";
  }

  /** Gives how it ended, where it did so at once. */
  #beginList(task: PlainTask): Evaluated | undefined {
    const list = conditionOf(task.document.forEach ?? false, this.#namesOf(task));
    if ("fails" in list) return list;
    if (!Array.isArray(list.value)) return { fails: "workflow.list_expected" };
    task.entries = list.value.map((item: Json, index) =>
      taskOf(`${task.id}[${index}]`, task.document, task.body, { item, index }),
    );
    return undefined;
  }

  #beginOne(task: PlainTask): Evaluated | "sent back" | undefined {
    const { with: given, set, loop, gate } = task.document;
    const names = this.#namesOf(task);
    if (set !== undefined) return valueFrom(set, names);
    if (gate !== undefined) return this.#ask(task, gate, names);
    if (loop !== undefined) {
      const last = valueFrom(loop.initial ?? null, names);
      return "fails" in last ? last : this.#nextRound(task, loop, last.value);
    }
    const input = given === undefined ? { value: null } : valueFrom(given, names);
    if ("fails" in input) return input;
    task.input = input.value;
    return undefined;
  }

  /** Goes on, sends work back, or fails. */
  #ask(task: PlainTask, gate: GateDocument, names: Names): Evaluated | "sent back" {
    const checks = gate.checks ?? { check: gate.check ?? true };
    const found = Object.entries(checks).map(([name, check]) => [name, conditionOf(check, names)] as const);
    const reports: { name: string; passed: boolean }[] = [];
    for (const [name, one] of found) {
      if ("fails" in one) return one;
      reports.push({ name, passed: one.value === true });
    }
    const { sentBack } = task;
    if (reports.every(({ passed }) => passed)) return { value: { passed: true, checks: reports, sentBack } };
    const target = task.body.tasks.get(gate.sendBack ?? "");
    if (target === undefined || sentBack === (gate.times ?? 1)) return { fails: "workflow.gate_failed" };
    for (const again of restingOn(target)) this.#doAgain(again);
    task.sentBack++;
    return "sent back";
  }

  #doAgain(task: PlainTask): void {
    const parts = new Set(partsOf(task));
    this.#completed = this.#completed.filter((completed) => !parts.has(completed));
    task.body.failures = task.body.failures.filter((failed) => !parts.has(failed));
    forget(task);
  }

  /** So many at once as may be, in their order; the list ends with the first failure, or with the last entry. */
  #lookAtEntries(task: PlainTask, entries: readonly PlainTask[]): boolean {
    const { maxParallel = Number.POSITIVE_INFINITY, failFast = true } = task.document;
    let changes = false;
    for (const entry of entries) {
      if (failFast && entries.some(({ status }) => status === "failed")) break;
      if (entry.status === "pending") {
        if (entries.filter(({ status }) => status === "at work").length >= maxParallel) continue;
        this.#begin(entry);
        changes = true;
      } else changes = this.#lookAtTask(entry) || changes;
    }
    const failed = entries.filter(({ status }) => status === "failed");
    if (failed.length > 0 && (failFast || entries.every(hasEnded))) {
      for (const entry of entries) this.#stop(entry);
      this.#end(task, { fails: firstOf(failed)[0]?.error ?? "" });
      return true;
    }
    if (!entries.every(hasEnded)) return changes;
    this.#end(task, { value: entries.map(({ output }) => output) });
    return true;
  }

  #nextRound(task: PlainTask, loop: LoopDocument, last: Json): Evaluated | undefined {
    const body = bodyOf(loop.tasks, task, { number: task.rounds.length + 1, last });
    const wanted = conditionOf(loop.while ?? true, this.#namesIn(body));
    if ("fails" in wanted) return wanted;
    if (wanted.value !== true) return { value: last };
    if (task.rounds.length === loop.max) return { fails: "workflow.loop_endless" };
    task.rounds.push(body);
    return undefined;
  }

  #endPause(task: PlainTask): void {
    const { loop } = task.document;
    if (loop === undefined || !task.pauses) return;
    task.pauses = false;
    const result = this.#nextRound(task, loop, task.last);
    if (result !== undefined) this.#end(task, result);
  }

  #lookAtRounds(task: PlainTask, loop: LoopDocument): boolean {
    const body = task.rounds.at(-1);
    if (body === undefined || task.pauses) return false;
    if (this.#lookAt(body)) return true;
    if (![...body.tasks.values()].every(hasEnded)) return false;
    const result = this.#endRound(task, body, loop);
    if (result !== undefined) this.#end(task, result);
    return true;
  }

  #endRound(task: PlainTask, body: PlainBody, loop: LoopDocument): Evaluated | undefined {
    const [failed] = body.failures;
    if (failed !== undefined) return { fails: failed.error };
    const names = this.#namesIn(body);
    const output = loop.output === undefined ? { value: outputsOf(body) } : valueFrom(loop.output, names);
    if ("fails" in output) return output;
    const isDone = conditionOf(loop.until ?? false, names);
    if ("fails" in isDone) return isDone;
    if (isDone.value === true) return output;
    // Whether there is another round is asked when it is due, unless there may be none anyway.
    task.pauses = loop.every !== undefined && task.rounds.length < loop.max;
    task.last = output.value;
    return task.pauses ? undefined : this.#nextRound(task, loop, task.last);
  }

  /** What its attempts come to. */
  #resultOf(task: PlainTask): Evaluated {
    const { wait } = task.document;
    if (typeof wait === "object" && wait.signal !== undefined)
      return wait.where === unwantedSignal ? { fails: "workflow.signal_missing" } : { value: signalPayload };
    if (wait !== undefined) return { value: null };
    const isChild = task.document.workflow !== undefined;
    return this.#attempt(task.document.retry, task.id, task.input ?? null, isChild);
  }

  #attempt(retry: TaskDocument["retry"], id: string, input: Json, isChild = false): Evaluated {
    const { max = 3, on, notOn = [] } = typeof retry === "number" ? { max: retry } : (retry ?? { max: 1 });
    for (let attempt = 1; ; attempt++) {
      const answer: Answer = answerOf(this.#script, id, attempt);
      if ("gives" in answer) return { value: answer.gives };
      if ("echoes" in answer) return { value: input };
      // How its child failed is the child's own affair.
      const { fails, isFinal = false } = isChild ? { fails: "workflow.child_failed" } : answer;
      // Codes that are named are tried again whatever the agent says; all others unless it says that they are final.
      const isTriedAgain = !notOn.includes(fails) && (on?.includes(fails) ?? !isFinal);
      if (!isTriedAgain || attempt === max) return { fails };
    }
  }

  #end(task: PlainTask, result: Evaluated): void {
    this.endings.set(task.id, "fails" in result ? result.fails : "");
    if ("fails" in result) {
      task.status = "failed";
      task.error = result.fails;
      task.failedOn = this.#occasion;
      if (task.entry === undefined && task.document.mayFail !== true) task.body.failures.push(task);
      return;
    }
    task.status = "completed";
    task.output = result.value;
    const isWork = task.entries === undefined;
    if (isWork && task.document.compensate !== undefined) this.#completed.push(task);
  }

  #stop(task: PlainTask): void {
    if (hasEnded(task)) return;
    task.status = "cancelled";
    for (const entry of task.entries ?? []) this.#stop(entry);
    for (const round of task.rounds) this.#stopAll(round);
  }

  #stopAll(body: PlainBody): void {
    for (const task of body.tasks.values()) this.#stop(task);
  }

  /** See rule 3. */
  #undoing(status: "failed" | "cancelled", output: Json, errors: readonly string[]): PlainEnding {
    if (status === "failed" && this.#document.onFailure === "keep")
      return { status, output, errors, undone: [] };
    const undone = this.#completed.toReversed().map((task) => {
      const { compensate, retry } = task.document;
      const given = compensate?.with ?? { input: "${{ given }}", output: "${{ output }}" };
      const names: Names = (name) =>
        name === "output" ? task.output : name === "given" ? (task.input ?? null) : undefined;
      const input = valueFrom(given, names);
      if ("fails" in input) return { taskId: task.id, input: null, isDone: false };
      const result = this.#attempt(compensate?.retry ?? retry, undoOf(task.id), input.value);
      return { taskId: task.id, input: input.value, isDone: "value" in result };
    });
    return { status, output, errors, undone };
  }

  #runOutput(): Evaluated {
    const { output } = this.#document;
    if (output !== undefined) return valueFrom(output, this.#namesIn(this.body));
    return { value: outputsOf(this.body) };
  }

  #namesOf(task: PlainTask): Names {
    const { entry, body } = task;
    const around = this.#namesIn(body);
    return (name) => {
      if (entry !== undefined && name === "item") return entry.item;
      if (entry !== undefined && name === "index") return entry.index;
      return around(name);
    };
  }

  #namesIn({ tasks, owner, round }: PlainBody): Names {
    return (name) => {
      if (name === "input") return this.#input;
      const [, id = "", field] = /^tasks\.(\w+)\.(\w+)$/.exec(name) ?? [];
      const task = tasks.get(id);
      if (task !== undefined) return fieldOf(task, field ?? "");
      if (owner === undefined) return undefined;
      if (name === "round.number") return round.number;
      if (name === "round.last") return round.last;
      return this.#namesOf(owner)(name);
    };
  }
}

function endedAs({ status }: PlainTask, how: "success" | "failure" | "always"): boolean {
  if (how === "always") return true;
  return how === "success" ? status === "completed" : status === "failed";
}

/** What looks at the entry is asked for each; anything else once, before there are entries. */
function isAskedHere({ document, entry }: PlainTask): boolean {
  if (document.forEach === undefined) return true;
  const looksAtEntry = referencesOfCondition(document.when).some(
    (name) => name === "item" || name === "index",
  );
  return looksAtEntry === (entry !== undefined);
}

/** Somebody else does it. */
function isLeaf({ document, entry }: PlainTask): boolean {
  if (document.forEach !== undefined && entry === undefined) return false;
  const { loop, set, gate } = document;
  return loop === undefined && set === undefined && gate === undefined;
}

/** What is the output where nothing is said: the outputs of all tasks by their names. */
function outputsOf({ tasks }: PlainBody): Json {
  const completed = [...tasks].filter(([, { status }]) => status === "completed");
  return Object.fromEntries(completed.map(([id, { output }]) => [id, output]));
}

/** Those that failed first. */
function firstOf(failed: readonly PlainTask[]): readonly PlainTask[] {
  const first = Math.min(...failed.map(({ failedOn }) => failedOn));
  return failed.filter(({ failedOn }) => failedOn === first);
}

/** What did not complete has no output. */
function fieldOf(task: PlainTask, field: string): Json | undefined {
  if (field === "output") return task.status === "completed" ? task.output : undefined;
  return field === "status" ? task.status : task.status === "failed" ? { code: task.error } : null;
}
