/**
 * A durable function in the memory of a worker. It runs the code, turn by turn, in step with the journal.
 *
 * 1. The code sees the results of its steps in the order of the journal. Each is applied alone, and the code runs
 *    until it waits before the next one is.
 * 2. While entries are left, nothing is executed: the operations of the code must match the journal.
 * 3. Once none is left, local steps run and tasks are added. Their results are new entries, in the order of their
 *    ends.
 * 4. A turn ends when the code has ended, or waits only for operations outside of this worker.
 * 5. Between turns the code must not run: another worker may have the task. An instance that requests a step then is
 *    not used again.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { Defer, Timer, Timers } from "@tutti/kernel";
import { sdkErrors } from "../errors.ts";
import { callAs, type TaskContext } from "../task/context.ts";
import { plain, StepFailure, stepError } from "./failure.ts";
import { ForeignWait } from "./foreign-wait.ts";
import { type CarriedLoop, carriedIn, carriedName } from "./loop.ts";
import { codeOf, type Watchdog, type Watched } from "./watchdog.ts";
import {
  type Entry,
  inlineLengthOf,
  type LeftAmounts,
  lengthOf,
  nameOf,
  type TurnInput,
  type TurnOutput,
} from "./wire.ts";

/** An operation of the code that has no entry yet. */
interface PendingOperation {
  readonly kind: "step" | "task" | "set" | "undo";
  readonly id: string;
  readonly at: string;
  readonly result: PromiseWithResolvers<Json> | undefined;
  /** Makes it new: nothing is recorded of it. */
  readonly start: () => void;
  readonly isCompensation: boolean;
}

export interface StepOptions {
  /** Whether its result is recorded before the code continues. */
  readonly confirm?: boolean;
  /**
   * Whether each attempt at it runs once at most: its start is recorded first, which costs a turn. If the worker is lost
   * then, the attempt fails with `sdk.step_interrupted`. The work may have been done.
   */
  readonly atMostOnce?: boolean;
}

/** How the context runs a step. */
export interface StepMeans extends StepOptions {
  /** It runs also when the function is stopped. */
  readonly isCompensation?: boolean;
}

export interface FunctionPorts {
  readonly timers: Timers;
  readonly defer: Defer;
  /** Stops code that blocks the event loop. Default: nothing stops it. */
  readonly watchdog?: Pick<Watchdog, "enter" | "leave">;
  /** Set for a dry replay: the turn ends at the end of the journal, and nothing new runs. */
  readonly dry?: {
    /** Called if an operation of the code differs from the journal after `same` equal entries. */
    readonly changed: (history: string, code: string, same: number) => void;
  };
}

/** The parts of an attempt that a turn uses. */
export interface TurnMeans {
  readonly saved: Saved;
  readonly save: (saved: unknown) => void;
  /** The time of the platform. */
  readonly clock: () => number;
  /** The attempt that makes the turn. */
  readonly task: TaskContext;
  /** An attempt before could not make it: this one looks where the code waits. */
  readonly isTraced?: boolean;
}

/** Progress that an attempt stores for the next one, which executes the same turn. */
export interface Saved {
  /** Entries behind those of the journal. */
  readonly steps: readonly Entry[];
  /** Results of steps that ran after the code was stopped, by id. */
  readonly done: Readonly<Record<string, Json>>;
}

/** The code, from its start to its end. */
export type Code = (instance: FunctionInstance, input: Json) => Promise<Json>;

const foreignGraceMs = 1_000;
/** Results that are not reported yet are saved after this time, while a step is still running. */
const saveAfterMs = 50;
const savedLengthMax = 50_000;
const turnStepsMax = 500;
const turnLengthMax = 256 * 1024;
/** A report of a turn becomes part of the run, which is in memory. */
export const turnLengthMost = 900_000;
/** Steps of code that cleans up after it was stopped. A loop that catches every error would never end. */
const stoppedStepsMax = 1_000;

/** The function whose step is running. */
const steps = new AsyncLocalStorage<FunctionInstance>();

