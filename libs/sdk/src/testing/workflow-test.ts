/** A definition in a unit test: with handlers that the test gives, and time that passes when nothing else does. */

import type { EmittedEvent } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { type Logger, silentLogger } from "@tutti/kernel";
import { type AmountsOptions, amountsOf } from "../client/work/task.ts";
import type { HandlerCall } from "./crew.ts";
import { type DefinitionInput, TestDefinitions } from "./definitions.ts";
import { collectHandlers, type HandlersInput } from "./handlers.ts";
import type { RunHistory } from "./history.ts";
import type { PostOptions } from "./posted-events.ts";
import { TestRun } from "./run.ts";
import type { TestScheduleOptions } from "./schedules.ts";
import { TestSchedule } from "./test-schedule.ts";
import { type Duration, durationMs } from "./waiting.ts";
import { World } from "./world.ts";

export interface WorkflowTestOptions {
  /**
   * What does the tasks: by capability, or the function that gives a worker its handlers. Of a list, later ones take
   * the place of earlier ones. A definition without such tasks needs none.
   */
  readonly handlers?: HandlersInput | readonly HandlersInput[];
  /** Definitions that its tasks start. */
  readonly children?: readonly DefinitionInput[];
  /** Start of virtual time. Default: 2026-01-01T00:00:00Z. */
  readonly startTime?: Date | string;
  /** Seed of the jitter. The same seed gives the same test. Default: 1. */
  readonly seed?: number;
  readonly namespace?: string;
  /**
   * How long a handler may be running in real time before virtual time continues without it, milliseconds. Default
   * 1,000. Handlers that wait for time say so by `sleep`, and cost none.
   */
  readonly patienceMs?: number;
  /** Destination of handlers' log lines. Default: none. */
  readonly logger?: Logger;
}

export interface TestStartOptions<Input> {
  readonly input?: Input;
  /** Default `run-1`, `run-2`, … */
  readonly id?: string;
  /** Of a template. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly priority?: number;
  /** How long it may take. */
  readonly timeout?: Duration;
  /** Starts so much later. */
  readonly delay?: Duration;
  /** What it may use up, its children included. */
  readonly budget?: AmountsOptions;
}

const defaultStartTime = "2026-01-01T00:00:00Z";
const defaultPatienceMs = 1_000;

export class WorkflowTest<Input = unknown, Output = unknown> {
  readonly #world: World;
  readonly #definitions: TestDefinitions;
  #started = 0;

  constructor(definition: DefinitionInput, options: WorkflowTestOptions = {}) {
    const { handlers = [], children = [], startTime = defaultStartTime, seed = 1 } = options;
    this.#definitions = new TestDefinitions(definition, children);
    this.#world = new World({
      definitions: this.#definitions,
      handlers: collectHandlers(isList(handlers) ? handlers : [handlers]),
      namespace: options.namespace ?? "default",
      startMs: new Date(startTime).getTime(),
      seed,
      patienceMs: options.patienceMs ?? defaultPatienceMs,
      logger: options.logger ?? silentLogger,
    });
  }

  /** Current virtual time. */
  get now(): Date {
    return new Date(this.#world.time.now());
  }

  /** Starts a run. What handlers do without waiting for anything has happened when it resolves. */
  async start(options: TestStartOptions<Input> = {}): Promise<TestRun<Output>> {
    const { id = `run-${++this.#started}`, timeout, delay, labels, priority, parameters, budget } = options;
    this.#world.startRun({
      ...{ id, definition: this.#definitions.name, input: options.input },
      parameters: parameters as Json | undefined,
      ...(labels !== undefined && { labels }),
      ...(priority !== undefined && { priority }),
      ...(timeout !== undefined && { timeoutMs: durationMs(timeout) }),
      ...(budget !== undefined && { budget: amountsOf(budget) }),
      ...(delay !== undefined && { startMs: this.#world.time.now() + durationMs(delay) }),
    });
    await this.#world.time.flush();
    return this.#runOf(id);
  }

  /** Starts a run and gives its output. */
  async execute(options: TestStartOptions<Input> = {}): Promise<Output> {
    const run = await this.start(options);
    return run.result();
  }

  /** Posts an event: every task that waits for one like it takes it. */
  async post(type: string, data?: unknown, options: PostOptions = {}): Promise<void> {
    this.#world.posted.post(type, data, options);
    await this.#world.time.flush();
  }

  /** Events that tasks and durable functions have emitted, in their order. */
  get emitted(): readonly EmittedEvent[] {
    return this.#world.posted.emitted;
  }

  /** Starts runs of the definition at given times. */
  schedule(id: string, options: TestScheduleOptions): TestSchedule<Output> {
    this.#world.schedules.create(id, this.#definitions.name, options);
    return new TestSchedule<Output>(this.#world, id, (run) => this.#runOf(run));
  }

  /** Returns a run by its id, such as that of a child. */
  run<RunOutput = unknown>(id: string): TestRun<RunOutput> {
    return new TestRun(this.#world, id, (each) => this.#historyOf(each));
  }

  /** Calls of handlers, of all or for one capability, in their order. */
  calls(capability?: string): readonly HandlerCall[] {
    const { calls } = this.#world.crew;
    return capability === undefined ? [...calls] : calls.filter((call) => call.capability === capability);
  }

  #runOf(id: string): TestRun<Output> {
    return new TestRun<Output>(this.#world, id, (each) => this.#historyOf(each));
  }

  #historyOf(id: string): RunHistory {
    const key = this.#world.keyOf(id);
    const events = this.#world.stage.historyOf(key).map(({ type, version, payload }) => ({
      ...{ type, version },
      payload: Buffer.from(payload).toString("base64"),
    }));
    const { order } = this.#world.stage.stateOf(key, this.#world.machine);
    const definition = this.#definitions.source(order?.definition ?? "");
    return { key, events, ...(definition !== undefined && { definition }) };
  }
}

/**
 * Tries a definition, YAML or JSON as text, a document, or what the builder gives, with handlers of the test. There is no
 * server, no disk and no real time.
 */
export function testWorkflow<Input = unknown, Output = unknown>(
  definition: DefinitionInput,
  options: WorkflowTestOptions = {},
): WorkflowTest<Input, Output> {
  return new WorkflowTest<Input, Output>(definition, options);
}

function isList(handlers: HandlersInput | readonly HandlersInput[]): handlers is readonly HandlersInput[] {
  return Array.isArray(handlers);
}
