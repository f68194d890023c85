/**
 * Decides: gives a command to its machine and takes in what it says.
 *
 * 1. What one command does is all in the open batch, or nothing of it is: when a decider or a fold throws, the batch is cut
 *    back to where it was, and the instance is to be kept aside.
 * 2. An event is encoded first and folded then: a fold may do with the event what it likes.
 */
import { type Cause, WorkStatus } from "@tutti/contracts/types/v1";
import {
  AssertionFault,
  type Chance,
  type InstanceAddress,
  type InstanceKey,
  isRefusal,
  type MachineStep,
  type Message,
  type Refusal,
} from "@tutti/kernel";
import type { EffectToken } from "../api.ts";
import { runtimeErrors } from "../errors.ts";
import type { LetterBox } from "../letters/letter-box.ts";
import type { AnyCommand, AnyEvent } from "../machines/hosted-machine.ts";
import { refusalOf } from "../refusals.ts";
import { attemptOf } from "../tokens/attempts.ts";
import type { Folding } from "./folding.ts";
import type { Instance } from "./instance.ts";
import type { BatchMark, OpenBatch } from "./open-batch.ts";

/** What a step came to. */
export type Decision =
  | { readonly kind: "reply"; readonly reply: unknown }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "thrown"; readonly error: unknown };

export interface DeciderParts {
  readonly batch: OpenBatch;
  readonly folding: Folding;
  readonly letters: LetterBox;
  readonly chance: Chance;
  /** Counts a new instance: its incarnation. */
  readonly count: () => number;
  /** Bytes of records that one step may add. */
  readonly stepBytesMax: number;
}

export class Decider implements MachineStep<unknown, unknown> {
  readonly #batch: OpenBatch;
  readonly #folding: Folding;
  readonly #letters: LetterBox;
  readonly #chance: Chance;
  readonly #count: () => number;
  readonly #mark: BatchMark = { position: 0, count: 0, cause: undefined };
  readonly #stepBytesMax: number;
  #instance: Instance | undefined;
  #emitted = 0;
  #letterBytesBefore = 0;
  /** Whether an event said that what is shown of the instance may have changed. */
  wasDescribed = false;
  /** How the instance stands after a step that was described. */
  status: WorkStatus = WorkStatus.WORK_STATUS_UNSPECIFIED;
  nowMs = 0;
  cause: Cause = { actor: undefined, traceparent: "", decision: "", reason: "" };
  settles: { readonly number: number; readonly attempt: number } | undefined;

  constructor({ batch, folding, letters, chance, count, stepBytesMax }: DeciderParts) {
    this.#stepBytesMax = stepBytesMax;
    this.#batch = batch;
    this.#folding = folding;
    this.#letters = letters;
    this.#chance = chance;
    this.#count = count;
  }

  get key(): InstanceKey {
    return (this.#instance as Instance).key;
  }

  get exists(): boolean {
    return (this.#instance as Instance).event > 0;
  }

  random(): number {
    return this.#chance.random();
  }

  emit(event: AnyEvent, body: unknown): void {
    const instance = this.#instance as Instance;
    const header = instance.hosted.headerOf(event);
    if (instance.event === 0) {
      instance.incarnation = this.#count();
      instance.isNew = true;
      instance.startMs = this.nowMs;
      instance.startedBy = this.cause.actor;
      this.wasDescribed = true;
    }
    this.#batch.add(instance, header, event.codec, body, this.cause);
    this.#checkSize(instance);
    this.#emitted++;
    event.evolve(instance.state, body, this.#folding);
    if (event.described === true) this.wasDescribed = true;
  }

  send<Body>(to: InstanceAddress, message: Message<Body>, body: Body): void {
    this.#letters.send(this.key, to, message, body, this.cause);
    this.#checkSize(this.#instance as Instance);
  }

  /** Whether the last step emitted anything. */
  get emitted(): number {
    return this.#emitted;
  }

  /** @param answered is told the reply before anything of the step counts */
  decide(
    instance: Instance,
    command: AnyCommand,
    body: unknown,
    cause: Cause,
    token: EffectToken | undefined,
    answered?: (reply: unknown) => void,
  ): Decision {
    this.settles = settledBy(token);
    return this.#step(instance, cause, token?.number ?? -1, () => {
      const reply = command.decide(instance.state, body, this);
      if (answered !== undefined && !isRefusal(reply)) answered(reply);
      return reply;
    });
  }

  /** A command in its encoded form: as it came in a letter, or waited for a repair. */
  take(
    instance: Instance,
    command: AnyCommand,
    payload: Uint8Array,
    cause: Cause,
    token?: EffectToken,
  ): Decision {
    this.settles = settledBy(token);
    return this.#step(instance, cause, token?.number ?? -1, () =>
      command.decide(instance.state, command.codec.decode(payload), this),
    );
  }

