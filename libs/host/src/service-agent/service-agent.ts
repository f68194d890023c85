/**
 * A service as an agent: it starts runs, and does their tasks in a separate pool.
 *
 * 1. It polls a namespace while there are tasks for it. A call wakes it, or a round of the service that finds a queue.
 * 2. It does no tasks of other callers' runs, because it has the rights of the installation.
 * 3. Tasks are renewed with their progress, those of a namespace together, until they are over or cancelled. The next
 *    attempt continues from the progress.
 */
import {
  AgentKind,
  type agentPollService,
  type ClaimedTask,
  ClaimTasksRequest,
  CompleteTasksRequest,
  type Completion,
  RenewTasksRequest,
} from "@tutti/contracts/agent/v1";
import { CreatePoolRequest, type poolService } from "@tutti/contracts/swarm/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import {
  GetRunRequest,
  type Run,
  RunSpec,
  type runService,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import {
  backoffMs,
  type CallContext,
  errorFromUnknown,
  type Foundation,
  jsonPayload,
  type Principal,
  sleep,
  type Timer,
  toErrorDetail,
} from "@tutti/kernel";
import type { Client } from "@tutti/mesh";

/** Properties that distinguish the agent of one service from others. */
export interface ServiceAgentRole {
  /** Its pool, and the id of the service that starts the runs and does their tasks. */
  readonly service: string;
  /** Ids in runs of earlier versions. */
  readonly formerIds?: readonly string[];
  /** Description of its pool, for people. */
  readonly poolDescription: string;
  /** Description of the agent, for people. */
  readonly description: string;
  /** Maximum number of simultaneous tasks in a namespace. */
  readonly slots: number;
  /** Maximum number of tasks per claim. */
  readonly claimMax: number;
  /** Returns the error of a task that is not of its own runs. */
  readonly runForeign: (runId: string) => Error;
  /** Whether polling of a namespace continues after an empty claim without a task in progress. Default: no. */
  readonly hasMore?: (namespace: string, context: CallContext) => Promise<boolean>;
}

/** Context of a task's work. */
export interface Work {
  readonly namespace: string;
  readonly runId: string;
  readonly run: Run;
  readonly taskId: string;
  readonly input: unknown;
  /** Progress of an earlier attempt. Empty if there is none. */
  readonly saved: string;
  readonly context: CallContext;
  /** Stores the progress. */
  save(saved: string, fraction: number): void;
}

export interface ServiceAgentParts {
  readonly foundation: Foundation;
  readonly polls: Pick<Client<typeof agentPollService>, "claimTasks" | "completeTasks" | "renewTasks">;
  readonly runs: Pick<Client<typeof runService>, "getRun" | "startRun">;
  readonly pools: Pick<Client<typeof poolService>, "createPool">;
  readonly agentId: string;
  readonly role: ServiceAgentRole;
}

/** A capability of the service. */
interface Ability {
  readonly work: (work: Work) => Promise<unknown>;
  /** Whether a task of a run belongs to this capability. Default: the first task of a run of `startTask`. */
  readonly isTask?: (taskId: string) => boolean;
  /** Whether runs that the service did not start itself are accepted too. Default: none. */
  readonly isTrusted?: (run: Run, input: unknown, context: CallContext) => Promise<boolean>;
}

export interface RunPlace {
  readonly namespace: string;
  readonly runId: string;
}

/** A run with one task of a capability. */
export interface TaskRequest {
  readonly capability: string;
  readonly title: string;
  readonly input: unknown;
  readonly labels: Readonly<Record<string, string>>;
}

const claimWaitMs = 30_000;
const renewEveryMs = 2_000;
const renewalsMax = 1_000;
const backoff = { firstMs: 500, maxMs: 30_000 };
const failuresMax = 10;

/** A task in progress. */
interface RunningTask {
  readonly token: string;
  readonly saved: () => string;
  readonly fraction: () => number;
  /** Called when the task was cancelled. */
  readonly cancel: () => void;
}

export class ServiceAgent {
  readonly #principal: Principal;
  readonly #parts: ServiceAgentParts;
  readonly #stopping = new AbortController();
  /** Namespaces that are polled, and whether there was a call meanwhile. */
  readonly #polled = new Map<string, { isRequested: boolean }>();
  readonly #running = new Set<Promise<void>>();
  /** Tasks in progress, by namespace. */
  readonly #runningTasks = new Map<string, Set<RunningTask>>();
  #renewing: Timer | undefined;
  readonly #abilities = new Map<string, Ability>();

  constructor(parts: ServiceAgentParts) {
    this.#parts = parts;
    this.#principal = { kind: "service", id: parts.role.service, roles: ["admin"] };
  }

  /** Registers a capability while the service is assembled. */
  register(capability: string, ability: Ability): void {
    this.#abilities.set(capability, ability);
  }

  /** Starts a run with one task. Returns whether it existed already. */
  async startTask(
    at: RunPlace,
    request: TaskRequest,
    context: Pick<CallContext, "signal">,
  ): Promise<boolean> {
    return (await this.startRun(at, this.specOf(request), context)).existed;
  }

