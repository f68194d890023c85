/**
 * Insight as an agent: it starts runs of one task, and does these tasks, in a pool of its own.
 *
 * 1. It polls a namespace while there are tasks for it. A call wakes it, or the facts round that sees a queue.
 * 2. It does nothing for runs of other callers: its rights are those of the installation.
 * 3. A task is renewed with its progress, until it is over or not wanted. The next attempt continues there.
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
  type Principal,
  sleep,
  toErrorDetail,
} from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { insightErrors } from "./errors.ts";

export const insightPool = "insight";

/** In whose name runs are started, and their tasks are done. */
const principal: Principal = { kind: "service", id: "insight", roles: ["admin"] };
/** Runs of earlier versions have another. */
const ownIds = [principal.id, "insight-repairs"];

/** How a task does its work. */
export interface Work {
  readonly namespace: string;
  readonly runId: string;
  readonly input: unknown;
  /** What an attempt before kept. Empty for none. */
  readonly saved: string;
  readonly context: CallContext;
  /** Keeps how far it has come. */
  save(saved: string, fraction: number): void;
}

export interface InsightAgentParts {
  readonly foundation: Foundation;
  readonly polls: Pick<Client<typeof agentPollService>, "claimTasks" | "completeTasks" | "renewTasks">;
  readonly runs: Pick<Client<typeof runService>, "getRun" | "startRun">;
  readonly pools: Pick<Client<typeof poolService>, "createPool">;
  readonly agentId: string;
}

/** A capability of insight. */
interface Ability {
  readonly work: (work: Work) => Promise<unknown>;
  /** Whether runs that insight did not start itself are done as well. Default: none. */
  readonly isTrusted?: (run: Run, input: unknown, context: CallContext) => Promise<boolean>;
}

/** A run of one task of a capability. */
export interface TaskWanted {
  readonly capability: string;
  readonly title: string;
  readonly input: unknown;
  readonly labels: Readonly<Record<string, string>>;
}

const claimWaitMs = 30_000;
const renewEveryMs = 2_000;
const backoff = { firstMs: 500, maxMs: 30_000 };
const failuresMax = 10;

export class InsightAgent {
  readonly #parts: InsightAgentParts;
  readonly #stopping = new AbortController();
  /** Namespaces that are polled, and whether there was a call meanwhile. */
  readonly #polled = new Map<string, { isWanted: boolean }>();
  readonly #running = new Set<Promise<void>>();
  readonly #abilities = new Map<string, Ability>();

  constructor(parts: InsightAgentParts) {
    this.#parts = parts;
  }

  /** Called while the service is put together. */
  does(capability: string, ability: Ability): void {
    this.#abilities.set(capability, ability);
  }

  /** Starts a run. Returns whether it was there. */
  async startTask(
    { namespace, runId }: { readonly namespace: string; readonly runId: string },
    wanted: TaskWanted,
    { signal }: Pick<CallContext, "signal">,
  ): Promise<boolean> {
    await this.makePool(namespace, signal);
    const request = StartRunRequest.fromPartial({ namespace, runId });
    request.spec = specOf(wanted);
    const context = this.context(namespace, signal);
    const { existed } = await this.#parts.runs.startRun(request, { context });
    this.wake(namespace);
    return existed;
  }

  async makePool(namespace: string, signal: AbortSignal): Promise<void> {
    const pool = { pool: insightPool, description: "Tasks that insight does itself: repairs and reports" };
    const request = CreatePoolRequest.fromPartial({ namespace, pool });
    try {
      await this.#parts.pools.createPool(request, { context: this.context(namespace, signal) });
    } catch (thrown) {
      if (errorFromUnknown(thrown).status !== "ALREADY_EXISTS") throw thrown;
    }
  }

