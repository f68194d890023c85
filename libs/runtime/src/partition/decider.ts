/**
 * Executes a command on its machine and applies the events that the machine emits.
 *
 * 1. The records of one command are in the open batch completely or not at all. If a decider or a fold throws, the
 *    batch is truncated to its former length, and the instance is quarantined.
 * 2. An event is encoded before it is folded, so a fold may change it.
 */
import { type Actor, type Cause, WorkStatus } from "@tutti/contracts/types/v1";
import {
  AssertionFault,
  type Chance,
  errorFromUnknown,
  type InstanceAddress,
  type InstanceKey,
  isRefusal,
  type MachineStep,
  type Message,
  type Refusal,
} from "@tutti/kernel";
import type { EffectToken, MachineEventListener, NoteFactory } from "../api.ts";
import type { Behaviours } from "../behaviour/behaviours.ts";
import { runtimeErrors } from "../errors.ts";
import type { AnyCommand, AnyEvent } from "../machines/hosted-machine.ts";
import type { Outbox } from "../messages/outbox.ts";
import { refusalOf } from "../refusals.ts";
import { attemptOf } from "../tokens/attempts.ts";
import type { Folding } from "./folding.ts";
import type { Instance } from "./instance.ts";
import type { Mentions } from "./mentions.ts";
import type { BatchMark, OpenBatch } from "./open-batch.ts";

/** Result of a step. The caller receives the first two kinds. */
export type Decision =
  | { readonly kind: "done"; readonly reply: unknown }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "thrown"; readonly error: unknown };

export interface DeciderParts {
  readonly batch: OpenBatch;
  readonly folding: Folding;
  readonly outbox: Outbox;
  readonly mentions: Mentions;
  readonly chance: Chance;
  readonly behaviours: Pick<Behaviours, "of">;
  readonly eventListener: MachineEventListener | undefined;
  /** Returns the incarnation of a new instance, and counts it. */
  readonly count: () => number;
  /** Maximum bytes of records that one step may add. */
  readonly stepBytesMax: number;
}

