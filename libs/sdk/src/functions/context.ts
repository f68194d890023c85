/** The operations of a durable function. Its code awaits nothing else. */

import { createHash } from "node:crypto";
import { RetryClass } from "@tutti/contracts/types/v1";
import { type AgentDocument, emitCapability, type TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { assert, decideRetry, type Logger, silentLogger } from "@tutti/kernel";
import { retryPolicyIn } from "../client/work/retry.ts";
import { sdkErrors } from "../errors.ts";
import { durationText, requireKnown, wrongOption } from "../options.ts";
import type { StoreOptions, TaskContext } from "../task/context.ts";
import type { FileReference } from "../task/stored-file.ts";
import { stepError } from "./failure.ts";
import type { FunctionInstance, StepMeans } from "./instance.ts";
import { callSite } from "./location.ts";
import { LoopDone, type LoopOptions, loopStepsDefault } from "./loop.ts";
import {
  type CallableObject,
  callsOf,
  type ObjectCalls,
  type ObjectHandlers,
  type UntypedCalls,
} from "./object-calls.ts";
import {
  type AgentOptions,
  type ApproveOptions,
  agentNames,
  approveNames,
  type CallOptions,
  type ChildOptions,
  callNames,
  childNames,
  type EmitOptions,
  type EventWaitOptions,
  emitNames,
  eventNames,
  fileNames,
  loopNames,
  type RunOptions,
  runNames,
  type SignalOptions,
  signalNames,
  type WaitOptions,
  waitNames,
} from "./step-options.ts";
import type { LeftAmounts, StepError } from "./wire.ts";

/** An event that a durable function waited for. */
export interface ReceivedEvent<Data = Json> {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly time: string;
  readonly data: Data;
}

/** A path, or bytes. */
type StoredSource = string | URL | Uint8Array;

export class FunctionContext {
  readonly #instance: FunctionInstance;
  readonly #undo: { readonly id: string; readonly work: () => unknown }[] = [];
  #draws = 0;

  constructor(instance: FunctionInstance) {
    this.#instance = instance;
  }

  /**
   * The attempt that makes this turn: its signal, budget, credential and output. Another turn has another one, so the
   * code must not depend on it outside of `run`.
   */
  get task(): TaskContext {
    const { attempt } = this.#instance;
    if (attempt === undefined) throw new Error("a function has no task before its first turn");
    return attempt;
  }

  /**
   * The rest of the run's budget. An amount without a limit is absent. Undefined without a budget. It changes with
   * each turn, so read it inside of `run` alone.
   */
  get left(): LeftAmounts | undefined {
    const { remaining } = this.#instance;
    if (remaining === undefined) return undefined;
    const used = this.task.used;
    return {
      ...remaining,
      ...(remaining.tokens !== undefined && { tokens: remaining.tokens - used.tokens }),
      ...(remaining.money !== undefined && { money: remaining.money - used.money }),
    };
  }

  /** Tokens and money that ended calls and children used. Equal after a replay. */
  get used(): { readonly tokens: number; readonly money: number } {
    const { tokens, money } = this.#instance.used;
    return { tokens, money };
  }

  /**
   * Runs code of this worker once and records its return value. The code runs again if the worker is lost before the
   * record, so let other systems recognise a repetition, for example by `ctx.uuid()`.
   */
  run<T>(name: string, work: () => T | Promise<T>, options: RunOptions = {}): Promise<T> {
    const at = callSite(this.run);
    requireKnown("ctx.run", options, runNames);
    return notCrashing(this.#attempts(name, at, work, options) as Promise<T>);
  }

  /**
   * Stores a file once, as a step. Return the result, or pass it to tasks, which read it by `context.content`. A path
   * is read on the machine of the worker that executes the step.
   */
  file(
    name: string,
    content: StoredSource | (() => StoredSource | Promise<StoredSource>),
    options: StoreOptions = {},
  ): Promise<FileReference> {
    const at = callSite(this.file);
    requireKnown("ctx.file", options, fileNames);
    const store = async () => {
      const task = this.#instance.attempt;
      assert(task !== undefined, "a step runs within an attempt", { step: name });
      return (await task.store(typeof content === "function" ? await content() : content, options)).toJSON();
    };
    return notCrashing(this.#attempts(name, at, store, {}) as Promise<FileReference>);
  }

  async #attempts(
    name: string,
    at: string,
    work: () => unknown,
    options: RunOptions & StepMeans,
  ): Promise<Json> {
    const id = this.#instance.idOf(idFrom(name));
    const policy = retryPolicyIn(options.retry);
    for (let tries = 1; ; tries++) {
      const step = tries === 1 ? id : `${id}.try-${tries}`;
      const marked = options.atMostOnce === true ? await this.#instance.mark(step, at) : undefined;
      const first = () => {
        if (marked !== undefined) this.#instance.requireFirst(step, marked);
        return work();
      };
      try {
        return await this.#instance.step(step, at, first, options);
      } catch (thrown) {
        const { code, details = {}, final = false } = stepError(thrown);
        const retry = final ? RetryClass.RETRY_CLASS_NEVER : RetryClass.RETRY_CLASS_UNSPECIFIED;
        const decision = decideRetry(
          policy,
          { code, retry, retryAfterMs: Number(details["retryAfterMs"] ?? 0) },
          tries,
          () => this.random(),
        );
        if (decision.kind !== "retry" || this.#instance.isStopped) throw thrown;
        await this.#instance.task(`${id}.pause-${tries}`, at, { wait: `${Math.ceil(decision.pauseMs)}ms` });
      }
    }
  }

  /** Has an agent do something, wherever it is. */
  call<T = Json>(capability: string, input?: unknown, options: CallOptions = {}): Promise<T> {
    const at = callSite(this.call);
    requireKnown("ctx.call", options, callNames);
    const { id, ...rest } = options;
    return this.#task<T>(id ?? capability.split("@")[0] ?? capability, at, {
      uses: capability,
      ...withInput(input),
      ...rest,
    });
  }

  /** Starts a workflow or another durable function as a child, and waits for its output. */
  child<T = Json>(workflow: string, input?: unknown, options: ChildOptions = {}): Promise<T> {
    const at = callSite(this.child);
    requireKnown("ctx.child", options, childNames);
    const { id, ...rest } = options;
    return this.#task<T>(id ?? workflow.split("@")[0] ?? workflow, at, {
      workflow,
      ...withInput(input),
      ...rest,
    });
  }

  /** Has an AI agent answer: a task of the kind `agent`. Returns its answer: a text, or JSON if it has an output schema. */
  agent<T = string>(agent: AgentDocument, options: AgentOptions = {}): Promise<T> {
    requireKnown("ctx.agent", options, agentNames);
    const { id = "agent", ...rest } = options;
    const document = JSON.parse(JSON.stringify(agent)) as AgentDocument;
    return this.#task<T>(id, callSite(this.agent), { agent: document, ...rest });
  }

  /** Waits so long, such as `"30s"` or `"2d"`, without a slot or memory of a worker. */
  sleep(duration: string, options: WaitOptions = {}): Promise<void> {
    requireKnown("ctx.sleep", options, waitNames);
    const expected = durationText(duration);
    if (expected !== undefined) throw wrongOption("the duration of ctx.sleep", expected, duration);
    const { id = "sleep" } = options;
    return this.#done(id, callSite(this.sleep), { wait: duration });
  }

  until(moment: Date | string, options: WaitOptions = {}): Promise<void> {
    requireKnown("ctx.until", options, waitNames);
    const { id = "until" } = options;
    const until = typeof moment === "string" ? moment : moment.toISOString();
    return this.#done(id, callSite(this.until), { wait: { until } });
  }

  /** Waits for a signal and returns its payload. */
  signal<T = Json>(signal: string, options: SignalOptions = {}): Promise<T> {
    requireKnown("ctx.signal", options, signalNames);
    const { id, ...rest } = options;
    return this.#task<T>(id ?? signal, callSite(this.signal), { wait: { signal, ...rest } });
  }

  /** Waits for an event of a type, posted since the start of the run, and returns it. */
  event<T = Json>(event: string, options: EventWaitOptions = {}): Promise<ReceivedEvent<T>> {
    requireKnown("ctx.event", options, eventNames);
    const { id, ...rest } = options;
    return this.#task<ReceivedEvent<T>>(id ?? event, callSite(this.event), { wait: { event, ...rest } });
  }

  /**
   * Publishes an event for triggers and for runs that wait for it. It is the same event when the step is repeated, so it
   * counts once.
   */
  emit(type: string, data?: unknown, options: EmitOptions = {}): Promise<void> {
    requireKnown("ctx.emit", options, emitNames);
    const { id, ...rest } = options;
    const event = JSON.parse(JSON.stringify({ type, data, ...rest })) as Json;
    return this.#done(id ?? type, callSite(this.emit), { uses: emitCapability, with: event });
  }

  /** Asks people, and returns their decision. */
  approve<T = Json>(options: ApproveOptions): Promise<T> {
    requireKnown("ctx.approve", options, approveNames);
    const { id = "approve", ...question } = options;
    return this.#task<T>(id, callSite(this.approve), { approve: question });
  }

  /**
   * Repeats `round` until it returns `ctx.done(output)`. Each round gets the state that the round before returned. After many
   * steps the loop continues as a new run with this state and the same input, so its history stays short. The code starts
   * again there, so the loop must be the first thing that the function does.
   */
  async loop<State, Output>(
    first: State,
    round: (state: State) => Promise<State | LoopDone<Output>>,
    options: LoopOptions = {},
  ): Promise<Output> {
    requireKnown("ctx.loop", options, loopNames);
    const { steps = loopStepsDefault } = options;
    const instance = this.#instance;
    const { name, carried } = instance;
    if (!instance.isUntouched) throw sdkErrors.loopNotFirst({ name });
    let state = (carried === undefined ? first : carried.state) as State;
    for (;;) {
      const before = instance.position;
      const next = await round(state);
      if (next instanceof LoopDone) return next.output;
      if (instance.position === before) throw sdkErrors.loopWithoutStep({ name });
      // As it is after a crash.
      const nextState = (next === undefined ? null : JSON.parse(JSON.stringify(next))) as Json;
      if (this.#undo.length === 0 && instance.canContinueAsNew(steps))
        return instance.continueAsNew(nextState);
      state = nextState as State;
    }
  }

  /** The output of a loop, for its last round. */
  done<Output>(output: Output): LoopDone<Output> {
    return new LoopDone(output);
  }

  /** All results, in the order of the list. Rejects with the first failure. */
  all<T extends readonly unknown[]>(steps: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
    return notCrashing(Promise.all(steps));
  }

  /** The first that ends, well or not. The others are stopped when the function ends. */
  race<T>(steps: readonly (T | Promise<T>)[]): Promise<Awaited<T>> {
    return notCrashing(Promise.race(steps));
  }

  /** The first that ends well. */
  any<T>(steps: readonly (T | Promise<T>)[]): Promise<Awaited<T>> {
    return notCrashing(Promise.any(steps));
  }

  /** Time at which the code first reached this call. The same after a replay. */
  now(): Date {
    return new Date(this.#instance.nowMs);
  }

  /** From 0 to 1, and the same after a replay. */
  random(): number {
    return this.#randomBytes().readUInt32BE(0) / 2 ** 32;
  }

  /** Returns a UUID that is the same after a replay and a crash: a key for other systems. */
  uuid(): string {
    const bytes = this.#randomBytes();
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    const hex = bytes.toString("hex", 0, 16);
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  #randomBytes(): Buffer {
    return createHash("sha256")
      .update(`${this.#instance.seed} ${this.#draws++}`)
      .digest();
  }

  /**
   * Calls a keyed object, and waits for its result: `ctx.object(cart, "ann").add("book")`. Calls of one key follow each
   * other.
   */
  object<const Handlers extends ObjectHandlers>(
    target: CallableObject<Handlers>,
    key: string,
    options?: ChildOptions,
  ): ObjectCalls<Handlers>;
  object<Calls extends object = UntypedCalls>(target: string, key: string, options?: ChildOptions): Calls;
  object(target: CallableObject | string, key: string, options: ChildOptions = {}): object {
    requireKnown("ctx.object", options, childNames);
    const { id, ...rest } = options;
    const name = typeof target === "string" ? target : target.name;
    return callsOf((call, input, caller) => {
      const { object, name: own, key: ownKey } = this.#instance;
      const waitsForItself = object !== undefined && object.reader !== true && own === name && ownKey === key;
      if (waitsForItself) return Promise.reject(sdkErrors.objectCallsItself({ name, key, call }));
      return this.#task(id ?? `${name}.${call}`, callSite(caller), {
        workflow: name,
        with: JSON.parse(JSON.stringify({ key, call, input })) as Json,
        ...rest,
      });
    });
  }

  /** Key of the object that this is a call of. */
  get key(): string {
    const { key, name } = this.#instance;
    if (key === undefined) throw sdkErrors.objectNone({ name });
    return key;
  }

  /**
   * Values that the history shows. Those of a keyed object are shared by the calls of its key: a value is committed with
   * the step that sets it.
   */
  get state(): { get<T = Json>(key: string): T | undefined; set(key: string, value: unknown): void } {
    const instance = this.#instance;
    const set = (key: string, value: unknown): void =>
      instance.set(
        key,
        callSite(set),
        value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json),
      );
    return { get: <T>(key: string) => instance.state.get(key) as T | undefined, set };
  }

  /**
   * Registers what undoes a step. It runs when the function fails after it, or when its run is cancelled, the last one
   * first. It runs again when the worker is lost meanwhile.
   */
  compensate(name: string, work: () => unknown): void {
    const id = this.#instance.idOf(idFrom(name));
    this.#instance.undo(id, callSite(this.compensate));
    this.#undo.push({ id: `${id}.run`, work });
  }

  /**
   * Returns true if this run contains a change of the code. False in a run that was past this point before the change
   * was deployed: let it do the former steps.
   */
  version(change: string): boolean {
    return this.#instance.version(change, callSite(this.version));
  }

  /** Logs, except during a replay. */
  get log(): Logger {
    return this.#instance.isReplaying ? silentLogger : this.task.logger;
  }

  /** For the end of a function that failed or is stopped. Every one is tried. Returns how they failed. */
  async compensateAll(): Promise<readonly StepError[]> {
    const failed: StepError[] = [];
    for (const { id, work } of this.#undo.splice(0).reverse())
      await this.#attempts(id, "", work, { isCompensation: true }).catch((error: unknown) => {
        failed.push(stepError(error));
        this.log.error("compensation failed", { step: id, error: stepError(error).message });
      });
    return failed;
  }

  #task<T>(name: string, at: string, spec: TaskDocument): Promise<T> {
    return this.#instance.task(this.#instance.idOf(idFrom(name)), at, spec) as Promise<T>;
  }

  /** A task without a result. */
  #done(name: string, at: string, spec: TaskDocument): Promise<void> {
    return notCrashing(this.#task(name, at, spec).then(() => undefined));
  }
}

/** A step that the code does not await, or not yet, may fail without ending the process of the worker. */
function notCrashing<T>(step: Promise<T>): Promise<T> {
  step.catch(() => {});
  return step;
}

function withInput(input: unknown): Pick<TaskDocument, "with"> {
  return input === undefined ? {} : { with: JSON.parse(JSON.stringify(input)) as Json };
}

/** Returns a name as ids of tasks are written. */
function idFrom(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "") || "step";
}
