/**
 * Any machine with counts. In addition to its state it counts its events and keeps a digest of them. Every
 * answer, refusal and effect names the events before it. So a reader of the journal can tell whether an
 * answer depended only on durable events. The machine inside does not notice.
 */

import { FlatWriter } from "@tutti/contracts/wire";
import {
  type Command,
  isRefusal,
  type Machine,
  type MachineEvent,
  type MachineStep,
  type Message,
  type Outstanding,
  type Query,
  type ReadOnly,
  type Refusal,
  type SnapshotCodec,
  stableHash,
  type WireCodec,
} from "@tutti/kernel";
import type { Counted, CountedAnswer, CountedEffect, CountedState } from "./counted.ts";

// biome-ignore lint/suspicious/noExplicitAny: the counts are kept for machines of any state
export type AnyMachine = Machine<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyCommand = Command<any, any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
export type AnyQuery = Query<any, any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
type AnyEvent = MachineEvent<any, any, any>;

/** Asks for the whole state, as `project` shows it. */
export const projectionQuery = "counted_projection";

/** Returns the digest after one more event. The reader of the journal calls it with recorded events. */
export function digestOf(before: number, type: string, json: string): number {
  return stableHash(String(before), type, json);
}

/** Hooks at the edge of a machine, where a simulation observes or breaks something. */
export interface MachineEdge {
  /** Called after a decision, long before it is durable. */
  decided?(command: AnyCommand, body: unknown, answer: unknown): void;
  queried?(body: unknown, answer: unknown): void;
  /** Whether the timers of a state are missing from what is outstanding: such a machine forgets them. */
  readonly forgetsTimers?: boolean;
  /** The service of all messages, instead of that of their receiver. */
  readonly service?: string | undefined;
}

export function withCounts(machine: AnyMachine, edge: MachineEdge = {}): AnyMachine {
  return new CountingMachine(machine, edge).machine();
}

class CountingMachine {
  readonly #inner: AnyMachine;
  readonly #edge: MachineEdge;
  readonly #events = new Map<AnyEvent, AnyEvent>();
  readonly #step: CountingStep;
  readonly #outstanding = new CountingOutstanding();

  constructor(inner: AnyMachine, edge: MachineEdge) {
    this.#inner = inner;
    this.#edge = edge;
    this.#step = new CountingStep(this.#events, edge.service);
    for (const event of inner.events) this.#events.set(event, this.#event(event));
  }

