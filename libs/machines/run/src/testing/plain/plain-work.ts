/** How tasks begin and end, by the words of their kinds. */
import { isDeepStrictEqual } from "node:util";
import type { CheckDocument, LoopDocument, TaskDocument, TimeoutDocument } from "@tutti/definitions";
import { parseDurationMs } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { Act, Moment, SignalTaken } from "./moments.ts";
import { conditionOf, type Evaluated, type Names, referencesOfCondition, valueFrom } from "./names.ts";
import type { KeptSignal, PlainBooks } from "./plain-books.ts";
import { plainJson } from "./plain-json.ts";
import { answerQuestion, questionOf } from "./plain-question.ts";
import { namesInBody, namesOfTask } from "./plain-scene.ts";
import { additionOf } from "./plain-spawn.ts";
import {
  bodyOf,
  firstOf,
  forget,
  type How,
  hasEnded,
  isGood,
  neededBy,
  needsOf,
  outputsOf,
  type PlainBody,
  type PlainEffect,
  type PlainTask,
  partsOf,
  restingOn,
  taskOf,
} from "./plain-task.ts";
import { type Answer, answerOf, failureOf } from "./script.ts";

/** How a task stands after somebody has said something: it has ended, waits for a person, or is done again. */
type Standing = Evaluated | "asked" | "paused" | "sent back" | "at work";

export class PlainWork {
  /** Those that nobody has taken, in the order in which they came. */
  signals: KeptSignal[] = [];
  /** What waits that begin at this moment take at once. */
  taken: readonly SignalTaken[] = [];
  #lastSignal = 0;
  readonly #run: PlainBooks;

  constructor(run: PlainBooks) {
    this.#run = run;
  }

