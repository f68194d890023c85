/**
 * An inbox as an agent of its pool: it claims tasks while it has free slots, has people do them, and completes them.
 *
 * 1. A claimed task is renewed until people have decided, or until it is not wanted: then its run is cancelled.
 * 2. What fails on the way is tried again. Only an answer of people, or a mistake in the task, ends an attempt.
 * 3. When the pool leaves, or this process ends, the runs stay. The next owner of the pool continues with them.
 */
import { AgentKind, type ClaimedTask, type Completion, type RenewalReceipt } from "@tutti/contracts/agent/v1";
import type { Inbox } from "@tutti/contracts/swarm/v1";
import type { Outcome } from "@tutti/contracts/types/v1";
import {
  backoffMs,
  type Chance,
  errorFromUnknown,
  type Logger,
  type ReadOnly,
  sleep,
  type Timer,
  type Timers,
  type TuttiError,
  toErrorDetail,
} from "@tutti/kernel";
import type { AgentPolls } from "../polls/agent-polls.ts";
import { type InboxRuns, inboxPrincipal } from "./inbox-runs.ts";

export interface InboxAgentParts {
  readonly polls: Pick<AgentPolls, "claim" | "complete" | "renew" | "leave">;
  readonly runs: InboxRuns;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly namespace: string;
  readonly pool: string;
}

/** A task that people do. */
interface OpenTask {
  readonly task: ClaimedTask;
  readonly over: AbortController;
  /** Empty until it is started. */
  runId: string;
}

const slotsDefault = 100;
const claimWaitMs = 60_000;
const leaseMs = 60_000;
const renewEveryMs = 2_000;
const backoff = { firstMs: 200, maxMs: 30_000 };
const principal = inboxPrincipal;

export class InboxAgent {
  readonly #parts: InboxAgentParts;
  readonly #tasks = new Map<string, OpenTask>();
  readonly #stopped = new AbortController();
  #inbox: ReadOnly<Inbox>;
  /** Ends the wait for tasks: slots are free, or the inbox offers something else. */
  #waiting = new AbortController();
  #renewing: Timer | undefined;

  constructor(parts: InboxAgentParts, inbox: ReadOnly<Inbox>) {
    this.#parts = parts;
    this.#inbox = inbox;
  }

  get openTasks(): number {
    return this.#tasks.size;
  }

  start(): void {
    void this.#claimTasks();
  }

  /** Tasks that are open keep their form and their people. */
  update(inbox: ReadOnly<Inbox>): void {
    this.#inbox = inbox;
    this.#waiting.abort();
  }

