import type { runtimeService } from "@tutti/contracts/runtime/v1";
import { Pool, type poolService } from "@tutti/contracts/swarm/v1";
import type {
  bulkService,
  definitionService,
  runService,
  scheduleService,
  taskService,
} from "@tutti/contracts/workflow/v1";
import { toTimestamp } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { sdkErrors } from "../errors.ts";
import { storedAboveBytes } from "../link/blobs.ts";
import { date, type OptionNames, requireKnown, text } from "../options.ts";
import { BatchedStarts } from "./batched-starts.ts";
import type { Locks } from "./locks.ts";
import type { Missions } from "./missions/index.ts";
import type { Objects } from "./objects.ts";
import { RunHandle } from "./run.ts";
import { Approvals, Runs } from "./runs.ts";
import { Schedules } from "./schedule.ts";
import type { SessionHandle } from "./sessions/session.ts";
import type { Sessions } from "./sessions/sessions.ts";
import type { OtherSessionOptions, OutputsOf, SessionOptions, TaskSessionOptions } from "./sessions/spec.ts";
import { type ExactVersion, type SpecOptions, specNames, specOf } from "./spec.ts";
import type { Triggers } from "./triggers/index.ts";
import type { ClientPorts } from "./work/followed.ts";
import { namesOfStart, type StartNames } from "./work/start-names.ts";
import type { WorkTask } from "./work/task.ts";
import { Workflows } from "./workflows.ts";

export interface TuttiParts {
  readonly runs: Client<typeof runService>;
  readonly definitions: Client<typeof definitionService>;
  readonly pools: Client<typeof poolService>;
  readonly schedules: Client<typeof scheduleService>;
  readonly bulk: Client<typeof bulkService>;
  readonly tasks: Client<typeof taskService>;
  readonly histories: Client<typeof runtimeService>;
  readonly missions: Missions;
  readonly sessions: Sessions;
  readonly locks: Locks;
  readonly objects: Objects;
  readonly triggers: Triggers;
  readonly namespace: string;
  readonly ports: ClientPorts;
  readonly close: () => Promise<void>;
}

export interface StartOptions extends SpecOptions {
  /** Id, chosen by the caller: a second start with the same id returns the same run. Default: a new id. */
  readonly id?: string;
  /** Start time. Default: now. */
  readonly startTime?: Date;
  /** A repeated start with the same key is the same run. An `id` has the same effect. */
  readonly idempotencyKey?: string;
}

const startNames: OptionNames<StartOptions> = {
  ...specNames,
  id: text,
  startTime: date,
  idempotencyKey: text,
};

/** A workflow that the builder made. */
export interface WorkflowToRun {
  readonly workflow: string;
}

interface PoolOptions {
  readonly description?: string;
}

const poolNames: OptionNames<PoolOptions> = { description: text };

type ResultOf<Task extends WorkTask, Expression> = Expression extends string ? unknown : OutputsOf<Task>;

interface ExactStart {
  /** Without them, those of the options. */
  readonly names?: StartNames;
  /** Without it, the latest. */
  readonly version?: ExactVersion;
}

export class Tutti implements AsyncDisposable {
  readonly namespace: string;
  /** Finds runs, and changes many in one action. */
  readonly runs: Runs;
  /** Registers and reads definitions. */
  readonly workflows: Workflows;
  /** Follow questions to people. */
  readonly approvals: Approvals;
  /** Start runs at given times. */
  readonly schedules: Schedules;
  /** Make pools for workers. */
  readonly pools: Pools;
  /** Missions: a shared set of tasks that agents complete together. */
  readonly missions: Missions;
  /** Sessions: Tutti chooses the mode of execution, and explains the choice. */
  readonly sessions: Sessions;
  /** Exclusive locks and semaphores. */
  readonly locks: Locks;
  /** Keyed objects: `objects.of(cart, "ann").add("book")`. */
  readonly objects: Objects;
  /** Start runs of events. Posts events. */
  readonly triggers: Triggers;
  readonly #parts: TuttiParts;
  readonly #batched: BatchedStarts;

  constructor(parts: TuttiParts) {
    this.namespace = parts.namespace;
    this.runs = new Runs(parts);
    this.workflows = new Workflows(parts);
    this.approvals = new Approvals(parts);
    this.schedules = new Schedules(parts);
    this.pools = new Pools(parts);
    this.missions = parts.missions;
    this.sessions = parts.sessions;
    this.locks = parts.locks;
    this.objects = parts.objects;
    this.triggers = parts.triggers;
    this.#parts = parts;
    this.#batched = new BatchedStarts(parts);
  }

