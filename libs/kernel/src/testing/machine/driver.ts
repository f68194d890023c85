/**
 * Drives machines without the runtime: holds their states, delivers their messages, expires their timers in virtual
 * time and submits the results of their effects. It checks the machine contract at every step.
 *
 * 1. A step is a command, a message, a timer or a result. Nothing happens between steps.
 * 2. Messages from one instance to another arrive in order. The caller chooses which of several channels is next.
 * 3. A timer that came due is set until a fold clears or moves it, as it would be after a restart.
 * 4. The result of an attempt that is not awaited never reaches a decider.
 */
import { isRefusal, type Refusal } from "../../errors/refusal.ts";
import { type InstanceKey, textOf } from "../../machine/instance-key.ts";
import type { Command, Description, MachineEvent, Query } from "../../machine/machine.ts";
import { seededChance } from "../seeded-chance.ts";
import { checkedBytes } from "./codec-check.ts";
import { DrivenInstance, type RecordedEvent } from "./driven-instance.ts";
import { type DrivenMessage, DrivenStep, type StepWorld } from "./driven-step.ts";
import { frozen, guarded } from "./guarded.ts";
import { type AnyCommand, type AnyMachine, checkTable, MachineTable, nameOf } from "./machine-table.ts";
import { expect, expectSame, MachineViolation } from "./violation.ts";

export interface DriverOptions {
  /** Kinds that send each other messages are driven together. */
  readonly machines: readonly AnyMachine[];
  /** Name of the service that hosts them: messages are addressed to it. */
  readonly service: string;
  /** Services that are not driven here: messages to them leave. Default: none. */
  readonly outside?: readonly string[];
  /** Older active behaviours by kind, as with processes of an older release. Default: those of the machines. */
  readonly behaviours?: Readonly<Record<string, number>>;
  /** Seed of the random numbers in a step, and of the restores from snapshots. Default: 1. */
  readonly seed?: number;
  /** Initial time of the clock, milliseconds since the Unix epoch. Default: 2026-01-01T00:00:00Z. */
  readonly startMs?: number;
}

/** An effect to execute. */
export interface DrivenEffect {
  readonly key: InstanceKey;
  readonly number: number;
  readonly attempt: number;
  readonly effect: unknown;
}

/** Statistics of a driver: the accepted commands, and their events. */
export interface DriverTally {
  readonly accepted: ReadonlySet<string>;
  readonly emitted: ReadonlySet<string>;
  /** Messages that their receiver refused: they had no effect. */
  readonly messagesRefused: number;
}

interface StepOptions {
  readonly settles?: { readonly number: number; readonly attempt: number };
}

const defaultStartMs = 1_767_225_600_000;
const timersPerAdvanceMax = 100_000;
const messagesPerCallMax = 100_000;

export class MachineDriver {
  readonly #service: string;
  readonly #outside: ReadonlySet<string>;
  readonly #behaviours: Readonly<Record<string, number>>;
  readonly #tables: ReadonlyMap<string, MachineTable>;
  readonly #instances = new Map<string, DrivenInstance>();
  readonly #chance;
  readonly #messages: DrivenMessage[] = [];
  readonly #accepted = new Set<string>();
  readonly #emitted = new Set<string>();
  #messagesRefused = 0;
  #nowMs: number;

