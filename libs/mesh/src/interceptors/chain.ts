/**
 * The interceptors of both sides: steps of every call, for all methods and transports. A pipeline is a list of named
 * steps that runs once per method. Each step adds its hooks for that method. A call then runs through flat lists of
 * functions, without a promise or a closure per step.
 *
 * 1. `beforeHooks` runs in the order of the list, `afterHooks` in reverse, for each interceptor whose `beforeHooks` did not throw.
 * 2. `afterHooks` runs exactly once, also for refused, cancelled and late calls.
 * 3. An error of `beforeHooks`, `request` or `reply` ends the call. An `afterHooks` never throws.
 */
import { type RunStep, type TuttiError, turnForOthers } from "@tutti/kernel";
import type { Method } from "../calls/method.ts";
import { isHeavy } from "./limits.ts";

/** A step of the pipeline: inspects a method and adds hooks for its calls, if any. */
export type Interceptor<Call> = RunStep<Binding<Call>>;

export interface Binding<Call> {
  readonly method: Method;
  add(hooks: Hooks<Call>): void;
}

export interface Hooks<Call> {
  /** Runs before anything is sent or handled. Throws, or rejects, to refuse the call. */
  readonly before?: (call: Call) => Promise<void> | undefined;
  /** Runs for each request message: on the client before it is sent, on the server before the handler sees it. */
  readonly request?: (call: Call, message: unknown) => Promise<void> | undefined;
  /** Runs for each reply message: on the server before it is sent, on the client before the caller sees it. */
  readonly reply?: (call: Call, message: unknown) => void;
  /** Runs at the end of the call, with its error, if any. */
  readonly after?: (call: Call, error: TuttiError | undefined) => void;
}

/** State of the chain in a call: the number of started interceptors. */
export interface Intercepted {
  startedCount: number;
}

export class Chain<Call extends Intercepted> implements Binding<Call> {
  readonly method: Method;
  readonly #beforeHooks: ((call: Call) => Promise<void> | undefined)[] = [];
  readonly #afterHooks: ((call: Call, error: TuttiError | undefined) => void)[] = [];
  readonly #request: ((call: Call, message: unknown) => Promise<void> | undefined)[] = [];
  readonly #reply: ((call: Call, message: unknown) => void)[] = [];

  constructor(method: Method) {
    this.method = method;
  }

  add(hooks: Hooks<Call>): void {
    if (hooks.before !== undefined || hooks.after !== undefined) {
      this.#beforeHooks.push(hooks.before ?? noBefore);
      this.#afterHooks.push(hooks.after ?? noAfter);
    }
    if (hooks.request !== undefined) this.#request.push(hooks.request);
    if (hooks.reply !== undefined) this.#reply.push(hooks.reply);
  }

  /** Returns a promise only if an interceptor has to wait. */
  before(call: Call): Promise<void> | undefined {
    return this.#runBefore(call, 0);
  }

  /** Returns a promise only if an interceptor has to wait. */
  request(call: Call, message: unknown): Promise<void> | undefined {
    return isHeavy(message) ? this.#requestInTurns(call, message) : this.#requestFrom(call, message, 0);
  }

  reply(call: Call, message: unknown): void {
    for (const hook of this.#reply) hook(call, message);
  }

  after(call: Call, error: TuttiError | undefined): void {
    for (let i = call.startedCount - 1; i >= 0; i--) this.#afterHooks[i]?.(call, error);
    call.startedCount = 0;
  }

  #runBefore(call: Call, from: number): Promise<void> | undefined {
    const hooks = this.#beforeHooks;
    for (let i = from; i < hooks.length; i++) {
      const waiting = hooks[i]?.(call);
      if (waiting !== undefined) return this.#resume(call, waiting, i + 1);
      call.startedCount = i + 1;
    }
    return undefined;
  }

  async #resume(call: Call, waiting: Promise<void>, next: number): Promise<void> {
    await waiting;
    call.startedCount = next;
    await this.#runBefore(call, next);
  }

  #requestFrom(call: Call, message: unknown, from: number): Promise<void> | undefined {
    const hooks = this.#request;
    for (let i = from; i < hooks.length; i++) {
      const waiting = hooks[i]?.(call, message);
      if (waiting !== undefined) return waiting.then(() => this.#requestFrom(call, message, i + 1));
    }
    return undefined;
  }

  /** Each interceptor takes milliseconds for a heavy message, so other work gets a turn before each. */
  async #requestInTurns(call: Call, message: unknown): Promise<void> {
    for (const hook of this.#request) {
      await turnForOthers();
      await hook(call, message);
    }
  }
}

function noBefore(): undefined {}
function noAfter(): void {}