export class FunctionInstance implements Watched {
  readonly name: string;
  readonly seed: string;
  readonly state: Map<string, Json>;
  /** The call of a keyed object. */
  readonly object: TurnInput["object"];
  /** Its key. Undefined before the code runs, and for other functions. */
  key: string | undefined;
  /** State of the loop from the previous run. */
  carried: CarriedLoop | undefined;
  /** Number of the last turn that it made. */
  lastTurn = 0;
  readonly #code: Code;
  readonly #ports: FunctionPorts;
  readonly #ids = new Map<string, number>();
  /** By id, in the order of the code. */
  readonly #pending = new Map<string, PendingOperation>();
  /** Tasks that were added and have not ended. */
  readonly #open = new Map<string, PromiseWithResolvers<Json>>();
  /** Results to pass to the code, one at a time. */
  readonly #results: (() => void)[] = [];
  /** Results to pass to the code once they are recorded. */
  #unconfirmed: (() => void)[] = [];
  #entries: readonly Entry[] = [];
  #at = 0;
  /** Number of entries up to the last one by the code. The entries after it are ends that are new in this turn. */
  #codeEntries = 0;
  /** Entries that are applied or made. */
  #position = 0;
  #turnNumber = 0;
  #cold = 0;
  #known = 0;
  #steps: Entry[] = [];
  /** About how many characters they have. */
  #length = 0;
  #running = 0;
  #isReplaying = true;
  #isUndoing = false;
  #isStopped = false;
  #stoppedSteps = 0;
  #before: readonly Entry[] = [];
  #done: Record<string, Json> = {};
  #isPumping = false;
  #isAbandoned = false;
  #nowMs: number;
  #clock: () => number = () => 0;
  readonly #setsRequested = new Map<string, number>();
  readonly #setsApplied = new Map<string, number>();
  readonly #versions = new Map<string, boolean>();
  /** Entries that mark the start of a step. */
  readonly #marks = new Set<string>();
  #end: TurnOutput["end"];
  #turn: PromiseWithResolvers<TurnOutput> | undefined;
  #save: (saved: unknown) => void = () => {};
  #task: TaskContext | undefined;
  #remaining: LeftAmounts | undefined;
  readonly #used = { tokens: 0, money: 0 };
  #timer: Timer | undefined;
  readonly #foreign = new ForeignWait();
  #hasStarted = false;
  #input: Json = null;

  constructor(
    name: string,
    { seed, startMs, object }: Pick<TurnInput, "seed" | "startMs" | "object">,
    code: Code,
    ports: FunctionPorts,
  ) {
    this.#ports = ports;
    this.object = object;
    this.state = new Map(Object.entries(object?.state ?? {}));
    this.name = name;
    this.seed = seed;
    this.#nowMs = startMs;
    this.#code = code;
  }

  get position(): number {
    return this.#position;
  }

  /** About how many characters the entries of this turn have. */
  get turnLength(): number {
    return this.#length;
  }