  /**
   * Starts a workflow by its name, a workflow of the builder, which is registered first, or a session. When the
   * promise resolves, the start is durable.
   */
  run(workflow: string | WorkflowToRun, options?: StartOptions): Promise<RunHandle>;
  run<const Task extends WorkTask, const Expression extends string | undefined = undefined>(
    session: TaskSessionOptions<Task, Expression>,
  ): Promise<SessionHandle<ResultOf<Task, Expression>>>;
  run(session: OtherSessionOptions): Promise<SessionHandle>;
  async run(
    target: string | WorkflowToRun | SessionOptions,
    options: StartOptions = {},
  ): Promise<RunHandle | SessionHandle> {
    if (typeof target === "string")
      return await this.#batched.counted(() => this.#startNamed(target, options));
    if ("workflow" in target) {
      const { name, hash } = await this.workflows.register(target);
      return await this.#start(name, options, { version: { $case: "hash", value: hash } });
    }
    return "tasks" in target ? await this.sessions.start(target) : await this.sessions.start(target);
  }

  /** Starts a run by a call, or together with others that start at the same time. */
  async #startNamed(definition: string, options: StartOptions): Promise<RunHandle> {
    requireKnown("run", options, startNames);
    const names = namesOfStart("run", options, this.#parts.ports.ids);
    if (this.#isBatched(options, ["input", "id"])) {
      const { id, isNew } = names;
      const receipt = await this.#batched.receiptOf({ definition, id, input: options.input });
      if (receipt !== undefined) return new RunHandle(this.#parts, id, receipt.existed && !isNew);
    }
    return await this.#start(definition, options, { names });
  }

  /** Whether a start can travel with others. The names are those of the options that it may have. */
  #isBatched(options: StartOptions, names: readonly string[]): boolean {
    if (!this.#batched.isWorthwhile) return false;
    return Object.entries(options).every(([name, value]) => names.includes(name) || value === undefined);
  }

  async #start(
    definition: string,
    options: StartOptions,
    { names, version }: ExactStart,
  ): Promise<RunHandle> {
    requireKnown("run", options, startNames);
    const { startTime } = options;
    const { id, idempotencyKey, isNew } = names ?? namesOfStart("run", options, this.#parts.ports.ids);
    const spec = specOf(definition, options, version);
    spec.input = await this.#parts.ports.contents.stored(spec.input, storedAboveBytes);
    const { run, existed } = await this.#parts.runs.startRun({
      namespace: this.namespace,
      runId: id,
      idempotencyKey,
      spec,
      startTime: startTime && toTimestamp(startTime.getTime()),
      parent: undefined,
      root: undefined,
      parentClosePolicy: 0,
      waitMs: 0,
    });
    if (run === undefined) throw sdkErrors.replyIncomplete({ about: `a run of ${definition}` });
    return new RunHandle(this.#parts, run.runId, existed && !isNew);
  }

  /** Starts what `run` starts, and waits for the output. */
  execute<Output = unknown>(workflow: string | WorkflowToRun, options?: StartOptions): Promise<Output>;
  execute<const Task extends WorkTask, const Expression extends string | undefined = undefined>(
    session: TaskSessionOptions<Task, Expression>,
  ): Promise<ResultOf<Task, Expression>>;
  execute<Output = unknown>(session: OtherSessionOptions): Promise<Output>;
  async execute(
    target: string | WorkflowToRun | SessionOptions,
    options: StartOptions = {},
  ): Promise<unknown> {
    if (typeof target === "string") return await this.#batched.counted(() => this.#execute(target, options));
    if ("workflow" in target) return await (await this.run(target, options)).result();
    return await ("tasks" in target ? await this.run(target) : await this.run(target)).result();
  }

  async #execute(definition: string, options: StartOptions): Promise<unknown> {
    if (!this.#isBatched(options, ["input"]))
      return await (await this.#start(definition, options, {})).result();
    const { input } = options;
    const id = this.#parts.ports.ids.newId("run");
    const outcome = await this.#batched.outcomeOf({ definition, id, input });
    const run =
      outcome === undefined
        ? await this.#start(definition, { input, id }, {})
        : new RunHandle(this.#parts, id, false, outcome);
    return await run.result();
  }

  /** Ends the connections. */
  close(): Promise<void> {
    return this.#parts.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class Pools {
  readonly #parts: Pick<TuttiParts, "pools" | "namespace">;

  constructor(parts: Pick<TuttiParts, "pools" | "namespace">) {
    this.#parts = parts;
  }

  /** Creates a pool, before workers join it. Repeating the call returns the same pool. */
  async create(name: string, options: PoolOptions = {}): Promise<Pool> {
    requireKnown("pool", options, poolNames);
    const pool = Pool.fromPartial({ ...options, pool: name });
    const reply = await this.#parts.pools.createPool({ namespace: this.#parts.namespace, pool });
    if (reply.pool === undefined) throw sdkErrors.replyIncomplete({ about: `pool ${name}` });
    return reply.pool;
  }
}