  /** Starts a run with tasks for this agent. */
  async startRun({ namespace, runId }: RunPlace, spec: RunSpec, { signal }: Pick<CallContext, "signal">) {
    await this.createPool(namespace, signal);
    const request = StartRunRequest.fromPartial({ namespace, runId });
    request.spec = spec;
    const started = await this.#parts.runs.startRun(request, { context: this.context(namespace, signal) });
    this.wake(namespace);
    return started;
  }

  /** Returns the specification of a run with one task. */
  specOf({ capability, title, input, labels }: TaskRequest): RunSpec {
    const task = { id: taskOf(capability), title, work: { $case: "capability", value: capability } } as const;
    const tasks = [{ ...task, input: jsonPayload(`\${{ input }}`), retry: { maxAttempts: 5 } }];
    return RunSpec.fromPartial({
      what: { $case: "tasks", value: { tasks, input: jsonPayload(input) } },
      pool: this.#parts.role.service,
      labels: { ...labels },
    });
  }

  async createPool(namespace: string, signal: AbortSignal): Promise<void> {
    const { service, poolDescription } = this.#parts.role;
    const pool = { pool: service, description: poolDescription };
    const request = CreatePoolRequest.fromPartial({ namespace, pool });
    try {
      await this.#parts.pools.createPool(request, { context: this.context(namespace, signal) });
    } catch (thrown) {
      if (errorFromUnknown(thrown).status !== "ALREADY_EXISTS") throw thrown;
    }
  }

