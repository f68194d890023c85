/**
 * Machines in memory: their states, messages and timers, without a journal, a disk or a clock. It is the runtime as far
 * as a test of a definition sees it.
 *
 * 1. A step is a command, a message or a timer. Nothing happens within one but what its decider decides.
 * 2. Messages arrive in their order. What a step wants done is handed over when it is over.
 * 3. The result of an attempt that is not awaited never reaches a decider.
 */
import type { Cause } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import {
  type Chance,
  type Command,
  type InstanceAddress,
  type InstanceKey,
  isRefusal,
  type Machine,
  type MachineEvent,
  type MachineStep,
  type Message,
  type Query,
  type Refusal,
  type Timer,
  textOf,
  type WireCodec,
} from "@tutti/kernel";
import type { VirtualTime } from "@tutti/kernel/virtual";
import { WorkflowTestError } from "./fault.ts";

// biome-ignore lint/suspicious/noExplicitAny: a stage has machines of many kinds, each with its own state and effects
type AnyMachine = Machine<any, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
type AnyCommand<Body, Reply> = Command<any, Body, Reply, any>;
// biome-ignore lint/suspicious/noExplicitAny: as above
type AnyEvent<Body> = MachineEvent<any, any, Body>;

/** An event, as a journal has it. */
export interface StagedEvent {
  readonly type: string;
  readonly version: number;
  readonly payload: Uint8Array;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  readonly cause: Cause;
}

export interface StagedEffect {
  readonly key: InstanceKey;
  readonly number: number;
  readonly attempt: number;
  readonly effect: unknown;
}

/** The caller that does what machines want done. */
interface Doers {
  start(effect: StagedEffect): void;
  /** It is settled, or not needed any more. */
  withdraw(effect: StagedEffect): void;
}

export interface StageParts {
  readonly machines: readonly AnyMachine[];
  /** The service that hosts them: messages to others are refused. */
  readonly service: string;
  readonly time: VirtualTime;
  readonly chance: Pick<Chance, "random">;
  readonly doers: Doers;
  /** Whether timers run out by themselves. If not, they wait for `expire`. Default true. */
  readonly timersRun?: boolean;
}

interface Instance {
  readonly key: InstanceKey;
  readonly machine: AnyMachine;
  readonly state: unknown;
  readonly history: StagedEvent[];
  readonly effects: Map<number, StagedEffect>;
  readonly timers: Map<number, { readonly dueMs: number; readonly timer: Timer | undefined }>;
}

interface StepOptions {
  readonly settles?: MachineStep<unknown>["settles"];
  readonly cause?: Cause;
}

export const noCause: Cause = { actor: undefined, traceparent: "", decision: "", reason: "" };
const jobsMax = 10_000_000;

export class Stage {
  readonly #parts: StageParts;
  readonly #machines: ReadonlyMap<string, AnyMachine>;
  readonly #instances = new Map<string, Instance>();
  readonly #jobs: (() => void)[] = [];
  #isWorking = false;
  /** Events of all instances so far. */
  eventCount = 0;

  constructor(parts: StageParts) {
    this.#parts = parts;
    this.#machines = new Map(parts.machines.map((machine) => [machine.kind, machine]));
  }

  get nowMs(): number {
    return this.#parts.time.now();
  }

  /** Returns a command, as a caller or a result sends it. All of its effects have happened when this returns. */
  execute<Body, Reply>(
    key: InstanceKey,
    command: AnyCommand<Body, Reply>,
    body: Body,
    options: StepOptions = {},
  ): Reply | Refusal {
    const answer = this.#command(this.#instance(key), command, body, options);
    this.work();
    return answer;
  }

  /** Executes a command by its type, also one that only messages have. */
  call(key: InstanceKey, type: string, body: unknown): unknown {
    const instance = this.#instance(key);
    return this.execute(key, commandOf(instance.machine, type), body);
  }

