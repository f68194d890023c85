/**
 * The hooks of the pools that are owned here. They are compiled when they are stored, and their questions are
 * sent to the services that answer them.
 *
 * 1. Requests of a turn are sent when the turn is over, and answers are processed before the next one.
 * 2. A hook without a listener fails at once, and its failure rule applies.
 */
import type { Hook } from "@tutti/contracts/swarm/v1";
import type { Logger } from "@tutti/kernel";
import type { Kept, PoolView } from "@tutti/machine-entities/pool";
import { compileHook, type HookOutlet, type HookQuestion, type HookReply, type Pool } from "@tutti/matching";
import type { PoolTime } from "../pools/pool-time.ts";
import type { Tenant } from "../pools/tenant.ts";
import type { Turns } from "../pools/turns.ts";
import { failure, Listener } from "./listener.ts";
import type { Webhooks } from "./webhooks.ts";

export interface HooksParts {
  readonly turns: Turns;
  readonly now: PoolTime;
  readonly logger: Logger;
  readonly webhooks: Webhooks;
}

export class Hooks {
  readonly #parts: HooksParts;
  readonly #followed = new Map<Pool, PoolHooks>();

  constructor(parts: HooksParts) {
    this.#parts = parts;
  }

  /** Applies the hooks of a pool that was opened or reconfigured. */
  follow({ pool, contents }: Tenant): void {
    let followed = this.#followed.get(pool);
    if (followed === undefined) {
      // Most pools have no hooks.
      if (contents.hooks.size === 0) return;
      followed = new PoolHooks(pool, this.#parts);
      this.#followed.set(pool, followed);
    }
    followed.set(contents);
  }

  remove(pool: Pool): void {
    this.#followed.delete(pool);
  }

  /** Adds a listener of a hook. Undefined if there is no hook with this id for listeners. */
  listen(pool: Pool, hookId: string, wake: () => void): Listening | undefined {
    return this.#followed.get(pool)?.listen(hookId, wake);
  }
}

/** A listener with its pool, as long as it exists. */
export interface Listening {
  readonly listener: Listener;
  /** Whether the hook still exists. */
  readonly isOpen: boolean;
  reply(replies: readonly HookReply[]): void;
  close(): void;
}

class PoolHooks implements HookOutlet {
  readonly #pool: Pool;
  readonly #parts: HooksParts;
  #hooks = new Map<string, Hook>();
  #revisions = "";
  readonly #listeners = new Map<string, Listener[]>();

  constructor(pool: Pool, parts: HooksParts) {
    this.#pool = pool;
    this.#parts = parts;
  }

  /** Replaces the hooks. Changes of other fields do not affect tasks that wait for a verdict. */
  set({ hooks }: PoolView): void {
    const revisions = [...hooks.values()].map(({ revision }) => revision).join();
    if (revisions === this.#revisions) return;
    this.#revisions = revisions;
    const inUse = inOrder(hooks).filter(({ disabled }) => !disabled);
    this.#hooks = new Map(inUse.map((hook) => [hook.hookId, hook]));
    const compiled = inUse.flatMap((hook) => {
      const { hook: ready, problems } = compileHook(hook);
      if (ready !== undefined) return [ready];
      // It was checked before it was stored, but another release may know other functions.
      this.#parts.logger.error("hook no longer compiles, skipped", {
        namespace: this.#pool.namespace,
        pool: this.#pool.name,
        hook: hook.hookId,
        problems,
      });
      return [];
    });
    this.#pool.setHooks(compiled, this);
    this.#parts.turns.schedule(this.#pool);
    for (const [hookId, listeners] of this.#listeners)
      if (!this.#isListenedTo(hookId))
        for (const listener of listeners.splice(0)) this.#deliver(listener.close());
  }

  send(questions: readonly HookQuestion[]): void {
    const byHook = Map.groupBy(questions, ({ hookId }) => hookId);
    for (const [hookId, hookQuestions] of byHook) {
      const { action } = this.#hooks.get(hookId) ?? {};
      if (action?.$case === "webhook") {
        const { namespace, name: pool } = this.#pool;
        const about = { namespace, pool, hookId, webhook: action.value, questions: hookQuestions };
        this.#parts.webhooks.send(about, (replies) => this.#deliver(replies));
      } else this.#deliver(this.#sendToListener(hookId, hookQuestions));
    }
  }

  listen(hookId: string, wake: () => void): Listening | undefined {
    if (!this.#isListenedTo(hookId)) return undefined;
    const listener = new Listener(wake);
    const listeners = this.#listeners.get(hookId) ?? [];
    this.#listeners.set(hookId, listeners);
    listeners.push(listener);
    return {
      listener,
      get isOpen() {
        return listeners.includes(listener);
      },
      reply: (replies) => this.#deliver(replies),
      close: () => {
        const at = listeners.indexOf(listener);
        if (at >= 0) listeners.splice(at, 1);
        this.#deliver(listener.close());
      },
    };
  }

  #isListenedTo(hookId: string): boolean {
    return this.#hooks.get(hookId)?.action?.$case === "listener";
  }

  /** Asks the listeners in turn. Returns the questions that failed at once. */
  #sendToListener(hookId: string, questions: readonly HookQuestion[]): HookReply[] {
    const listeners = this.#listeners.get(hookId) ?? [];
    const listener = listeners.shift();
    if (listener !== undefined) {
      listeners.push(listener);
      return listener.enqueue(questions);
    }
    const waiting = questions.filter(({ number }) => number > 0);
    return waiting.map(({ number }) => failure(number, "no listener is connected"));
  }

  /** Passes answers to the pool, after its present turn. */
  #deliver(replies: readonly HookReply[]): void {
    if (replies.length === 0) return;
    const { turns, now } = this.#parts;
    turns.before(() => {
      this.#pool.answerHooks(replies, now());
      turns.schedule(this.#pool);
    });
  }
}

/** Returns the hooks in the order of their execution: by their order, then by their ids. */
export function inOrder(hooks: PoolView["hooks"]): Hook[] {
  const all = [...hooks.values()].map(({ value }) => value as Kept<Hook>["value"]);
  return all.sort((one, other) => one.order - other.order || (one.hookId < other.hookId ? -1 : 1));
}
