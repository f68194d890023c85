/** An installation, as a program uses it: register definitions, start runs, find them again. */
import type { PlanReply } from "@tutti/contracts/intelligence/v1";
import type { runtimeService } from "@tutti/contracts/runtime/v1";
import { Pool, type poolService } from "@tutti/contracts/swarm/v1";
import { type Approval, ApprovalFilter, LabelSelector, type WorkStatus } from "@tutti/contracts/types/v1";
import {
  type bulkService,
  type Definition,
  type definitionService,
  type Graph,
  type Run,
  RunFilter,
  type runService,
  type Schedule,
  SourceFormat,
  type scheduleService,
  type taskService,
} from "@tutti/contracts/workflow/v1";
import { toTimestamp } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { sdkErrors } from "../errors.ts";
import { storedAboveBytes } from "../link/blobs.ts";
import { type OptionNames, requireKnown } from "../options.ts";
import { type BulkPreview, type BulkWord, type MoveManyOptions, previewBulk } from "./bulk.ts";
import type { Locks } from "./locks.ts";
import type { Missions } from "./missions/index.ts";
import type { Objects } from "./objects.ts";
import { payloadOf } from "./payloads.ts";
import { RunHandle } from "./run.ts";
import { listSchedules, makeSchedule, ScheduleHandle, type ScheduleOptions } from "./schedule.ts";
import type { SessionHandle } from "./sessions/session.ts";
import type { Sessions } from "./sessions/sessions.ts";
import type { OtherSessionOptions, OutputsOf, SessionOptions, TaskSessionOptions } from "./sessions/spec.ts";
import { type ExactVersion, type SpecOptions, specNames, specOf } from "./spec.ts";
import type { Triggers } from "./triggers/index.ts";
import type { ClientPorts } from "./work/followed.ts";
import type { WorkTask } from "./work/task.ts";
import { pagesOfLines } from "./work/telling.ts";

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
  /** Chosen by the caller: started again under the same id it is the same run. Made again unless given. */
  readonly id?: string;
  /** When it starts. At once unless given. */
  readonly startTime?: Date;
  /** Started again under the same key it is the same run. An id does that too. */
  readonly idempotencyKey?: string;
}

const startNames: OptionNames<StartOptions> = {
  ...specNames,
  id: true,
  startTime: true,
  idempotencyKey: true,
};

export interface ApprovalOptions {
  /** Only those of this run. */
  readonly runId?: string;
  /** Ends the watching when aborted. */
  readonly signal?: AbortSignal;
}

export interface GraphOptions {
  /** The version, by its label. `latest` unless given. */
  readonly version?: string;
  /** To reckon with, where the shape depends on it. */
  readonly input?: unknown;
}

export interface FindOptions {
  readonly definition?: string;
  readonly statuses?: readonly WorkStatus[];
  /** Labels that must have exactly these values. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Code of the error that they failed with. */
  readonly errorCode?: string;
  readonly oldestFirst?: boolean;
}

/** A workflow that the builder made. */
export interface WorkflowToRun {
  readonly workflow: string;
}

type ResultOf<Task extends WorkTask, Expression> = Expression extends string ? unknown : OutputsOf<Task>;

export class Tutti implements AsyncDisposable {
  readonly namespace: string;
  /** Goals and shared sets of tasks that agents work off together. */
  readonly missions: Missions;
  /** Tasks and intent: Tutti chooses how they are done, and says why. */
  readonly sessions: Sessions;
  /** What only one may do at a time, or only so many. */
  readonly locks: Locks;
  /** Keyed objects: `objects.of(cart, "ann").add("book")`. */
  readonly objects: Objects;
  /** Start runs of events. Posts events. */
  readonly triggers: Triggers;
  readonly #parts: TuttiParts;

  constructor(parts: TuttiParts) {
    this.namespace = parts.namespace;
    this.missions = parts.missions;
    this.sessions = parts.sessions;
    this.locks = parts.locks;
    this.objects = parts.objects;
    this.triggers = parts.triggers;
    this.#parts = parts;
  }