  /** Returns the result of an attempt. Undefined when it is not awaited. */
  settle<Body, Reply>(
    { key, number, attempt }: Pick<StagedEffect, "key" | "number" | "attempt">,
    command: AnyCommand<Body, Reply>,
    body: Body,
    cause: Cause = noCause,
  ): Reply | Refusal | undefined {
    if (this.#instance(key).effects.get(number)?.attempt !== attempt) return undefined;
    return this.execute(key, command, body, { settles: { number, attempt }, cause });
  }

  // biome-ignore lint/suspicious/noExplicitAny: as in execute
  query<Body, Reply>(key: InstanceKey, query: Query<any, Body, Reply>, body: Body): Reply | Refusal {
    return query.answer(this.#instance(key).state, body, { key, nowMs: this.nowMs });
  }

  /** Runs the job after the current step. */
  defer(job: () => void): void {
    this.#jobs.push(job);
  }

  /** Runs all waiting steps, unless they are running. */
  work(): void {
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      for (let done = 0, job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
        if (done++ > jobsMax) throw new WorkflowTestError("expected an end, got letters that breed letters");
        job();
      }
    } finally {
      this.#isWorking = false;
    }
  }

  exists(key: InstanceKey): boolean {
    return (this.#instances.get(textOf(key))?.history.length ?? 0) > 0;
  }

  keys(kind: string): readonly InstanceKey[] {
    return [...this.#instances.values()]
      .filter(({ key, history }) => key.kind === kind && history.length > 0)
      .map(({ key }) => key);
  }

  /** Only to be looked at. */
  stateOf<State>(key: InstanceKey, machine: { create(key: InstanceKey): State }): State {
    const { machine: own, state } = this.#instance(key);
    if (own !== (machine as unknown)) throw new WorkflowTestError(`expected ${key.kind} to be its machine`);
    // An instance has the state that its machine creates.
    return state as State;
  }

  historyOf(key: InstanceKey): readonly StagedEvent[] {
    return this.#instance(key).history;
  }

  effectsOf(key: InstanceKey): readonly StagedEffect[] {
    return [...this.#instance(key).effects.values()];
  }

  timersOf(key: InstanceKey): readonly { readonly number: number; readonly dueMs: number }[] {
    return [...this.#instance(key).timers]
      .map(([number, { dueMs }]) => ({ number, dueMs }))
      .sort((a, b) => a.dueMs - b.dueMs);
  }

  hasTimers(kind: string): boolean {
    for (const { key, timers } of this.#instances.values())
      if (key.kind === kind && timers.size > 0) return true;
    return false;
  }

  /** Applies a recorded event without a decision. */
  fold(key: InstanceKey, { type, version, payload, timeMs, cause }: StagedEvent): void {
    const instance = this.#instance(key);
    const event = instance.machine.events.find((each) => each.type === type && each.version === version);
    if (event === undefined)
      throw new WorkflowTestError(`expected an event of ${key.kind}, got ${type} v${version}`);
    instance.history.push({ type, version, payload, timeMs, cause });
    event.evolve(instance.state, event.codec.decode(payload), this.#outstandingOf(instance));
  }

  /** A timer runs out. */
  expire(key: InstanceKey, number: number): void {
    const instance = this.#instance(key);
    instance.timers.get(number)?.timer?.cancel();
    instance.timers.delete(number);
    const { machine, state } = instance;
    machine.expire?.(state, number, this.#stepOf(instance, {}));
    this.work();
  }

  #instance({ namespace, kind, id }: InstanceKey): Instance {
    const key = { namespace, kind, id };
    const name = textOf(key);
    const known = this.#instances.get(name);
    if (known !== undefined) return known;
    const machine = this.#machines.get(kind);
    if (machine === undefined) throw new WorkflowTestError(`expected a kind of machine, got ${kind}`);
    const created: Instance = {
      ...{ key, machine, state: machine.create(key), history: [] },
      ...{ effects: new Map(), timers: new Map() },
    };
    this.#instances.set(name, created);
    return created;
  }

  #command<Body, Reply>(
    instance: Instance,
    command: AnyCommand<Body, Reply>,
    body: Body,
    options: StepOptions,
  ): Reply | Refusal {
    return command.decide(instance.state, body, this.#stepOf(instance, options));
  }

  #stepOf(instance: Instance, { settles, cause = noCause }: StepOptions): MachineStep<unknown> {
    const { chance } = this.#parts;
    const outstanding = this.#outstandingOf(instance);
    const { key, history } = instance;
    const { nowMs } = this;
    return {
      ...{ key, nowMs, cause, settles, behaviour: instance.machine.behaviour },
      get events() {
        return history.length;
      },
      random: () => chance.random(),
      emit: <Body>({ type, version, codec, evolve }: AnyEvent<Body>, body: Body) => {
        this.eventCount++;
        history.push({ type, version, payload: encoded(codec, body), timeMs: nowMs, cause });
        evolve(instance.state, body, outstanding);
      },
      send: (to, message, body) => this.#send(to, message, body, cause),
    };
  }

  #send<Body>(to: InstanceAddress, { type, codec }: Message<Body>, body: Body, cause: Cause): void {
    // Receivers outside of the test are ignored.
    if (to.service !== this.#parts.service || !this.#machines.has(to.kind)) return;
    const bytes = encoded(codec, body);
    this.defer(() => {
      const instance = this.#instance(to);
      const command = instance.machine.commands.find((each) => each.type === type);
      if (command === undefined)
        throw new WorkflowTestError(`expected ${to.kind} to know the letter ${type}`);
      // A refusal of a message goes nowhere.
      isRefusal(this.#command(instance, command, command.codec.decode(bytes), { cause }));
    });
  }

  #outstandingOf(instance: Instance) {
    const { key, effects, timers } = instance;
    const { doers, time, timersRun = true } = this.#parts;
    const drop = (number: number) => {
      timers.get(number)?.timer?.cancel();
      timers.delete(number);
    };
    const settled = (number: number) => {
      const before = effects.get(number);
      if (before === undefined) return;
      effects.delete(number);
      this.defer(() => doers.withdraw(before));
    };
    return {
      settled,
      effect: (number: number, attempt: number, effect: unknown) => {
        settled(number);
        const running = { key, number, attempt, effect };
        effects.set(number, running);
        this.defer(() => effects.get(number) === running && doers.start(running));
      },
      timer: (number: number, dueMs: number) => {
        drop(number);
        const expire = () => this.expire(key, number);
        const timer = timersRun ? time.after(Math.max(0, dueMs - time.now()), expire) : undefined;
        timers.set(number, { dueMs, timer });
      },
      cleared: drop,
    };
  }
}

function commandOf({ kind, commands }: AnyMachine, type: string): Command<unknown> {
  const command = commands.find((each) => each.type === type);
  if (command === undefined) throw new WorkflowTestError(`expected ${kind} to know the command ${type}`);
  return command;
}

function encoded<Body>(codec: WireCodec<Body>, body: Body): Uint8Array {
  const writer = new FlatWriter(256);
  codec.encode(body, writer);
  return writer.written().slice();
}