  constructor({
    machines,
    service,
    outside = [],
    behaviours = {},
    seed = 1,
    startMs = defaultStartMs,
  }: DriverOptions) {
    this.#behaviours = behaviours;
    for (const machine of machines) checkTable(machine);
    this.#service = service;
    this.#outside = new Set(outside);
    this.#tables = new Map(machines.map((machine) => [machine.kind, new MachineTable(machine)]));
    this.#chance = seededChance(seed);
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get tally(): DriverTally {
    return { accepted: this.#accepted, emitted: this.#emitted, messagesRefused: this.#messagesRefused };
  }

  /** Instances that have events. */
  get keys(): readonly InstanceKey[] {
    return [...this.#instances.values()].filter(({ history }) => history.length > 0).map(({ key }) => key);
  }

  /** Executes a command of a caller. */
  execute<Body, Reply>(
    key: InstanceKey,
    // biome-ignore lint/suspicious/noExplicitAny: the machine's own types do not matter to its caller
    command: Command<any, Body, Reply, any>,
    body: Body,
  ): Reply | Refusal {
    const instance = this.#instance(key);
    const known = instance.table.command(command.type);
    expect(known === command, key.kind, `expected command ${command.type} to be the one of the table`);
    // The table has exactly this command under the type.
    return this.#command(instance, known, body) as Reply | Refusal;
  }

  /** Executes a command by its type. */
  call(key: InstanceKey, type: string, body: unknown): unknown {
    const instance = this.#instance(key);
    return this.#command(instance, instance.table.command(type), body);
  }

  /** Answers a query. */
  // biome-ignore lint/suspicious/noExplicitAny: as in execute
  query<Body, Reply>(key: InstanceKey, query: Query<any, Body, Reply>, body: Body): Reply | Refusal {
    const instance = this.#instance(key);
    const location = `${instance.location}: query ${query.type}`;
    return query.answer(guarded(instance.state, location), frozen(body), { key, nowMs: this.#nowMs });
  }

  /** Messages under way, the oldest first. */
  get messages(): readonly DrivenMessage[] {
    return this.#messages;
  }

  /**
   * Delivers the oldest message of one of the channels with messages, and returns the answer. Channel 0 has the oldest
   * message of all. Undefined if nothing is under way.
   */
  deliver(channel = 0): unknown {
    const heads = new Map<string, DrivenMessage>();
    for (const message of this.#messages)
      heads.set(channelOf(message), heads.get(channelOf(message)) ?? message);
    const message = [...heads.values()][channel % heads.size];
    if (message === undefined) return undefined;
    this.#messages.splice(this.#messages.indexOf(message), 1);
    const instance = this.#instance(message.to);
    const command = instance.table.command(message.type);
    const answer = this.#command(instance, command, command.codec.decode(message.payload));
    if (isRefusal(answer)) this.#messagesRefused++;
    return answer;
  }

  /** Delivers until nothing is under way. */
  deliverAll(): void {
    for (let delivered = 0; this.#messages.length > 0; delivered++) {
      expect(delivered < messagesPerCallMax, this.#service, "messages cause messages without end");
      this.deliver();
    }
  }

  /** Effects to execute, of all instances. */
  get effects(): readonly DrivenEffect[] {
    return [...this.#instances.values()].flatMap(({ key, outstanding }) =>
      outstanding.effects.map((effect) => ({ key, ...effect })),
    );
  }

  /** Submits the result of an attempt. Ignored if it is not awaited. */
  settle<Body, Reply>(
    effect: Pick<DrivenEffect, "key" | "number" | "attempt">,
    // biome-ignore lint/suspicious/noExplicitAny: as in execute
    command: Command<any, Body, Reply, any>,
    body: Body,
  ): Reply | Refusal | "ignored" {
    return this.settleBy(effect, command.type, body) as Reply | Refusal | "ignored";
  }

  /** Submits a result by the command's type. */
  settleBy(
    { key, number, attempt }: Pick<DrivenEffect, "key" | "number" | "attempt">,
    type: string,
    body: unknown,
  ): unknown {
    const instance = this.#instance(key);
    if (!instance.outstanding.awaits(number, attempt)) return "ignored";
    return this.#command(instance, instance.table.command(type), body, { settles: { number, attempt } });
  }

  /** Advances time. Timers expire at their time, in order. */
  advance(ms: number): void {
    expect(ms >= 0, this.#service, `expected time to advance, got ${ms} ms`);
    const untilMs = this.#nowMs + ms;
    for (let fired = 0; ; fired++) {
      const next = this.#nextTimer();
      if (next === undefined || next.dueMs > untilMs) break;
      expect(fired < timersPerAdvanceMax, this.#service, "timers breed timers without time passing");
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      this.#expire(next.instance, next.number, next.dueMs);
    }
    this.#nowMs = untilMs;
  }

  /** Time of the next timer. Undefined if there is none. */
  get nextDueMs(): number | undefined {
    return this.#nextTimer()?.dueMs;
  }

  /** Adds an event to the journal, regardless of its writer: for tests that start with events of an older release. */
  // biome-ignore lint/suspicious/noExplicitAny: as in execute
  append<Body>(key: InstanceKey, event: MachineEvent<any, any, Body>, body: Body): void {
    this.#instance(key).fold(event, body);
  }

  /** Returns the state as plain JSON. */
  projection(key: InstanceKey): unknown {
    const { machine, state } = this.#instance(key);
    return machine.project(state);
  }

  /** Returns the state itself, for reading only. */
  state<State>(key: InstanceKey, machine: { readonly kind: string; create(key: InstanceKey): State }): State {
    expect(machine.kind === key.kind, textOf(key), `expected an instance of ${machine.kind}`);
    // An instance of a kind has the state that its machine creates.
    return this.#instance(key).state as State;
  }

  description(key: InstanceKey): Description {
    return this.#instance(key).description;
  }

  /** Returns the events so far in the form of a journal. */
  history(key: InstanceKey): readonly RecordedEvent[] {
    return this.#instance(key).history;
  }

  /** Reads every history from its beginning and compares. Each event was compared already, as it was folded. */
  checkReplay(): void {
    for (const instance of this.#instances.values()) {
      const { machine, location, outstanding } = instance;
      const replayed = instance.replayed();
      const projection = machine.project(instance.state);
      expectSame(
        machine.project(replayed.state),
        projection,
        location,
        "the whole history gives the live state",
      );
      expectSame(
        replayed.outstanding.all,
        outstanding.all,
        location,
        "the whole history leaves the same outstanding",
      );
    }
  }

  #instance({ namespace, kind, id }: InstanceKey): DrivenInstance {
    const key = { namespace, kind, id };
    const name = textOf(key);
    const known = this.#instances.get(name);
    if (known !== undefined) return known;
    const table = this.#tables.get(kind);
    if (table === undefined) throw new MachineViolation(`${name}: expected a kind that is driven here`);
    const instance = new DrivenInstance(key, table, () => this.#chance.random() < 0.25);
    this.#instances.set(name, instance);
    return instance;
  }

  #command(instance: DrivenInstance, command: AnyCommand, body: unknown, options: StepOptions = {}): unknown {
    const name = `${textOf(instance.key)}: command ${command.type}`;
    checkedBytes(command.codec, body, name);
    const step = new DrivenStep(this.#worldOf(instance), options.settles, name);
    const answer: unknown = command.decide(guarded(instance.state, name), frozen(body), step);
    const { changes } = step.close();
    if (isRefusal(answer)) {
      expect(changes === 0, name, "a refusal emits and sends nothing. Refuse before, or answer otherwise");
      return answer;
    }
    checkedBytes(command.reply, answer, `${name}: its reply`);
    this.#accepted.add(`${instance.machine.kind}.${command.type}`);
    return answer;
  }

  #expire(instance: DrivenInstance, number: number, dueMs: number): void {
    const name = `${textOf(instance.key)}: timer ${number}`;
    const { expire } = instance.machine;
    expect(expire !== undefined, name, "a machine that sets timers says what happens when they expire");
    const step = new DrivenStep(this.#worldOf(instance), undefined, name);
    expire(guarded(instance.state, name), number, step);
    step.close();
    const same = instance.outstanding.timers.find((timer) => timer.number === number);
    expect(
      same === undefined || same.dueMs !== dueMs,
      name,
      "a timer that came due is cleared or moved by an event, or it would come due again after every restart",
    );
  }

  #nextTimer(): { instance: DrivenInstance; number: number; dueMs: number } | undefined {
    let next: { instance: DrivenInstance; number: number; dueMs: number } | undefined;
    for (const instance of this.#instances.values()) {
      const first = instance.outstanding.timers[0];
      if (first !== undefined && (next === undefined || first.dueMs < next.dueMs))
        next = { instance, ...first };
    }
    return next;
  }

  #worldOf(instance: DrivenInstance): StepWorld {
    const { kind, behaviour } = instance.machine;
    return {
      instance,
      nowMs: this.#nowMs,
      behaviour: this.#behaviours[kind] ?? behaviour,
      random: () => this.#chance.random(),
      emitted: (event) => this.#emitted.add(`${instance.machine.kind}.${nameOf(event)}`),
      sent: (message) => this.#send(message),
    };
  }

  #send(message: DrivenMessage): void {
    const { to, from } = message;
    const name = `${textOf(from)}: message ${message.type}`;
    if (this.#outside.has(to.service)) return;
    expect(to.service === this.#service, name, `expected a receiver in ${this.#service}, got ${to.service}`);
    expect(to.namespace === from.namespace, name, `expected a receiver in the same namespace`);
    const table = this.#tables.get(to.kind);
    expect(table !== undefined, name, `expected a receiver of a kind that is driven here, got ${to.kind}`);
    table.command(message.type);
    this.#messages.push(message);
  }
}

function channelOf({ from, to }: DrivenMessage): string {
  return `${textOf(from)} to ${textOf(to)}`;
}