  /** True while the code repeats a former run. Ends that are new in this turn lead beyond it. */
  get isReplaying(): boolean {
    if (!this.#isReplaying) return false;
    return this.#ports.dry !== undefined || this.#isUndoing || this.#at < this.#codeEntries;
  }

  /** The attempt that makes the turn. */
  get attempt(): TaskContext | undefined {
    return this.#task;
  }

  /** The rest of the budget of the run when the turn was offered. */
  get remaining(): LeftAmounts | undefined {
    return this.#remaining;
  }

  /** Tokens and money of ended tasks, as far as the code has seen their ends. */
  get used(): { readonly tokens: number; readonly money: number } {
    return this.#used;
  }

  /** Whether the code has learned that it is stopped. Another attempt does what failed once more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** True if the platform requested the compensations: the code does not continue to its end. */
  get isUndoing(): boolean {
    return this.#isUndoing;
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** When the latest thing that the code knows of was recorded. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /**
   * Makes a turn. Entries that it has are passed over.
   *
   * @property saved what an attempt before did and did not report
   * @property save keeps results that are not reported yet
   */
  runTurn(turn: TurnInput, { saved, save, clock, task, isTraced = false }: TurnMeans): Promise<TurnOutput> {
    this.#clock = clock;
    this.#task = task;
    this.#remaining = turn.left;
    this.#foreign.trace(isTraced);
    this.#turn = Promise.withResolvers<TurnOutput>();
    this.#turnNumber = turn.turn;
    this.#cold = turn.cold ?? 0;
    this.#known = turn.from + turn.journal.length;
    this.#entries = [...turn.journal, ...saved.steps];
    this.#at = this.#position - turn.from;
    this.#codeEntries = this.#entries.findLastIndex((entry) => !("end" in entry)) + 1;
    this.#before = saved.steps;
    this.#done = { ...saved.done };
    this.#steps = [...saved.steps];
    this.#length = saved.steps.reduce((sum, entry) => sum + lengthOf(entry), 0);
    this.#save = save;
    this.#isUndoing = turn.undo === true;
    const isDry = this.#ports.dry !== undefined;
    this.#isReplaying = isDry || this.#isUndoing || this.#at < this.#entries.length;
    for (const deliver of this.#unconfirmed.splice(0)) this.#results.push(deliver);
    if (!this.#hasStarted) this.#start(turn.input);
    this.#pump();
    return this.#turn.promise.finally(() => this.#clearTimer());
  }

  /** Ends its turn. The code stays where it is. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#leave();
    this.#clearTimer();
    this.#turn = undefined;
  }

  #start(input: Json): void {
    this.#hasStarted = true;
    if (this.object !== undefined) this.key = (input as { readonly key?: string } | null)?.key;
    else this.carried = carriedIn(input);
    const { values = {}, input: codeInput = input } = this.carried ?? {};
    for (const [key, value] of Object.entries(values)) this.state.set(key, value);
    this.#input = codeInput;
    // In a microtask of its own: if code blocks and is stopped, its caller survives.
    queueMicrotask(() => {
      this.#enter();
      codeOf.run(this, this.#code, this, codeInput).then(
        (output) => this.#handleEnd({ output }),
        (error: unknown) => this.#handleEnd({ error: stepError(error) }),
      );
    });
  }

  /** Code gets control, until the next step of the event loop. */
  #enter(): void {
    this.#ports.watchdog?.enter(this);
    // Code that waits for no step has passed the whole journal.
    if (this.#at >= this.#entries.length - 1) this.#foreign.enter();
  }

  #leave(): void {
    this.#ports.watchdog?.leave(this);
    this.#foreign.leave();
  }

  blocked(seconds: number, at: string): void {
    const where = at === "" ? `after ${this.#foreign.after}` : `at ${at}`;
    this.#fail(sdkErrors.functionBlocked({ name: this.name, where, seconds }));
  }

  /** True if nothing was executed and nothing is requested. */
  get isUntouched(): boolean {
    return this.#position + this.#running + this.#pending.size === 0;
  }

  /** Whether a loop may continue as a new run here. */
  canContinueAsNew(steps: number): boolean {
    // Values that were set at the end of a replay are recorded with the end.
    const settledCount = [...this.#pending.values()].filter(({ result }) => result !== undefined).length;
    const waiting = this.#running + this.#open.size + settledCount + this.#results.length;
    const isAtEnd = this.#at >= this.#entries.length && !this.#isUndoing && !this.#isStopped;
    return isAtEnd && waiting === 0 && this.#position >= steps && this.object === undefined;
  }

  /** Ends this run by another one. The code learns nothing of it: it stays where it is, and its `finally` does not run. */
  continueAsNew(state: Json): Promise<never> {
    const carried = { state, values: Object.fromEntries(this.state), input: this.#input };
    this.#handleEnd({ output: { [carriedName]: carried } });
    return new Promise<never>(() => {});
  }

  #handleEnd(end: NonNullable<TurnOutput["end"]>): void {
    this.#warnOfForeign();
    this.#end = end;
    this.#pump();
  }

  /** Returns an id that is free: `name`, `name-2`, … */
  idOf(name: string): string {
    const count = (this.#ids.get(name) ?? 0) + 1;
    this.#ids.set(name, count);
    return count === 1 ? name : this.idOf(`${name}-${count}`);
  }

  /** A local step. */
  step(
    id: string,
    at: string,
    work: () => unknown,
    { confirm = false, isCompensation = false }: StepMeans = {},
  ): Promise<Json> {
    return this.#request({ kind: "step", id, at, isCompensation }, (result) => {
      this.#running += 1;
      const recorded = (entry: Entry, deliver: () => void) => {
        if (this.#isAbandoned) return;
        this.#running -= 1;
        this.#record(entry);
        if (this.#isStopped) this.#saveDone(entry);
        if (!this.#isUndoing && (confirm || this.#isFull)) this.#unconfirmed.push(deliver);
        else this.#results.push(deliver);
        this.#pump();
      };
      const isDone = this.#isStopped && Object.hasOwn(this.#done, id);
      const outcome = isDone ? Promise.resolve(this.#done[id] as Json) : this.#outcomeOf(id, work);
      outcome.then(
        (output) => recorded({ step: id, at, atMs: this.#clock(), output }, () => result.resolve(output)),
        (thrown: unknown) => {
          const error = stepError(thrown);
          recorded({ step: id, at, atMs: this.#clock(), error }, () => result.reject(new StepFailure(error)));
        },
      );
    });
  }

  /** Records that a step starts, before it does. Returns the number of the turn that recorded it. */
  mark(step: string, at: string): Promise<Json> {
    const id = `${step}.started`;
    this.#marks.add(id);
    return this.step(id, at, () => this.#turnNumber, { confirm: true });
  }

  /** Throws if an attempt may have run a step: the next one after the mark runs it. A cold one runs nothing. */
  requireFirst(step: string, marked: Json): void {
    if (marked !== this.#turnNumber - 1 - this.#cold) throw sdkErrors.stepInterrupted({ step });
  }

  /** Results are the JSON of a step's return value, as after a crash. */
  async #outcomeOf(id: string, work: () => unknown): Promise<Json> {
    // A former attempt started the code. Its calls belong to the current attempt.
    const task = this.#task;
    const run = () => (task === undefined ? work() : callAs(task, work, undefined));
    const value = await codeOf.run(this, () => steps.run(this, run));
    return plain(value, id);
  }

  /** A task that the platform does. */
  task(id: string, at: string, spec: TaskDocument): Promise<Json> {
    return this.#request({ kind: "task", id, at, isCompensation: false }, (result) => {
      this.#record({ task: id, at, atMs: this.#clock(), spec });
      this.#open.set(id, result);
    });
  }

  set(key: string, at: string, value: Json): void {
    if (this.object?.reader === true) throw sdkErrors.objectReadOnly({ name: this.name, value: key });
    if (value === null && this.object !== undefined) this.state.delete(key);
    else this.state.set(key, value);
    const id = `${key} ${next(this.#setsRequested, key)}`;
    this.#addEntry({ kind: "set", id, at }, () => {
      next(this.#setsApplied, key);
      this.#record({ set: key, at, atMs: this.#clock(), value });
    });
  }

  undo(id: string, at: string): void {
    this.#addEntry({ kind: "undo", id, at }, () => this.#record({ undo: id, at, atMs: this.#clock() }));
  }

  /** Returns true if the run contains the change: for runs that reach it with this code, also in their replays. */
  version(id: string, at: string): boolean {
    const known = this.#versions.get(id);
    if (known !== undefined) return known;
    const step = `version-${id}`;
    const isNew = !this.isReplaying || this.#hasEntry(step);
    this.#versions.set(id, isNew);
    if (isNew)
      this.#addEntry({ kind: "step", id: step, at }, () =>
        this.#record({ step, at, atMs: this.#clock(), output: true }),
      );
    return isNew;
  }

  #hasEntry(step: string): boolean {
    for (let place = this.#at; place < this.#entries.length; place++) {
      const entry = this.#entries[place];
      if (entry !== undefined && "step" in entry && entry.step === step) return true;
    }
    return false;
  }

  #request(
    operation: Omit<PendingOperation, "result" | "start">,
    start: (result: PromiseWithResolvers<Json>) => void,
  ): Promise<Json> {
    if (steps.getStore() === this) return Promise.reject(sdkErrors.stepNested({ step: operation.id }));
    const result = Promise.withResolvers<Json>();
    // A step that the code does not await may fail without ending the process.
    result.promise.catch(() => {});
    this.#add({ ...operation, result, start: () => start(result) });
    return result.promise;
  }

  #addEntry(operation: Pick<PendingOperation, "kind" | "id" | "at">, start: () => void): void {
    this.#add({ ...operation, isCompensation: false, result: undefined, start });
  }

  #add(operation: PendingOperation): void {
    if (this.#turn === undefined) {
      this.#isAbandoned = true;
      return;
    }
    this.#warnOfForeign();
    this.#foreign.step(operation.at);
    if (this.#isReplaying) this.#pending.set(`${operation.kind} ${operation.id}`, operation);
    else if (this.#isRefused(operation)) this.#stop(operation.result);
    else operation.start();
    this.#pump();
  }

  /** True if the report has reached the size of a message: a long loop takes several turns. */
  get #isFull(): boolean {
    return this.#steps.length >= turnStepsMax || this.#length >= turnLengthMax;
  }

  #record(entry: Entry): void {
    this.#steps.push(entry);
    this.#length += lengthOf(entry);
    this.#position += 1;
    this.#nowMs = Math.max(this.#nowMs, entry.atMs);
  }

  /** Runs the code until it waits, and passes it the next result. */
  #pump(): void {
    // Code that does not end although it is stopped stays where it is.
    if (this.#turn === undefined) return;
    // If a step is alone, nothing else is in progress, and the code continues at once.
    const isAlone = !this.#isReplaying && this.#running + this.#open.size === 0;
    if (isAlone && this.#results.length === 1) {
      this.#enter();
      this.#results.shift()?.();
    }
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#ports.defer(() => {
      this.#isPumping = false;
      this.#proceed();
    });
  }

  #proceed(): void {
    this.#leave();
    if (this.#turn === undefined) return;
    const deliver = this.#results.shift();
    if (deliver !== undefined) {
      this.#enter();
      deliver();
      this.#pump();
      return;
    }
    if (this.#isReplaying) {
      this.#enter();
      const changed = this.#applyNext();
      if (changed !== undefined) this.#fail(changed);
      else this.#pump();
      return;
    }
    if (this.#end !== undefined) this.#finish({ end: this.#end });
    else if (this.#running > 0) this.#saveLater();
    else if (this.#unconfirmed.length > 0) this.#finish({ more: true });
    else if (this.#open.size > 0) this.#finish({});
    else this.#awaitForeign();
  }

  /** Returns why the next entry is not of this code. */
  #applyNext(): Error | undefined {
    const entry = this.#entries[this.#at];
    if (entry === undefined && this.#ports.dry !== undefined) {
      const next = [...this.#pending.values()].map(describeOperation);
      this.#finish({ next, ...(this.#end !== undefined && { end: this.#end }) });
      return undefined;
    }
    if (entry === undefined) {
      this.#isReplaying = false;
      const remaining = [...this.#pending.values()];
      this.#pending.clear();
      if (this.#isUndoing) this.#stopAll(remaining);
      else for (const operation of remaining) operation.start();
      return undefined;
    }
    this.#nowMs = Math.max(this.#nowMs, entry.atMs);
    if ("end" in entry) {
      const result = this.#open.get(entry.end);
      this.#open.delete(entry.end);
      this.#used.tokens += entry.used?.tokens ?? 0;
      this.#used.money += entry.used?.money ?? 0;
      if (result !== undefined) settle(result, entry);
    } else {
      const key = this.#keyOf(entry);
      const operation = this.#pending.get(key);
      // Code may end right after a change of its state, before the entry of the change is applied.
      if (operation === undefined)
        return this.#changed(entry, this.#end === undefined ? this.#describePending() : "it had ended");
      this.#pending.delete(key);
      if ("task" in entry && operation.result !== undefined) this.#open.set(entry.task, operation.result);
      else if (operation.result !== undefined) settle(operation.result, entry);
    }
    this.#at += 1;
    this.#position += 1;
    return undefined;
  }

  /** The code learns of its stop at everything that it waits for. */
  #stopAll(operations: readonly PendingOperation[]): void {
    for (const open of this.#open.values()) this.#stop(open);
    this.#open.clear();
    for (const each of operations)
      if (each.isCompensation || each.result === undefined) each.start();
      else this.#stop(each.result);
    this.#isStopped = true;
  }

  #stop(result: PromiseWithResolvers<Json> | undefined): void {
    this.#results.push(() => result?.reject(sdkErrors.functionStopped({ name: this.name })));
  }

  /** Code that is stopped may clean up here. It adds no tasks. */
  #isRefused({ kind, isCompensation }: PendingOperation): boolean {
    if (!this.#isStopped || isCompensation) return false;
    this.#stoppedSteps += 1;
    if (this.#stoppedSteps > stoppedStepsMax) this.#fail(sdkErrors.functionEndless({ name: this.name }));
    return kind === "task" || this.#stoppedSteps > stoppedStepsMax;
  }

  /** Returns the key by which an operation waits for its entry. */
  #keyOf(entry: Exclude<Entry, { end: string }>): string {
    if ("step" in entry) return `step ${entry.step}`;
    if ("task" in entry) return `task ${entry.task}`;
    return "set" in entry ? `set ${entry.set} ${next(this.#setsApplied, entry.set)}` : `undo ${entry.undo}`;
  }

  /** Describes the operation of the code that differs from the history. */
  #describePending(): string {
    const [awaitedStep] = this.#pending.values();
    if (awaitedStep === undefined) return `nothing after ${this.#foreign.after}`;
    return describeOperation(awaitedStep);
  }

  #changed(entry: Entry, found: string): Error {
    const history = `${nameOf(entry)} at ${("at" in entry && entry.at) || "an unknown line"}`;
    this.#ports.dry?.changed(history, found, this.#at);
    return sdkErrors.functionChanged({ name: this.name, history, code: found });
  }

  #awaitForeign(): void {
    this.#foreign.start(this.#clock());
    this.#timer ??= this.#ports.timers.after(foreignGraceMs, () => {
      this.#timer = undefined;
      if (this.#end === undefined && this.#running + this.#open.size === 0)
        this.#fail(sdkErrors.functionAwaitsForeign({ name: this.name, where: this.#foreign.location }));
    });
  }

  /** It was fast this time, and no entry has its result. The next time it may be slow. */
  #warnOfForeign(): void {
    const ms = this.#foreign.finish(this.#clock());
    if (ms === undefined) return;
    this.#task?.logger.warn("waited for a promise that is not a step: put it into ctx.run", {
      function: this.name,
      after: this.#foreign.after,
      ms,
    });
  }