  take(moment: Exclude<Moment, Act> | (Act & { readonly kind: "decide" })): string | undefined {
    if (!("taskId" in moment)) return undefined;
    const task = this.#run.task(moment.taskId);
    if (task === undefined) return `there is no task ${moment.taskId} yet`;
    if (task.status !== "at work") return `${task.id} is ${task.status}, but has to be at work`;
    switch (moment.kind) {
      case "ended":
        if (!isLeaf(task)) return `${task.id} is no work of its own`;
        this.#settle(task, this.#store(task, this.#resultOf(task)));
        return undefined;
      case "child stopped":
        if (!this.#run.wasTakenBack) return `nobody has stopped the child of ${task.id}`;
        this.#settle(task, { fails: "workflow.child_failed" });
        return undefined;
      case "saved":
        task.saved = moment.saved;
        return undefined;
      case "timed out":
        if (timeoutOf(task.document).total === undefined) return `${task.id} may take as long as it wants`;
        for (const part of partsOf(task)) if (part !== task) this.#run.stop(part);
        this.#settle(task, { fails: "workflow.timed_out" });
        return undefined;
      case "expired":
        return this.#expire(task);
      case "from cache":
        if (!this.#isCached(task, moment.output))
          return `nobody has given ${JSON.stringify(moment.output)} for ${task.id}`;
        this.#settle(task, { value: moment.output });
        return undefined;
      case "round":
        if (!task.pauses) return `${task.id} does not pause`;
        task.pauses = false;
        this.#settle(task, this.#nextRound(task, task.document.loop as LoopDocument, task.last) ?? "at work");
        return undefined;
      case "signal taken":
        return this.#takeSignal(task, moment.number);
      case "decide":
        this.#decide(task, moment);
        return undefined;
      default:
        return undefined;
    }
  }

  /** Whether somebody outside has the next word on it. */
  isAwaited(task: PlainTask): boolean {
    return task.status === "at work" && (isLeaf(task) || task.pauses) && task.question?.isOpen !== true;
  }

  /** Looks at all tasks once, what can begin by now before what can by that; false when nothing could be done. */
  look(bodies: readonly PlainBody[]): boolean {
    const tasks = bodies.flatMap((body) => [...body.tasks.values()]);
    const waiting = tasks.filter((task) => task.status === "pending" && !this.#isReady(task));
    let changes = false;
    for (const task of tasks) if (!waiting.includes(task)) changes = this.#lookAtTask(task) || changes;
    for (const task of waiting) if (this.#isDoomed(task)) changes = this.#lookAtTask(task) || changes;
    return changes;
  }

  signal(name: string, payload: Json): void {
    this.signals.push({ number: ++this.#lastSignal, name, payload });
  }

  /** A task that waits for a signal that is there. */
  lyingSignal(): string | undefined {
    const waits = (task: PlainTask) => this.signals.some((signal) => this.#wants(task, signal));
    return this.#run.tasks.find((task) => task.status === "at work" && waits(task))?.id;
  }

  /** What comes of attempts, one after the other: their last failure; undefined when one does well. */
  attempts(
    retry: TaskDocument["retry"],
    failureIn: (attempt: number) => { readonly code: string; readonly isFinal: boolean } | undefined,
  ): { readonly code: string; readonly isExhausted: boolean } | undefined {
    const { max = 3, on, notOn = [] } = typeof retry === "number" ? { max: retry } : (retry ?? { max: 1 });
    for (let attempt = 1; ; attempt++) {
      const failure = failureIn(attempt);
      if (failure === undefined) return undefined;
      const { code, isFinal } = failure;
      // Codes that are named are tried again whatever the agent says; all others unless it says that they are final.
      const isTriedAgain = !notOn.includes(code) && (on?.includes(code) ?? !isFinal);
      if (!isTriedAgain || attempt === max) return { code, isExhausted: isTriedAgain };
    }
  }

  /** As if nothing had been done of them. */
  doAgain(tasks: Iterable<PlainTask>): void {
    for (const task of tasks) {
      this.#run.leaveParts(task);
      task.body.failures = task.body.failures.filter((failed) => failed !== task);
      forget(task);
    }
  }

  end(task: PlainTask, result: Evaluated): void {
    const run = this.#run;
    run.endings.set(task.id, "fails" in result ? result.fails : "");
    if (task.question !== undefined) task.question.isOpen = false;
    if ("fails" in result) {
      task.status = "failed";
      task.error = result.fails;
      task.failedOn = run.occasion;
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

  #settle(task: PlainTask, standing: Standing): void {
    task.isStarting = false;
    if (standing === "paused") task.status = standing;
    else if (typeof standing === "object") this.end(task, standing);
  }

  #lookAtTask(task: PlainTask): boolean {
    if (task.status === "pending") return this.#tryToBegin(task);
    if (task.status !== "at work") return false;
    if (task.entries !== undefined) return this.#lookAtEntries(task, task.entries);
    if (task.added !== undefined) return this.#lookAtAdded(task, task.added);
    const { loop } = task.document;
    return loop === undefined ? false : this.#lookAtRounds(task, loop);
  }

  /** Skips what cannot be done any more; false when there is nothing of that kind. */
  skip(): boolean {
    const doomed = this.#run.tasks.filter(
      (task) => task.status === "pending" && task.entry === undefined && this.#isDoomed(task),
    );
    for (const task of doomed) task.status = "skipped";
    return doomed.length > 0;
  }

  /** See rule 1 of the run. */
  #tryToBegin(task: PlainTask): boolean {
    if (this.#isDoomed(task)) {
      task.status = "skipped";
      return true;
    }
    const isReady = this.#isReady(task);
    if (isReady) this.#begin(task);
    return isReady;
  }

  #isReady(task: PlainTask): boolean {
    return this.#needed(task).every(([needed]) => hasEnded(needed));
  }

  #isDoomed(task: PlainTask): boolean {
    return this.#needed(task).some(([needed, how]) => hasEnded(needed) && !endedAs(needed, how));
  }

  /** What stands around a round is needed by its loop. */
  #needed(task: PlainTask): (readonly [PlainTask, How])[] {
    return [...needsOf(task.document)].flatMap(([id, how]) => {
      const needed = neededBy(task, id, this.#run);
      return needed === undefined ? [] : [[needed, how] as const];
    });
  }

  #begin(task: PlainTask): void {
    const isList = task.document.forEach !== undefined && task.entry === undefined;
    if (isAskedHere(task)) {
      const wanted = conditionOf(task.document.when ?? true, namesOfTask(this.#run.facts, task));
      if ("fails" in wanted || wanted.value !== true) {
        task.visits++;
        if ("fails" in wanted) this.end(task, wanted);
        else task.status = "skipped";
        return;
      }
    }
    task.status = "at work";
    task.visits++;
    this.#settle(task, isList ? this.#beginList(task) : this.#beginOne(task));
    const taken = this.taken.find(({ taskId }) => taskId === task.id);
    if (taken !== undefined && this.#takeSignal(task, taken.number) === undefined)
      this.taken = this.taken.filter((one) => one !== taken);
  }

  #beginList(task: PlainTask): Standing {
    const list = conditionOf(task.document.forEach ?? false, namesOfTask(this.#run.facts, task));
    if ("fails" in list) return list;
    if (!Array.isArray(list.value)) return { fails: "workflow.list_expected" };
    task.entries = list.value.map((item: Json, index) =>
      taskOf(`${task.id}[${index}]`, task.document, task.body, { item, index, list: task }),
    );
    return "at work";
  }

  #beginOne(task: PlainTask): Standing {
    const { with: given, set, loop, gate, approve, spawn, wait } = task.document;
    const names = namesOfTask(this.#run.facts, task);
    if (set !== undefined) return valueFrom(set, names);
    if (gate !== undefined) return this.#ask(task, gate, names);
    if (approve !== undefined) return this.#askPeople(task, names);
    if (spawn !== undefined)
      return this.#add(task, typeof spawn === "string" ? { tasks: spawn } : spawn, names);
    if (wait !== undefined) return "at work";
    if (loop !== undefined) {
      const last = valueFrom(loop.initial ?? null, names);
      return "fails" in last ? last : (this.#nextRound(task, loop, last.value) ?? "at work");
    }
    const input = given === undefined ? { value: null } : valueFrom(given, names);
    if ("fails" in input) return input;
    task.input = input.value;
    return "at work";
  }

  /** Goes on, sends work back, or fails. */
  #ask(task: PlainTask, gate: NonNullable<TaskDocument["gate"]>, names: Names): Standing {
    const checks = gate.checks ?? { check: gate.check ?? true };
    const found = Object.entries(checks).map(([name, check]) => [name, conditionOf(check, names)] as const);
    const reports: { name: string; passed: boolean }[] = [];
    for (const [name, one] of found) {
      if ("fails" in one) return one;
      reports.push({ name, passed: one.value === true });
    }
    const { sentBack } = holderOf(task, task.body.tasks.get(gate.sendBack ?? ""));
    const failed = reports.flatMap(({ name, passed }) => (passed ? [] : [name]));
    if (failed.length === 0) return { value: { passed: true, checks: reports, sentBack } };
    const report = gate.report === undefined ? { value: { checks: failed } } : valueFrom(gate.report, names);
    if ("fails" in report) return report;
    const target = task.body.tasks.get(gate.sendBack ?? "");
    const isBack = target !== undefined && this.#sendBack(task, target, gate.times ?? 1, report.value);
    return isBack ? "sent back" : { fails: "workflow.gate_failed" };
  }

  /** False when it has been sent back as often as it may be. */
  #sendBack(task: PlainTask, target: PlainTask, times: number, report: Json): boolean {
    const holder = holderOf(task, target);
    if (holder.sentBack >= times) return false;
    this.doAgain(new Set([...restingOn(target, this.#run), ...restingOn(holder, this.#run)]));
    holder.sentBack++;
    target.feedback = report;
    return true;
  }

  #askPeople(task: PlainTask, names: Names): Standing {
    for (const said of [
      task.document.approve?.title,
      task.document.approve?.message,
      task.document.approve?.context,
    ]) {
      const made = said === undefined ? { value: null } : valueFrom(said, names);
      if ("fails" in made) return made;
    }
    task.question = questionOf(undefined);
    return "asked";
  }

  #decide(task: PlainTask, decision: Act & { readonly kind: "decide" }): void {
    const result = answerQuestion(task, decision);
    if (result !== undefined) this.end(task, result);
  }

  #expire(task: PlainTask): string | undefined {
    const { wait, approve } = task.document;
    const isSignal = typeof wait === "object" && wait.signal !== undefined && wait.within !== undefined;
    const isQuestion = approve?.within !== undefined && task.question?.isOpen === true;
    if (!isSignal && !isQuestion) return `${task.id} waits as long as it has to`;
    this.end(task, { fails: isSignal ? "workflow.signal_missing" : "workflow.approval_expired" });
    return undefined;
  }

  /** Others may use what has passed its checks. */
  #store(task: PlainTask, standing: Standing): Standing {
    const key = this.#cacheKey(task);
    const isGood = typeof standing === "object" && "value" in standing;
    if (key === undefined || !isGood) return standing;
    const { cached } = this.#run;
    cached.set(key, [...(cached.get(key) ?? []), standing.value]);
    return standing;
  }

  /** Work that was sent back is always done anew. */
  #isCached(task: PlainTask, output: Json): boolean {
    const key = this.#cacheKey(task);
    const known = key === undefined || task.feedback !== null ? [] : (this.#run.cached.get(key) ?? []);
    return known.some((one) => isDeepStrictEqual(plainJson(one), output));
  }

  /** What an output is given for: what the definition says, or else what the task works on. */
  #cacheKey({ document, ...task }: PlainTask): string | undefined {
    const { cache } = document;
    if (cache === undefined) return undefined;
    const key = typeof cache === "object" ? cache.key : undefined;
    const made =
      key === undefined ? undefined : valueFrom(key, namesOfTask(this.#run.facts, { document, ...task }));
    const said = made !== undefined && "value" in made ? made.value : "";
    return JSON.stringify(said === "" ? { input: task.input ?? null } : { key: said });
  }

  /** Any of those who want it may take it; everybody takes the oldest that it wants. */
  #takeSignal(task: PlainTask, number: number): string | undefined {
    const first = this.signals.find((signal) => this.#wants(task, signal));
    if (first?.number !== number)
      return `${task.id} takes the signal ${number}, expected ${first?.number ?? "that it wants none"}`;
    this.signals = this.signals.filter((signal) => signal !== first);
    this.end(task, { value: first.payload });
    return undefined;
  }

  #wants(task: PlainTask, { name, payload }: KeptSignal): boolean {
    const { wait } = task.document;
    if (typeof wait !== "object" || wait.signal !== name || task.entries !== undefined) return false;
    const names = namesOfTask(this.#run.facts, task, { "signal.payload": payload });
    const wanted = conditionOf(wait.where ?? true, names);
    return "value" in wanted && wanted.value === true;
  }

  #add(
    task: PlainTask,
    { tasks, max = 1_000 }: { readonly tasks: Json; readonly max?: number },
    names: Names,
  ): Standing {
    const list = conditionOf(tasks, names);
    if ("fails" in list) return list;
    const added = additionOf(list.value, max, task, this.#run);
    if (added === undefined) return { fails: "workflow.addition_invalid" };
    if (Object.keys(added).length === 0) return { value: {} };
    task.added = bodyOf(added, { owner: task });
    return "at work";
  }

  #lookAtAdded(task: PlainTask, added: PlainBody): boolean {
    if (this.look([added])) return true;
    if (![...added.tasks.values()].every(hasEnded)) return false;
    const [failed] = firstOf(added.failures);
    this.end(task, failed === undefined ? { value: outputsOf(added) } : { fails: failed });
    return true;
  }

  /** So many at once as may be, in their order; the list ends with the first failure, or with the last entry. */
  #lookAtEntries(task: PlainTask, entries: readonly PlainTask[]): boolean {
    const { maxParallel = Number.POSITIVE_INFINITY, failFast = true } = task.document;
    let changes = false;
    for (const entry of entries) {
      if (failFast && entries.some(({ status }) => status === "failed")) break;
      if (entry.status === "pending") {
        if (entries.filter(isUnderWay).length >= maxParallel) continue;
        this.#begin(entry);
        changes = true;
      } else changes = this.#lookAtTask(entry) || changes;
    }
    const failed = entries.filter(({ status }) => status === "failed");
    if (failed.length > 0 && (failFast || entries.every(hasEnded))) {
      for (const entry of entries) this.#run.stop(entry);
      this.end(task, { fails: firstOf(failed)[0] ?? "" });
      return true;
    }
    if (!entries.every(hasEnded)) return changes;
    this.end(task, { value: entries.map(({ output }) => output) });
    return true;
  }

  #nextRound(task: PlainTask, loop: LoopDocument, last: Json): Evaluated | undefined {
    const number = task.rounds.length + 1;
    const round = { number, last };
    // Whether there is another one is asked of the tasks of the round before.
    const before = task.rounds.at(-1) ?? { ...task.body, tasks: new Map(), owner: task, event: undefined };
    const wanted = conditionOf(loop.while ?? true, namesInBody(this.#run.facts, { ...before, round }));
    if ("fails" in wanted) return wanted;
    if (wanted.value !== true) return { value: last };
    if (task.rounds.length === loop.max) return { fails: "workflow.loop_endless" };
    task.rounds.push(
      bodyOf(loop.tasks, { owner: task, round, idOf: (name) => `${task.id}#${number}.${name}` }),
    );
    return undefined;
  }

  #lookAtRounds(task: PlainTask, loop: LoopDocument): boolean {
    const body = task.rounds.at(-1);
    if (body === undefined || task.pauses) return false;
    if (this.look([body])) return true;
    if (![...body.tasks.values()].every(hasEnded)) return false;
    this.#settle(task, this.#endRound(task, body, loop) ?? "at work");
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
    // Whether there is another round is asked when it is due, unless there may be none anyway.
    task.pauses = loop.every !== undefined && task.rounds.length < loop.max;
    task.last = output.value;
    return task.pauses ? undefined : this.#nextRound(task, loop, task.last);
  }

  /** What its attempts come to. */
  #resultOf(task: PlainTask): Standing {
    const { wait, retry, workflow } = task.document;
    if (wait !== undefined) return { value: null };
    let standing: Standing = { fails: "" };
    const failure = this.attempts(retry, (attempt) => {
      const answer = answerOf(this.#run.script, task.id, attempt, task.visits);
      const failed = failureOf(answer);
      // How its child failed is the child's own affair.
      if (failed !== undefined && workflow !== undefined)
        return { code: "workflow.child_failed", isFinal: false };
      if (failed !== undefined) return failed;
      standing = this.#check(task, outputOf(answer, task.input ?? null));
      return standing === checkFailed ? { code: "workflow.check_failed", isFinal: false } : undefined;
    });
    if (failure === undefined) return standing;
    const isPaused = failure.isExhausted && typeof retry === "object" && retry.exhausted === "pause";
    return isPaused ? "paused" : { fails: failure.code };
  }

  /** Holds an output against the checks, in their order. */
  #check(task: PlainTask, output: Json): Standing {
    const asked: CheckDocument[] = [];
    for (const check of task.document.checks ?? []) {
      const names = namesOfTask(this.#run.facts, task, { output, given: task.input ?? null, error: null });
      const held = conditionOf(check.condition, names);
      if ("fails" in held) return held;
      if (held.value === true) continue;
      if (check.onFailure === "approval") asked.push(check);
      else return check.onFailure === "sendBack" ? this.#turnDown(task, check, output) : checkFailed;
    }
    if (asked.length === 0) return { value: output };
    task.question = questionOf(output);
    return "asked";
  }

  #turnDown(task: PlainTask, { name, sendBackTo, times = 1 }: CheckDocument, output: Json): Standing {
    const own = sendBackTo === undefined || task.body.tasks.get(sendBackTo)?.document === task.document;
    const target = own ? task : task.body.tasks.get(sendBackTo);
    const isBack = target !== undefined && this.#sendBack(task, target, times, { check: name, output });
    return isBack ? "sent back" : { fails: "workflow.check_failed" };
  }
}

/** The attempt failed by it, and may be followed by another. */
const checkFailed = { fails: "workflow.check_failed" };

function outputOf(answer: Answer, input: Json): Json {
  return "gives" in answer ? answer.gives : input;
}

/** A span alone is the time of each attempt of an agent, and of the whole where no agent does it. */
export function timeoutOf({ timeout, uses }: Pick<TaskDocument, "timeout" | "uses">): TimeoutDocument {
  if (typeof timeout !== "string") return timeout ?? {};
  return uses === undefined ? { total: timeout } : { run: timeout };
}

/** How long the time over all attempts is. */
export function totalMsOf(document: TaskDocument): number {
  return parseDurationMs(timeoutOf(document).total ?? "") ?? 0;
}

/** Who counts how often work was sent back: for an entry its list, unless the entry is done again alone. */
function holderOf(task: PlainTask, target: PlainTask | undefined): PlainTask {
  return target === task ? task : (task.entry?.list ?? task);
}

function endedAs(task: PlainTask, how: How): boolean {
  if (how === "always") return true;
  return how === "success" ? isGood(task) : task.status === "failed";
}

function isUnderWay({ status }: PlainTask): boolean {
  return status === "at work" || status === "paused";
}

/** What was done by its entries is undone by them. */
function isUndoable({ document, entry }: PlainTask): boolean {
  return document.compensate !== undefined && (document.forEach === undefined || entry !== undefined);
}

/** What looks at the entry is asked for each; anything else once, before there are entries. */
function isAskedHere({ document, entry }: PlainTask): boolean {
  if (document.forEach === undefined) return true;
  const looksAtEntry = referencesOfCondition(document.when).some(
    (name) => name === "item" || name === "index",
  );
  return looksAtEntry === (entry !== undefined);
}

/** Somebody else does it, or it waits for its time. */
function isLeaf({ document, entry }: PlainTask): boolean {
  if (document.forEach !== undefined && entry === undefined) return false;
  const { uses, workflow, wait } = document;
  return uses !== undefined || workflow !== undefined || (wait !== undefined && !isSignalWait(document));
}

export function isSignalWait({ wait }: TaskDocument): boolean {
  return typeof wait === "object" && wait.signal !== undefined;
}