  expire(instance: Instance, timer: number, cause: Cause): Decision {
    this.settles = undefined;
    return this.#step(instance, cause, -1, () => {
      const { expire } = instance.hosted.machine;
      if (expire === undefined)
        throw new AssertionFault("a machine that sets timers has `expire`", { timer });
      const before = instance.timers?.get(timer)?.dueMs;
      expire.call(instance.hosted.machine, instance.state, timer, this);
      if (before !== undefined && instance.timers?.get(timer)?.dueMs === before) {
        throw new AssertionFault("a timer that has come due is cleared or set again by what happens then", {
          kind: instance.key.kind,
          timer,
        });
      }
      return;
    });
  }

  /** What the journal would not take must not be decided: it would be in memory and nowhere else. */
  #checkSize({ key: { kind, id } }: Instance): void {
    const bytes = this.#batch.bytes - this.#mark.position + this.#letters.openBytes - this.#letterBytesBefore;
    const bytesMax = this.#stepBytesMax;
    if (bytes > bytesMax) throw runtimeErrors.batchTooLarge({ kind, id, bytes, bytesMax });
  }

  #step(instance: Instance, cause: Cause, settling: number, run: () => unknown): Decision {
    const { event, lastBatch, lastIndex, incarnation } = instance;
    const dueBefore = this.#folding.due.length;
    const droppedBefore = this.#folding.dropped.length;
    const lettersBefore = this.#letters.mark;
    this.#letterBytesBefore = this.#letters.openBytes;
    this.#batch.mark(this.#mark);
    this.#instance = instance;
    this.#emitted = 0;
    this.wasDescribed = false;
    this.cause = cause;
    this.#folding.begin(instance, cause, settling);
    try {
      const reply = run();
      if (!isRefusal(reply)) {
        if (this.wasDescribed) this.status = instance.hosted.machine.describe(instance.state).status;
        return { kind: "reply", reply };
      }
      if (this.#emitted > 0) {
        throw new AssertionFault("a decider that refuses emits nothing", { kind: instance.key.kind });
      }
      this.#letters.cutBack(lettersBefore);
      return { kind: "refused", refusal: reply };
    } catch (error) {
      this.#batch.cutBack(this.#mark);
      this.#letters.cutBack(lettersBefore);
      this.#folding.due.length = dueBefore;
      this.#folding.dropped.length = droppedBefore;
      instance.event = event;
      instance.lastBatch = lastBatch;
      instance.lastIndex = lastIndex;
      instance.incarnation = incarnation;
      if (event === 0) this.#folding.forget(instance);
      // Too much to write is the caller's matter, as long as nothing of it has changed the state.
      if (runtimeErrors.batchTooLarge.is(error) && this.#emitted === 0) {
        return { kind: "refused", refusal: refusalOf(error) };
      }
      return { kind: "thrown", error };
    }
  }
}

/** What a machine hears of a token. */
function settledBy(token: EffectToken | undefined): MachineStep<unknown>["settles"] {
  return token && { number: token.number, attempt: attemptOf(token) };
}
