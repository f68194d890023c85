import type { Cause } from "@tutti/contracts/types/v1";
import { assert, type Outstanding } from "@tutti/kernel";
import type { EffectToken } from "../api.ts";
import type { TimerQueue } from "../timers/timer-queue.ts";
import { tokenAttempt } from "../tokens/attempts.ts";
import type { Instance, InstanceTimer, PendingEffect } from "./instance.ts";

/**
 * Collects the outstanding work of a partition while events are folded: effects to start when the batch is durable,
 * effects to cancel, timers.
 *
 * Timers are set at once, before anything is durable. The consequences of a timer are in a later batch, which cannot be
 * durable without this one.
 */
export class Folding implements Outstanding<unknown> {
  readonly #partition: number;
  readonly #timers: TimerQueue<InstanceTimer>;
  /** The instance that is being folded. */
  instance: Instance | undefined;
  cause: Cause | undefined;
  /** Number of the effect whose result is being applied: it need not be reported as cancelled. */
  settling = -1;
  #isRecovering = false;
  /** To be started when the open batch is durable. */
  due: PendingEffect[] = [];
  /** To be cancelled when the open batch is durable. */
  dropped: EffectToken[] = [];

  constructor(partition: number, timers: TimerQueue<InstanceTimer>) {
    this.#partition = partition;
    this.#timers = timers;
  }

  open(instance: Instance, cause: Cause | undefined, settling: number): void {
    this.instance = instance;
    this.cause = cause;
    this.settling = settling;
  }

  effect(number: number, attempt: number, effect: unknown): void {
    assert(number > 0 && number >>> 0 === number, "effects are numbered from 1", { number });
    const instance = this.instance as Instance;
    const before = instance.effects.get(number);
    const { key, incarnation, resets } = instance;
    const token = { partition: this.#partition, incarnation, number, attempt: tokenAttempt(attempt, resets) };
    if (before !== undefined && before.token.attempt !== token.attempt) this.dropped.push(before.token);
    const due = { key, token, effect, cause: this.cause, isRecovered: this.#isRecovering, instance };
    instance.effects.set(due);
    this.due.push(due);
  }

  settled(number: number): void {
    const { effects } = this.instance as Instance;
    if (number === this.settling) {
      effects.delete(number);
      return;
    }
    const before = effects.get(number);
    if (before === undefined) return;
    effects.delete(number);
    this.dropped.push(before.token);
  }

  timer(number: number, dueMs: number): void {
    assert(Number.isFinite(dueMs), "a timer is due at a moment", { number, dueMs });
    const instance = this.instance as Instance;
    instance.timers ??= new Map();
    let timer = instance.timers.get(number);
    if (timer === undefined) {
      timer = { instance, number, rank: dueMs, order: 0, place: -1 };
      instance.timers.set(number, timer);
    }
    this.#timers.set(timer, dueMs);
  }

  cleared(number: number): void {
    const { timers } = this.instance as Instance;
    const timer = timers?.get(number);
    if (timer === undefined) return;
    timers?.delete(number);
    this.#timers.remove(timer);
  }

  /** Adds the outstanding work of a loaded instance. */
  recover(instance: Instance): void {
    this.open(instance, undefined, -1);
    this.#isRecovering = true;
    try {
      instance.hosted.machine.recover(instance.state, this);
    } finally {
      this.#isRecovering = false;
    }
  }

  /** Drops the outstanding work of an instance that was passivated, quarantined or terminated. */
  release(instance: Instance): void {
    for (const timer of instance.timers?.values() ?? []) this.#timers.remove(timer);
    instance.timers = undefined;
  }

  /** Drops the outstanding work of an instance that was never created. */
  discard(instance: Instance): void {
    this.release(instance);
    instance.effects.clear();
  }
}

/** For folding that ignores outstanding work: `recover` finds it afterwards. */
export const noOutstanding: Outstanding<unknown> = {
  effect() {},
  settled() {},
  timer() {},
  cleared() {},
};