  /** Another attempt does not do it again. */
  #saveDone(entry: Entry): void {
    if (!("step" in entry) || entry.error !== undefined) return;
    this.#done[entry.step] = entry.output ?? null;
    const saved = { known: this.#known, steps: this.#before, done: this.#done };
    if (JSON.stringify(saved).length <= savedLengthMax) this.#save(saved);
  }

  #saveLater(): void {
    if (this.#isStopped || this.#timer !== undefined || this.#steps.length === 0) return;
    this.#timer = this.#ports.timers.after(saveAfterMs, () => {
      this.#timer = undefined;
      // Only the journal counts for a mark: a copy saved here can be lost.
      const mark = this.#steps.findIndex((entry) => "step" in entry && this.#marks.has(entry.step));
      const saved = { known: this.#known, steps: mark < 0 ? this.#steps : this.#steps.slice(0, mark) };
      if (this.#turn !== undefined && JSON.stringify(saved).length <= savedLengthMax) this.#save(saved);
    });
  }

  #finish(output: Partial<TurnOutput>): void {
    const tooLarge = this.#length > turnLengthMost ? this.#tooLarge() : undefined;
    if (tooLarge !== undefined) {
      this.#fail(tooLarge);
      return;
    }
    this.#leave();
    const turn = this.#turn;
    this.#turn = undefined;
    turn?.resolve({ function: 1, known: this.#known, steps: this.#steps, ...output });
  }

  /** Large results and inputs of tasks go into the blob store. Values and events do not. */
  #tooLarge(): Error | undefined {
    const inPlace = this.#steps.filter((entry) => !("step" in entry));
    const bytes = inPlace.reduce((sum, entry) => sum + inlineLengthOf(entry), 0);
    if (bytes <= turnLengthMost) return undefined;
    const [largest] = inPlace.toSorted((one, other) => inlineLengthOf(other) - inlineLengthOf(one));
    const step = largest === undefined ? this.name : nameOf(largest);
    return sdkErrors.stepTooLarge({ step, bytes, bytesMax: turnLengthMost });
  }

  #fail(error: Error): void {
    this.#leave();
    const turn = this.#turn;
    this.#turn = undefined;
    turn?.reject(error);
  }

  #clearTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

function describeOperation({ kind, id, at }: PendingOperation): string {
  return `${kind} \`${id}\` at ${at || "an unknown line"}`;
}

function settle(result: PromiseWithResolvers<Json>, entry: Entry): void {
  if (!("end" in entry || "step" in entry)) return;
  if (entry.error === undefined) result.resolve(entry.output ?? null);
  else result.reject(new StepFailure(entry.error));
}

function next(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}