  /** Its runs stay. */
  stop(): void {
    this.#stopped.abort();
    this.#waiting.abort();
    this.#renewing?.cancel();
    for (const { over } of this.#tasks.values()) over.abort();
  }

  /** The inbox is deleted: its tasks go to other agents. */
  remove(): void {
    const open = [...this.#tasks.values()];
    this.stop();
    const { polls } = this.#parts;
    polls.leave(this.#place(), "its inbox was deleted");
    for (const one of open) void this.#withdraw(one, "the inbox was deleted");
  }

  async #claimTasks(): Promise<void> {
    const { polls } = this.#parts;
    const { signal } = this.#stopped;
    for (let failures = 0; !signal.aborted; ) {
      this.#waiting = new AbortController();
      try {
        const slots = this.#inbox.slots || slotsDefault;
        const count = Math.min(slots - this.#tasks.size, 1_000);
        if (count <= 0) {
          await aborted(this.#waiting.signal);
          continue;
        }
        const request = {
          ...{ ...this.#place(), count, leaseMs, waitMs: claimWaitMs, idempotencyKey: "" },
          ...{ kind: AgentKind.AGENT_KIND_PERSON, offering: offeringOf(this.#inbox, slots) },
        };
        const { tasks } = await polls.claim(request, { principal, signal: this.#waiting.signal });
        failures = 0;
        for (const task of tasks) this.#take(task);
      } catch (thrown) {
        await this.#pause(++failures, thrown, "failed to claim tasks for an inbox", signal);
      }
    }
  }

  #take(task: ClaimedTask): void {
    const key = keyOf(task);
    const before = this.#tasks.get(key);
    const one: OpenTask = { task, over: new AbortController(), runId: "" };
    this.#tasks.set(key, one);
    this.#renewing ??= this.#parts.timers.every(renewEveryMs, () => this.#renew());
    void this.#serve(one, before);
  }

  /** @param before the same task, of an attempt that is not wanted any more */
  async #serve(one: OpenTask, before: OpenTask | undefined): Promise<void> {
    const { runs, namespace } = this.#parts;
    const { task, over } = one;
    const { signal } = over;
    if (before !== undefined) await this.#giveUp(before, "the task is done again");
    try {
      const result = await this.#untilDone(signal, async () => {
        if (one.runId === "") {
          one.runId = await runs.open(namespace, this.#inbox, task, signal);
          this.#save(one);
        }
        return completionOf((await runs.end(namespace, one.runId, signal)).outcome?.result);
      });
      if (result !== undefined) await this.#complete(task, result);
    } finally {
      this.#forget(one);
    }
  }

  /** Returns undefined when it is stopped. */
  async #untilDone(
    signal: AbortSignal,
    attempt: () => Promise<Completion["outcome"]>,
  ): Promise<Completion["outcome"] | undefined> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        return await attempt();
      } catch (thrown) {
        const error = errorFromUnknown(thrown);
        if (!signal.aborted && isMistake(error)) return { $case: "failed", value: toErrorDetail(error) };
        await this.#pause(++failures, thrown, "failed to have people do a task", signal);
      }
    }
    return undefined;
  }

  async #complete({ token }: ClaimedTask, outcome: Completion["outcome"]): Promise<void> {
    const { polls, logger } = this.#parts;
    const completion = { token, outcome, runMs: 0, used: undefined, modelCalls: undefined };
    try {
      await polls.complete({ ...this.#place(), completions: [completion] }, { principal });
    } catch (thrown) {
      // The pool has left. Its next owner gives out the task again, and the run of the task has the answer.
      logger.debug("an answer of people reaches the next owner of its pool", {
        error: errorFromUnknown(thrown),
      });
    }
  }

  #renew(): void {
    const open = [...this.#tasks.values()];
    const renewals = open.map(({ task: { token } }) => ({
      token,
      saved: undefined,
      fraction: 0,
      message: "",
    }));
    for (const [index, receipt] of this.#renewed(renewals).entries()) {
      const one = open[index];
      if (one !== undefined && receipt.leaseMs === 0) void this.#giveUp(one, receipt.reason);
    }
  }

  /** The next attempt continues with the run. */
  #save({ task: { token }, runId }: OpenTask): void {
    const saved = { body: { $case: "inline" as const, value: Buffer.from(runId) }, mediaType: "" };
    this.#renewed([{ token, saved, fraction: 0, message: "" }]);
  }

  #renewed(renewals: Parameters<AgentPolls["renew"]>[0]["renewals"]): readonly RenewalReceipt[] {
    return this.#parts.polls.renew({ ...this.#place(), renewals, heartbeat: undefined }, { principal })
      .receipts;
  }

  /** The attempt is not wanted any more. */
  async #giveUp(one: OpenTask, reason: string): Promise<void> {
    if (one.over.signal.aborted) return;
    one.over.abort();
    await this.#withdraw(one, reason);
    await this.#complete(one.task, { $case: "stopped", value: { message: reason } });
  }

  async #withdraw({ runId }: OpenTask, reason: string): Promise<void> {
    const { runs, namespace } = this.#parts;
    if (runId === "") return;
    const { signal } = new AbortController();
    try {
      await runs.withdraw(namespace, runId, reason, signal);
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      this.#parts.logger.warn("failed to withdraw a task of an inbox", { runId, error });
    }
  }

  #forget(one: OpenTask): void {
    const key = keyOf(one.task);
    if (this.#tasks.get(key) === one) this.#tasks.delete(key);
    if (this.#tasks.size === 0) {
      this.#renewing?.cancel();
      this.#renewing = undefined;
    }
    this.#waiting.abort();
  }

  async #pause(failure: number, thrown: unknown, message: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { timers, chance, logger, namespace, pool } = this.#parts;
    const { inboxId: inbox } = this.#inbox;
    logger.debug(message, { namespace, pool, inbox, error: errorFromUnknown(thrown) });
    await sleep(timers, backoffMs(backoff, failure, chance), signal).catch(() => {});
  }

  #place() {
    const { namespace, pool } = this.#parts;
    return { namespace, pool, agentId: this.#inbox.inboxId };
  }
}

function offeringOf({ capabilities, labels, description }: ReadOnly<Inbox>, slots: number) {
  return {
    ...{ labels: { ...labels }, slots, description, resources: {}, contextKeys: [] },
    capabilities: capabilities.map((capability) => ({ ...capability, cost: undefined })),
  };
}

function completionOf(result: Outcome["result"]): NonNullable<Completion["outcome"]> {
  switch (result?.$case) {
    case "completed":
      return { $case: "output", value: result.value };
    case "failed":
    case "cancelled":
    case "terminated":
      return { $case: "failed", value: result.value };
    default:
      return { $case: "output", value: { body: undefined, mediaType: "" } };
  }
}

/** Nothing that another attempt at the same would not find again. */
function isMistake({ status }: TuttiError): boolean {
  return status === "INVALID_ARGUMENT" || status === "RESOURCE_EXHAUSTED";
}

function keyOf({ work }: ClaimedTask): string {
  return JSON.stringify([work?.namespace, work?.kind, work?.id, work?.task]);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