  /** Tasks that are not over are done again by the next process. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  /** There may be tasks. */
  wake(namespace: string): void {
    const polled = this.#polled.get(namespace);
    if (polled !== undefined) {
      polled.isWanted = true;
      return;
    }
    if (this.#stopping.signal.aborted) return;
    this.#polled.set(namespace, { isWanted: true });
    this.#keep(this.#poll(namespace).finally(() => this.#polled.delete(namespace)));
  }

  /** The context of calls in the name of insight. */
  context(namespace: string, signal: AbortSignal = this.#stopping.signal): CallContext {
    const { tracer, logger } = this.#parts.foundation;
    const trace = tracer.start({ name: "insight", kind: "internal" }).context;
    const deadlineMs = Number.POSITIVE_INFINITY;
    return { principal, namespace, deadlineMs, signal, trace, idempotencyKey: "", logger };
  }

  #keep(running: Promise<void>): void {
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  /** Until a claim finds nothing, and there was no call meanwhile. */
  async #poll(namespace: string): Promise<void> {
    const { foundation, polls } = this.#parts;
    const { signal } = this.#stopping;
    const capabilities = [...this.#abilities.keys()].map((name) => ({ name, version: "1.0.0" }));
    const request = ClaimTasksRequest.fromPartial({
      ...{ ...this.#place(namespace), count: 1, waitMs: claimWaitMs, kind: AgentKind.AGENT_KIND_FUNCTION },
      offering: { capabilities, slots: 4, description: "Repairs of incidents, and reports" },
    });
    for (let failures = 0; !signal.aborted && failures < failuresMax; ) {
      const polled = this.#polled.get(namespace);
      if (polled === undefined) return;
      polled.isWanted = false;
      try {
        const { tasks } = await polls.claimTasks(request, { context: this.context(namespace) });
        failures = 0;
        for (const task of tasks) this.#keep(this.#serve(namespace, task));
        if (tasks.length === 0 && !polled.isWanted) return;
      } catch (thrown) {
        if (signal.aborted) return;
        foundation.logger.debug("failed to claim tasks", { namespace, error: errorFromUnknown(thrown) });
        await sleep(foundation.timers, backoffMs(backoff, ++failures, foundation.chance), signal).catch(
          () => {},
        );
      }
    }
  }

  async #serve(namespace: string, task: ClaimedTask): Promise<void> {
    const { foundation } = this.#parts;
    const over = new AbortController();
    const stop = () => over.abort();
    this.#stopping.signal.addEventListener("abort", stop);
    let progress: { readonly saved: string; readonly fraction: number } = { saved: "", fraction: 0 };
    let isUnwanted = false;
    const renew = foundation.timers.every(renewEveryMs, () => {
      void this.#renew(namespace, task, progress).then((isWanted) => {
        isUnwanted ||= !isWanted;
        if (!isWanted) stop();
      });
    });
    try {
      const save = (saved: string, fraction: number) => {
        progress = { saved, fraction };
      };
      const context = this.context(namespace, over.signal);
      const output = await this.#done({ namespace, task, context, save });
      await this.#complete(namespace, task, { $case: "output", value: payloadOf(output ?? null) });
    } catch (thrown) {
      // At the end of the process the lease ends, and the task is done by the next one.
      if (this.#stopping.signal.aborted) return;
      const stopped = { $case: "stopped", value: { message: "The run was cancelled" } } as const;
      const failed = { $case: "failed", value: toErrorDetail(errorFromUnknown(thrown)) } as const;
      await this.#complete(namespace, task, isUnwanted ? stopped : failed);
    } finally {
      renew.cancel();
      this.#stopping.signal.removeEventListener("abort", stop);
    }
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
    const input = jsonIn(task.input);
    const isOurs =
      run !== undefined && taskId === taskOf(task.capability)
        ? isOwn(run) || (await ability?.isTrusted?.(run, input, more.context))
        : false;
    if (ability === undefined || isOurs !== true) throw insightErrors.runForeign({ runId });
    const saved = String(jsonIn(task.saved) ?? "");
    return ability.work({ namespace, runId, input, saved, ...more });
  }

  async #renew(
    namespace: string,
    { token }: ClaimedTask,
    { saved, fraction }: { saved: string; fraction: number },
  ) {
    const kept = saved === "" ? {} : { saved: payloadOf(saved) };
    const renewals = [{ token, fraction, ...kept }];
    const request = RenewTasksRequest.fromPartial({ ...this.#place(namespace), renewals });
    try {
      const { receipts } = await this.#parts.polls.renewTasks(request, { context: this.context(namespace) });
      return (receipts[0]?.leaseMs ?? 0) > 0;
    } catch {
      // The lease is long enough for the next time.
      return true;
    }
  }

  async #complete(namespace: string, { token }: ClaimedTask, outcome: Completion["outcome"]): Promise<void> {
    const completions = [{ token, outcome }];
    const request = CompleteTasksRequest.fromPartial({ ...this.#place(namespace), completions });
    try {
      await this.#parts.polls.completeTasks(request, { context: this.context(namespace) });
    } catch (thrown) {
      // The task is given out again, and doing it again changes nothing.
      this.#parts.foundation.logger.debug("a result was not taken", { error: errorFromUnknown(thrown) });
    }
  }

  #place(namespace: string) {
    return { namespace, pool: insightPool, agentId: this.#parts.agentId };
  }
}

/** Id of the one task of such a run: `repair` of `tutti.repair`. */
export function taskOf(capability: string): string {
  return capability.slice(capability.lastIndexOf(".") + 1);
}

export function specOf({ capability, title, input, labels }: TaskWanted): RunSpec {
  const task = { id: taskOf(capability), title, work: { $case: "capability", value: capability } } as const;
  const tasks = [{ ...task, input: payloadOf(`\${{ input }}`), retry: { maxAttempts: 5 } }];
  return RunSpec.fromPartial({
    what: { $case: "tasks", value: { tasks, input: payloadOf(input) } },
    ...{ pool: insightPool, labels: { ...labels } },
  });
}

/** Whether insight made it. */
export function isOfInsight({ createCause }: Pick<Run, "createCause">): boolean {
  const actor = createCause?.actor;
  return actor?.kind === ActorKind.ACTOR_KIND_SERVICE && ownIds.includes(actor.id);
}

/** Callers can add tasks to a run, and start children. Neither is what insight started. */
export function isOwn(run: Pick<Run, "createCause" | "parent">): boolean {
  return isOfInsight(run) && run.parent === undefined;
}

export function payloadOf(value: unknown) {
  const text = Buffer.from(JSON.stringify(value));
  return { body: { $case: "inline" as const, value: text }, mediaType: "application/json" };
}

export function jsonIn(payload: ClaimedTask["input"]): unknown {
  const body = payload?.body;
  if (body?.$case !== "inline" || body.value.length === 0) return undefined;
  return JSON.parse(Buffer.from(body.value).toString());
}