  machine(): AnyMachine {
    const inner = this.#inner;
    const { expire } = inner;
    return {
      kind: inner.kind,
      behaviour: inner.behaviour,
      create: (key): CountedState => ({ events: 0, digest: 0, inner: inner.create(key) }),
      commands: inner.commands.map((command) => this.#command(command)),
      events: [...this.#events.values()],
      queries: [...inner.queries.map((query) => this.#query(query)), this.#projection()],
      ...(expire === undefined
        ? {}
        : {
            expire: (state: CountedState, timer: number, step: MachineStep<CountedState>) =>
              expire(state.inner, timer, this.#step.of(step)),
          }),
      snapshots: snapshotsWith(inner.snapshots),
      recover: (state: ReadOnly<CountedState>, outstanding: Outstanding) => {
        const { events, digest } = state;
        inner.recover(
          state.inner,
          this.#outstanding.of(outstanding, { events, digest }, this.#edge.forgetsTimers === true),
        );
      },
      describe: (state) => inner.describe(state.inner),
      project: (state) => inner.project(state.inner),
    };
  }

  #event(event: AnyEvent): AnyEvent {
    return {
      type: event.type,
      version: event.version,
      codec: event.codec,
      ...(event.described === undefined ? {} : { described: event.described }),
      evolve: (state: CountedState, body, outstanding) => {
        state.events++;
        state.digest = digestOf(state.digest, event.type, JSON.stringify(event.codec.toJSON(body)));
        const { events, digest } = state;
        event.evolve(state.inner, body, this.#outstanding.of(outstanding, { events, digest }, false));
      },
    };
  }

  #command(command: AnyCommand): AnyCommand {
    const edge = this.#edge;
    return {
      type: command.type,
      codec: command.codec,
      reply: answerCodec(command.reply),
      decide: (state: CountedState, body, step): CountedAnswer | Refusal => {
        const answer = command.decide(state.inner, body, this.#step.of(step));
        const counted = countedAnswer(state, answer);
        edge.decided?.(command, body, counted);
        return counted;
      },
    };
  }

  #query(query: Query<unknown>): Query<CountedState> {
    return {
      type: query.type,
      answer: (state, body, at) => {
        const counted = countedAnswer(state, query.answer(state.inner, body, at));
        this.#edge.queried?.(body, counted);
        return counted;
      },
    };
  }

  #projection(): Query<CountedState> {
    return {
      type: projectionQuery,
      answer: (state, body) => {
        const counted = countedAnswer(state, this.#inner.project(state.inner));
        this.#edge.queried?.(body, counted);
        return counted;
      },
    };
  }
}

function countedAnswer({ events, digest }: Counted, answer: unknown): CountedAnswer | Refusal {
  if (!isRefusal(answer)) return { events, digest, answer };
  return { ...answer, details: { ...answer.details, events: String(events), digest: String(digest) } };
}

/** Returns the events before a refusal. Undefined if it did not come from a machine. */
export function countsOf({ details }: Refusal): Counted | undefined {
  const { events, digest } = details;
  return events === undefined || digest === undefined
    ? undefined
    : { events: Number(events), digest: Number(digest) };
}

/** The step in the form for the machine inside. */
class CountingStep implements MachineStep<unknown> {
  readonly #events: ReadonlyMap<AnyEvent, AnyEvent>;
  readonly #service: string | undefined;
  #outer: MachineStep<CountedState> | undefined;

  constructor(events: ReadonlyMap<AnyEvent, AnyEvent>, service: string | undefined) {
    this.#events = events;
    this.#service = service;
  }

  of(outer: MachineStep<CountedState>): this {
    this.#outer = outer;
    return this;
  }

  get #step(): MachineStep<CountedState> {
    if (this.#outer === undefined) throw new Error("a step is used while something is decided");
    return this.#outer;
  }

  get key() {
    return this.#step.key;
  }
  get events() {
    return this.#step.events;
  }
  get nowMs() {
    return this.#step.nowMs;
  }
  get behaviour() {
    return this.#step.behaviour;
  }
  get cause() {
    return this.#step.cause;
  }
  get settles() {
    return this.#step.settles;
  }
  random(): number {
    return this.#step.random();
  }
  emit<Body>(event: MachineEvent<unknown, unknown, Body>, body: Body): void {
    this.#step.emit(this.#events.get(event) ?? event, body);
  }
  send<Body>(to: Parameters<MachineStep<unknown>["send"]>[0], message: Message<Body>, body: Body): void {
    this.#step.send(this.#service === undefined ? to : { ...to, service: this.#service }, message, body);
  }
}

/** Effects and timers that are outstanding, with the events before them. */
class CountingOutstanding implements Outstanding {
  #outer: Outstanding | undefined;
  #after: Counted = { events: 0, digest: 0 };
  #forgetsTimers = false;

  of(outer: Outstanding, after: Counted, forgetsTimers: boolean): this {
    this.#outer = outer;
    this.#after = after;
    this.#forgetsTimers = forgetsTimers;
    return this;
  }

  effect(number: number, attempt: number, effect: unknown): void {
    const counted: CountedEffect = { ...this.#after, effect };
    this.#outer?.effect(number, attempt, counted);
  }
  settled(number: number): void {
    this.#outer?.settled(number);
  }
  timer(number: number, dueMs: number): void {
    if (!this.#forgetsTimers) this.#outer?.timer(number, dueMs);
  }
  cleared(number: number): void {
    this.#outer?.cleared(number);
  }
}

/** A reply with its counts: two doubles, then the reply. */
// biome-ignore lint/suspicious/noExplicitAny: replies of any machine
function answerCodec(inner: WireCodec<any>): WireCodec<CountedAnswer> {
  return {
    encode({ events, digest, answer }, writer = new FlatWriter(64)) {
      writer.uint32(tag(1, 1)).double(events).uint32(tag(2, 1)).double(digest).uint32(tag(3, 2)).fork();
      inner.encode(answer, writer);
      return writer.join();
    },
    decode(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      let at = 2 * fieldBytes + 1;
      // The length of the reply, as a varint of seven bits a byte.
      while ((view.getUint8(at) & 0x80) !== 0) at++;
      return {
        events: view.getFloat64(1, true),
        digest: view.getFloat64(1 + fieldBytes, true),
        answer: inner.decode(bytes.subarray(at + 1)),
      };
    },
    toJSON: ({ events, digest, answer }) => ({ events, digest, answer: inner.toJSON(answer) }),
  };
}

/** A tag of one byte and a double. */
const fieldBytes = 9;

function tag(field: number, type: number): number {
  return (field << 3) | type;
}

const headBytes = 16;

/** The counts go before the state. */
// biome-ignore lint/suspicious/noExplicitAny: states of any machine
function snapshotsWith(inner: SnapshotCodec<any>): SnapshotCodec<CountedState> {
  return {
    version: inner.version,
    encode(state: ReadOnly<CountedState>) {
      const body = inner.encode(state.inner);
      const bytes = new Uint8Array(headBytes + body.length);
      const view = new DataView(bytes.buffer);
      view.setFloat64(0, state.events, true);
      view.setFloat64(8, state.digest, true);
      bytes.set(body, headBytes);
      return bytes;
    },
    decode(bytes, version) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return {
        events: view.getFloat64(0, true),
        digest: view.getFloat64(8, true),
        inner: inner.decode(bytes.subarray(headBytes), version),
      };
    },
  };
}