export class Decider implements MachineStep<unknown, unknown> {
  readonly #batch: OpenBatch;
  readonly #folding: Folding;
  readonly #outbox: Outbox;
  readonly #mentions: Mentions;
  readonly #chance: Chance;
  readonly #count: () => number;
  readonly #eventListener: MachineEventListener | undefined;
  readonly #behaviours: Pick<Behaviours, "of">;
  /** The actor that started the latest instance. */
  #startedBy: Actor | undefined;
  readonly #mark: BatchMark = { position: 0, count: 0, cause: undefined };
  /** The values that a step which throws is reset to. */
  readonly #before = {
    event: 0,
    lastBatch: 0,
    lastIndex: 0,
    incarnation: 0,
    due: 0,
    dropped: 0,
    messages: 0,
    notes: 0,
  };
  readonly #settling = { number: 0, attempt: 0 };
  readonly #stepBytesMax: number;
  #instance: Instance | undefined;
  #emitted = 0;
  #messageBytesBefore = 0;
  /** True if an event may have changed what readers see of the instance. */
  wasDescribed = false;
  /** Status of the instance after a step that was described. */
  status: WorkStatus = WorkStatus.WORK_STATUS_UNSPECIFIED;
  /** Notes of the event listener for the events in the open batch. */
  notes: unknown[] = [];
  nowMs = 0;
  cause: Cause = { actor: undefined, traceparent: "", decision: "", reason: "" };
  settles: { readonly number: number; readonly attempt: number } | undefined;

  constructor(parts: DeciderParts) {
    const { batch, folding, outbox, mentions, chance, count, stepBytesMax, eventListener, behaviours } =
      parts;
    this.#eventListener = eventListener;
    this.#behaviours = behaviours;
    this.#stepBytesMax = stepBytesMax;
    this.#batch = batch;
    this.#folding = folding;
    this.#outbox = outbox;
    this.#mentions = mentions;
    this.#chance = chance;
    this.#count = count;
  }

  get key(): InstanceKey {
    return (this.#instance as Instance).key;
  }

  get events(): number {
    return (this.#instance as Instance).event;
  }

  get behaviour(): number {
    return this.#behaviours.of(this.key.kind);
  }

  random(): number {
    return this.#chance.random();
  }

  /** Each call has an actor object of its own. This returns one shared object for all instances of one caller. */
  #starter(actor: Actor | undefined): Actor | undefined {
    const before = this.#startedBy;
    if (actor === undefined || (before?.kind === actor.kind && before.id === actor.id))
      return actor && before;
    this.#startedBy = actor;
    return actor;
  }

  emit(event: AnyEvent, body: unknown): void {
    const instance = this.#instance as Instance;
    const header = instance.hosted.headerOf(event);
    if (instance.event === 0) {
      instance.incarnation = this.#count();
      instance.isNew = true;
      instance.startMs = this.nowMs;
      instance.startedBy = this.#starter(this.cause.actor);
      this.wasDescribed = true;
    }
    this.#batch.add(instance, header, event.codec, body, this.cause);
    this.#checkSize(instance);
    this.#emitted++;
    if (event.blobs !== undefined) this.#mentions.add(instance.key, event.blobs(body));
    const note = this.#eventListener?.notes.get(event);
    if (note !== undefined) this.#addNote(instance, body, note);
    event.evolve(instance.state, body, this.#folding);
    if (event.described === true) this.wasDescribed = true;
  }

  #addNote({ key, event, state }: Instance, body: unknown, createNote: NoteFactory): void {
    const { nowMs: timeMs, cause } = this;
    try {
      const note = createNote({ key, event, body, state, timeMs, cause });
      if (note !== undefined) this.notes.push(note);
    } catch (error) {
      // A failed note is no fault of the machine: the decision stands.
      this.notes.push(errorFromUnknown(error));
    }
  }

  send<Body>(to: InstanceAddress, message: Message<Body>, body: Body): void {
    this.#outbox.send(this.key, to, message, body, this.cause);
    this.#checkSize(this.#instance as Instance);
  }

  /** Whether the last step emitted anything. */
  get emitted(): number {
    return this.#emitted;
  }

  /** @param answered receives the reply before anything of the step counts */
  decide(
    instance: Instance,
    command: AnyCommand,
    body: unknown,
    cause: Cause,
    token: EffectToken | undefined,
    answered?: (reply: unknown) => void,
  ): Decision {
    this.#openStep(instance, cause, token);
    try {
      const reply = command.decide(instance.state, body, this);
      if (answered !== undefined && !isRefusal(reply)) answered(reply);
      return this.#decided(instance, reply);
    } catch (error) {
      return this.#thrown(instance, error);
    }
  }

  /** Executes an encoded command, from a message or after it waited for a repair. */
  decideEncoded(
    instance: Instance,
    command: AnyCommand,
    payload: Uint8Array,
    cause: Cause,
    token?: EffectToken,
  ): Decision {
    this.#openStep(instance, cause, token);
    try {
      return this.#decided(instance, command.decide(instance.state, command.codec.decode(payload), this));
    } catch (error) {
      return this.#thrown(instance, error);
    }
  }

  expire(instance: Instance, timer: number, cause: Cause): Decision {
    this.#openStep(instance, cause, undefined);
    try {
      this.#expire(instance, timer);
      return this.#decided(instance, undefined);
    } catch (error) {
      return this.#thrown(instance, error);
    }
  }

  #expire(instance: Instance, timer: number): void {
    const { machine } = instance.hosted;
    const { expire } = machine;
    if (expire === undefined) throw new AssertionFault("a machine that sets timers has `expire`", { timer });
    const before = instance.timers?.get(timer)?.rank;
    expire.call(machine, instance.state, timer, this);
    if (before !== undefined && instance.timers?.get(timer)?.rank === before) {
      throw new AssertionFault("a timer that has come due is cleared or set again by what happens then", {
        kind: instance.key.kind,
        timer,
      });
    }
  }

  /** Refuses a step that the journal would reject: its result would exist in memory only. */
  #checkSize({ key: { kind, id } }: Instance): void {
    const bytes = this.#batch.bytes - this.#mark.position + this.#outbox.openBytes - this.#messageBytesBefore;
    const bytesMax = this.#stepBytesMax;
    if (bytes > bytesMax) throw runtimeErrors.batchTooLarge({ kind, id, bytes, bytesMax });
  }

  #openStep(instance: Instance, cause: Cause, token: EffectToken | undefined): void {
    const before = this.#before;
    before.event = instance.event;
    before.lastBatch = instance.lastBatch;
    before.lastIndex = instance.lastIndex;
    before.incarnation = instance.incarnation;
    before.due = this.#folding.due.length;
    before.dropped = this.#folding.dropped.length;
    before.messages = this.#outbox.mark;
    before.notes = this.notes.length;
    this.#messageBytesBefore = this.#outbox.openBytes;
    this.#batch.mark(this.#mark);
    this.#instance = instance;
    this.#emitted = 0;
    this.wasDescribed = false;
    this.cause = cause;
    this.settles = token && this.#settled(token);
    this.#folding.open(instance, cause, token?.number ?? -1);
  }

  /** Returns the parts of a token that a machine sees. The object is reused, so only one token is valid at a time. */
  #settled(token: EffectToken): { readonly number: number; readonly attempt: number } {
    this.#settling.number = token.number;
    this.#settling.attempt = attemptOf(token);
    return this.#settling;
  }

  #decided(instance: Instance, reply: unknown): Decision {
    if (!isRefusal(reply)) {
      if (this.wasDescribed) this.status = instance.hosted.machine.describe(instance.state).status;
      return { kind: "done", reply };
    }
    if (this.#emitted > 0) {
      throw new AssertionFault("a decider that refuses emits nothing", { kind: instance.key.kind });
    }
    this.#outbox.rollBack(this.#before.messages);
    return { kind: "refused", refusal: reply };
  }

  /** Undoes the step. */
  #thrown(instance: Instance, error: unknown): Decision {
    const { event, lastBatch, lastIndex, incarnation, due, dropped, messages, notes } = this.#before;
    this.#batch.rollBack(this.#mark);
    this.#outbox.rollBack(messages);
    this.#folding.due.length = due;
    this.#folding.dropped.length = dropped;
    this.notes.length = notes;
    instance.event = event;
    instance.lastBatch = lastBatch;
    instance.lastIndex = lastIndex;
    instance.incarnation = incarnation;
    if (event === 0) this.#folding.discard(instance);
    // A step that is too large is an error of the caller, as long as nothing of it has changed the state.
    if (runtimeErrors.batchTooLarge.is(error) && this.#emitted === 0) {
      return { kind: "refused", refusal: refusalOf(error) };
    }
    return { kind: "thrown", error };
  }
}