  /** Unfinished tasks are done again by the next process. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
    this.#renewing?.cancel();
  }

  /** Polls a namespace, because there may be tasks. */
  wake(namespace: string): void {
    const polled = this.#polled.get(namespace);
    if (polled !== undefined) {
      polled.isRequested = true;
      return;
    }
    if (this.#stopping.signal.aborted) return;
    this.#polled.set(namespace, { isRequested: true });
    this.#track(this.#poll(namespace));
  }

  /** Whether it is polling a namespace. */
  isPolling(namespace: string): boolean {
    return this.#polled.has(namespace);
  }

  /** Returns the context of calls by the service. */
  context(namespace: string, signal: AbortSignal = this.#stopping.signal): CallContext {
    const { tracer, logger } = this.#parts.foundation;
    const trace = tracer.start({ name: this.#parts.role.service, kind: "internal" }).context;
    const deadlineMs = Number.POSITIVE_INFINITY;
    return { principal: this.#principal, namespace, deadlineMs, signal, trace, idempotencyKey: "", logger };
  }

  #track(running: Promise<void>): void {
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  /** Polls until a claim finds nothing, there was no call meanwhile, and nothing more is expected. */
  async #poll(namespace: string): Promise<void> {
    const { foundation, polls, role } = this.#parts;
    const { signal } = this.#stopping;
    const capabilities = [...this.#abilities.keys()].map((name) => ({ name, version: "1.0.0" }));
    const request = ClaimTasksRequest.fromPartial({
      ...this.#place(namespace),
      count: role.claimMax,
      waitMs: claimWaitMs,
      kind: AgentKind.AGENT_KIND_FUNCTION,
      offering: { capabilities, slots: role.slots, description: role.description },
    });
    for (let failures = 0; !signal.aborted && failures < failuresMax; ) {
      const polled = this.#polled.get(namespace);
      if (polled === undefined) return;
      polled.isRequested = false;
      try {
        const { tasks } = await polls.claimTasks(request, { context: this.context(namespace) });
        // The leases of late claims expire, and the next process does those tasks.
        if (signal.aborted) break;
        failures = 0;
        for (const task of tasks) this.#track(this.#serve(namespace, task));
        if (tasks.length > 0 || polled.isRequested || (await this.#hasMore(namespace))) continue;
        // A call may have come during the claim.
        if (!polled.isRequested) break;
      } catch (thrown) {
        if (signal.aborted) break;
        foundation.logger.debug("failed to claim tasks", { namespace, error: errorFromUnknown(thrown) });
        await sleep(foundation.timers, backoffMs(backoff, ++failures, foundation.chance), signal).catch(
          () => {},
        );
      }
    }
    // Cleared before anything else runs: a call that comes a moment later starts another poll.
    this.#polled.delete(namespace);
  }

  async #hasMore(namespace: string): Promise<boolean> {
    if (this.#runningTasks.has(namespace)) return true;
    return (await this.#parts.role.hasMore?.(namespace, this.context(namespace))) ?? false;
  }

  async #serve(namespace: string, task: ClaimedTask): Promise<void> {
    const over = new AbortController();
    const stop = () => over.abort();
    this.#stopping.signal.addEventListener("abort", stop);
    let progress: { readonly saved: string; readonly fraction: number } = { saved: "", fraction: 0 };
    let isCancelled = false;
    const running: RunningTask = {
      token: task.token,
      saved: () => progress.saved,
      fraction: () => progress.fraction,
      cancel: () => {
        isCancelled = true;
        stop();
      },
    };
    this.#addTask(namespace, running);
    try {
      const save = (saved: string, fraction: number) => {
        progress = { saved, fraction };
      };
      const context = this.context(namespace, over.signal);
      const output = await this.#done({ namespace, task, context, save });
      await this.#complete(namespace, task, { $case: "output", value: jsonPayload(output ?? null) });
    } catch (thrown) {
      // At the end of the process the lease expires, and the next process does the task.
      if (this.#stopping.signal.aborted) return;
      const stopped = { $case: "stopped", value: { message: "The run was cancelled" } } as const;
      const failed = { $case: "failed", value: toErrorDetail(errorFromUnknown(thrown)) } as const;
      await this.#complete(namespace, task, isCancelled ? stopped : failed);
    } finally {
      this.#release(namespace, running);
      this.#stopping.signal.removeEventListener("abort", stop);
    }
  }

  #addTask(namespace: string, running: RunningTask): void {
    const all = this.#runningTasks.get(namespace) ?? new Set();
    this.#runningTasks.set(namespace, all.add(running));
    this.#renewing ??= this.#parts.foundation.timers.every(renewEveryMs, () => {
      for (const [each, some] of this.#runningTasks) void this.#renew(each, [...some]);
    });
  }

  #release(namespace: string, running: RunningTask): void {
    const all = this.#runningTasks.get(namespace);
    all?.delete(running);
    if (all?.size === 0) this.#runningTasks.delete(namespace);
    if (this.#runningTasks.size > 0) return;
    this.#renewing?.cancel();
    this.#renewing = undefined;
  }

  async #done({
    namespace,
    task,
    ...more
  }: Pick<Work, "namespace" | "context" | "save"> & { task: ClaimedTask }) {
    const { id: runId = "", task: taskId = "" } = task.work ?? {};
    const request = GetRunRequest.fromPartial({ namespace, runId });
    const { run } = await this.#parts.runs.getRun(request, { context: more.context });
    const ability = this.#abilities.get(task.capability);
    const isTask = ability?.isTask ?? ((id: string) => id === taskOf(task.capability));
    const input = jsonIn(task.input);
    const isOurs =
      run !== undefined && isTask(taskId)
        ? this.isOwn(run) || (await ability?.isTrusted?.(run, input, more.context))
        : false;
    if (ability === undefined || run === undefined || isOurs !== true)
      throw this.#parts.role.runForeign(runId);
    const saved = String(jsonIn(task.saved) ?? "");
    return ability.work({ namespace, runId, run, taskId, input, saved, ...more });
  }

  async #renew(namespace: string, running: readonly RunningTask[]): Promise<void> {
    for (let first = 0; first < running.length; first += renewalsMax) {
      const some = running.slice(first, first + renewalsMax);
      const renewals = some.map(({ token, saved, fraction }) => ({
        token,
        fraction: fraction(),
        ...(saved() !== "" && { saved: jsonPayload(saved()) }),
      }));
      const request = RenewTasksRequest.fromPartial({ ...this.#place(namespace), renewals });
      try {
        const context = this.context(namespace);
        const { receipts } = await this.#parts.polls.renewTasks(request, { context });
        for (const [at, { cancel }] of some.entries()) if (!((receipts[at]?.leaseMs ?? 0) > 0)) cancel();
      } catch {
        // The lease lasts until the next attempt.
      }
    }
  }

  async #complete(namespace: string, { token }: ClaimedTask, outcome: Completion["outcome"]): Promise<void> {
    const completions = [{ token, outcome }];
    const request = CompleteTasksRequest.fromPartial({ ...this.#place(namespace), completions });
    try {
      await this.#parts.polls.completeTasks(request, { context: this.context(namespace) });
    } catch (thrown) {
      // The task is assigned again, and repeating it changes nothing.
      this.#parts.foundation.logger.debug("a result was not accepted", { error: errorFromUnknown(thrown) });
    }
  }

  /** Returns whether the service created the run. */
  isCreated({ createCause }: Pick<Run, "createCause">): boolean {
    const { service, formerIds = [] } = this.#parts.role;
    const actor = createCause?.actor;
    const isKnown = actor?.id === service || formerIds.includes(actor?.id ?? "");
    return actor?.kind === ActorKind.ACTOR_KIND_SERVICE && isKnown;
  }

  /** Callers can add tasks to a run, and start children. The service started neither. */
  isOwn(run: Pick<Run, "createCause" | "parent">): boolean {
    return this.isCreated(run) && run.parent === undefined;
  }

  #place(namespace: string) {
    return { namespace, pool: this.#parts.role.service, agentId: this.#parts.agentId };
  }
}

/** Returns the id of the only task of such a run: `repair` of `tutti.repair`. */
export function taskOf(capability: string): string {
  return capability.slice(capability.lastIndexOf(".") + 1);
}

export function jsonIn(payload: ClaimedTask["input"]): unknown {
  const body = payload?.body;
  if (body?.$case !== "inline" || body.value.length === 0) return undefined;
  return JSON.parse(Buffer.from(body.value).toString());
}