  /**
   * Starts a workflow by its name, a workflow of the builder, which is registered first, or a session. What is resolved
   * is durable.
   */
  run(workflow: string | WorkflowToRun, options?: StartOptions): Promise<RunHandle>;
  run<const Task extends WorkTask, const Expression extends string | undefined = undefined>(
    session: TaskSessionOptions<Task, Expression>,
  ): Promise<SessionHandle<ResultOf<Task, Expression>>>;
  run(session: OtherSessionOptions): Promise<SessionHandle>;
  async run(
    what: string | WorkflowToRun | SessionOptions,
    options: StartOptions = {},
  ): Promise<RunHandle | SessionHandle> {
    if (typeof what === "string") return await this.start(what, options);
    if ("workflow" in what) {
      const { name, hash } = await this.register(what);
      return await this.#start(name, options, { $case: "hash", value: hash });
    }
    return "tasks" in what ? await this.sessions.start(what) : await this.sessions.start(what);
  }

  /** Starts a workflow by its name, as `run` does. */
  start(definition: string, options: StartOptions = {}): Promise<RunHandle> {
    return this.#start(definition, options);
  }

  async #start(definition: string, options: StartOptions, version?: ExactVersion): Promise<RunHandle> {
    requireKnown("run", options, startNames);
    const { id = "", startTime } = options;
    const spec = specOf(definition, options, version);
    spec.input = await this.#parts.ports.contents.stored(spec.input, storedAboveBytes);
    const { run, existed } = await this.#parts.runs.startRun({
      namespace: this.namespace,
      runId: id,
      idempotencyKey: options.idempotencyKey ?? "",
      spec,
      startTime: startTime && toTimestamp(startTime.getTime()),
      parent: undefined,
      parentClosePolicy: 0,
      waitMs: 0,
    });
    if (run === undefined) throw sdkErrors.replyIncomplete({ about: `a run of ${definition}` });
    return new RunHandle(this.#parts, run.runId, existed);
  }

  /** Starts what `run` starts, and waits for the output. */
  execute<Output = unknown>(workflow: string | WorkflowToRun, options?: StartOptions): Promise<Output>;
  execute<const Task extends WorkTask, const Expression extends string | undefined = undefined>(
    session: TaskSessionOptions<Task, Expression>,
  ): Promise<ResultOf<Task, Expression>>;
  execute<Output = unknown>(session: OtherSessionOptions): Promise<Output>;
  async execute(what: string | WorkflowToRun | SessionOptions, options: StartOptions = {}): Promise<unknown> {
    const isWorkflow = typeof what === "string" || "workflow" in what;
    if (isWorkflow) return await (await this.run(what, options)).result();
    return await ("tasks" in what ? await this.run(what) : await this.run(what)).result();
  }

  /** How a session would be done if it were started now. Nothing is started. */
  plan<const Task extends WorkTask>(
    session: TaskSessionOptions<Task> | OtherSessionOptions,
    options?: Parameters<Sessions["plan"]>[1],
  ): Promise<PlanReply> {
    return this.sessions.plan(session, options);
  }

  /** Returns the run of a workflow by its id. No call is made. `sessions.get` does the same for sessions. */
  get(id: string): RunHandle {
    return new RunHandle(this.#parts, id);
  }

  /** Starts runs of a definition at given times. The same again is the same schedule. */
  schedule(id: string, definition: string, options: ScheduleOptions): Promise<ScheduleHandle> {
    return makeSchedule(this.#parts, id, definition, options);
  }

  /** Returns a schedule that is known by its id. Nothing is asked yet. */
  scheduled(id: string): ScheduleHandle {
    return new ScheduleHandle(this.#parts, id);
  }

  /** Schedules, of a definition or of all. Without a value, both paused and active ones. */
  schedules(
    options: { readonly definition?: string; readonly paused?: boolean } = {},
  ): AsyncGenerator<Schedule, void, void> {
    return listSchedules(this.#parts, options);
  }

  /**
   * Questions to people: first those that are open, then every one that comes or changes, until the signal. What was
   * decided comes once more, with its verdict.
   */
  async *approvals({ runId = "", signal }: ApprovalOptions = {}): AsyncGenerator<Approval, void, void> {
    const filter = ApprovalFilter.fromPartial({ workId: runId });
    const request = { namespace: this.namespace, filter, cursor: "" };
    for await (const { approvals } of this.#parts.tasks.watchApprovals(request, { signal })) yield* approvals;
  }

  /** How a definition hangs together before it runs: tasks, levels, the critical path, how many run at once. */
  async graph(definition: string, { version, input }: GraphOptions = {}): Promise<Graph> {
    const label = version === undefined ? undefined : { $case: "label" as const, value: version };
    const { graph } = await this.#parts.definitions.getGraph({
      namespace: this.namespace,
      subject: { $case: "definition", value: { name: definition, version: label } },
      input: payloadOf(input, "input"),
    });
    if (graph === undefined) throw sdkErrors.replyIncomplete({ about: `the graph of ${definition}` });
    return graph;
  }

  /**
   * The versions of a definition, newest first, each with how many runs on it have not ended (`liveCount`), as far as
   * the index knows. Or only those that still have some.
   */
  async *versions(
    definition: string,
    { liveOnly = false }: { readonly liveOnly?: boolean } = {},
  ): AsyncGenerator<Definition, void, void> {
    let token = "";
    do {
      const request = { namespace: this.namespace, name: definition, liveOnly, page: { size: 0, token } };
      const { versions, page } = await this.#parts.definitions.listDefinitionVersions(request);
      yield* versions;
      token = page?.nextToken ?? "";
    } while (token !== "");
  }

  /** Makes a pool, before workers join it. The same again gives the one that is there. */
  async createPool(name: string, options: { readonly description?: string } = {}): Promise<Pool> {
    const pool = Pool.fromPartial({ ...options, pool: name });
    const reply = await this.#parts.pools.createPool({ namespace: this.namespace, pool });
    if (reply.pool === undefined) throw sdkErrors.replyIncomplete({ about: `pool ${name}` });
    return reply.pool;
  }

  /** Runs that match, newest first, fetched page by page as they are looked at. */
  list(options: FindOptions = {}): AsyncGenerator<Run, void, void> {
    const { oldestFirst = false } = options;
    const filter = filterOf(options);
    const { namespace } = this;
    return pagesOfLines(async (page) => {
      const reply = await this.#parts.runs.listRuns({ namespace, filter, oldestFirst, page });
      return { items: reply.runs, token: reply.page?.nextToken };
    });
  }

  /** What would be done to all runs that match. `apply` does it. */
  preview(
    action: BulkWord | { readonly move: MoveManyOptions },
    options: Omit<FindOptions, "oldestFirst"> = {},
  ): Promise<BulkPreview> {
    return previewBulk(this.#parts, typeof action === "string" ? action : action.move, filterOf(options));
  }

  /** Registers a definition: YAML or JSON as text, or an object. The same content again is the same version. */
  async register(
    source: string | object,
    { fileName = "" }: { readonly fileName?: string } = {},
  ): Promise<Definition> {
    const isText = typeof source === "string";
    const text = isText ? source : JSON.stringify(source);
    const isJson = !isText || source.trimStart().startsWith("{");
    const format = isJson ? SourceFormat.SOURCE_FORMAT_JSON : SourceFormat.SOURCE_FORMAT_YAML;
    const { definition } = await this.#parts.definitions.registerDefinition({
      namespace: this.namespace,
      source: { format, text, fileName },
      versionLabels: [],
      keepLatest: false,
    });
    if (definition === undefined) throw sdkErrors.replyIncomplete({ about: "a definition" });
    return definition;
  }

  /** Ends the connections. */
  close(): Promise<void> {
    return this.#parts.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function filterOf({ definition, statuses = [], labels, errorCode = "" }: FindOptions): RunFilter {
  return RunFilter.fromPartial({
    definitions: definition === undefined ? [] : [definition],
    statuses: [...statuses],
    errorCode,
    ...(labels !== undefined && { labels: LabelSelector.fromPartial({ equals: { ...labels } }) }),
  });
}
