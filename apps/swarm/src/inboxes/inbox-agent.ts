/**
 * An inbox as an agent of its pool: it claims tasks while it has free slots, lets people do them, and
 * completes them.
 *
 * 1. A claimed task is renewed until people have decided, or until it is no longer wanted: then its run is
 *    cancelled.
 * 2. Failures on the way are retried. Only an answer of people, or a mistake in the task, ends an attempt.
 * 3. People get tasks within the hours of the inbox. A task that they do not answer goes to the people of the
 *    next step.
 * 4. When the pool leaves, or this process ends, the runs stay. The next owner of the pool continues with
 *    them.
 */
import { AgentKind, type ClaimedTask, type Completion, type RenewalReceipt } from "@tutti/contracts/agent/v1";
import {
  type Inbox,
  type InboxHours,
  type InboxStep,
  Scaler,
  type ScalingWindow,
} from "@tutti/contracts/swarm/v1";
import type { Outcome } from "@tutti/contracts/types/v1";
import {
  backoffMs,
  type Chance,
  type Clock,
  durationText,
  errorFromUnknown,
  type Logger,
  type ReadOnly,
  sleep,
  type Timer,
  type Timers,
  type TuttiError,
  toErrorDetail,
} from "@tutti/kernel";
import { ScalingWindows, scalingRulesOf } from "@tutti/matching";
import type { AgentPolls } from "../polls/agent-polls.ts";
import { inboxErrors } from "./errors.ts";
import { type InboxRun, type InboxRuns, inboxPrincipal, inboxTask } from "./inbox-runs.ts";

export interface InboxAgentParts {
  readonly polls: Pick<AgentPolls, "claim" | "complete" | "renew" | "removeAgent">;
  readonly runs: Pick<InboxRuns, "open" | "waitForEnd" | "withdraw">;
  readonly timers: Timers;
  readonly chance: Chance;
  readonly logger: Logger;
  readonly namespace: string;
  readonly pool: string;
  readonly clock: Pick<Clock, "now">;
}

/** A task for people. */
interface OpenTask {
  readonly task: ClaimedTask;
  readonly over: AbortController;
  /** Undefined until it starts. */
  run: InboxRun | undefined;
  /** Set while the task moves to other people: the new run that replaces the one before. */
  moving: Promise<unknown> | undefined;
  moved: { readonly from: string; readonly people: string } | undefined;
  escalation: Timer | undefined;
}

const slotsDefault = 100;
const claimWaitMs = 60_000;
/** Interval of reading the clock, for inboxes with hours. */
const hoursWaitMs = 10_000;
const leaseMs = 60_000;
const renewEveryMs = 2_000;
const backoff = { firstMs: 200, maxMs: 30_000 };
const principal = inboxPrincipal;

export class InboxAgent {
  readonly #parts: InboxAgentParts;
  readonly #tasks = new Map<string, OpenTask>();
  readonly #stopped = new AbortController();
  #inbox: ReadOnly<Inbox>;
  #hours: Hours;
  /** Ends the wait for tasks: slots are free, or the inbox offers something else. */
  #waiting = new AbortController();
  #renewing: Timer | undefined;

  constructor(parts: InboxAgentParts, inbox: ReadOnly<Inbox>) {
    this.#parts = parts;
    this.#inbox = inbox;
    this.#hours = hoursOf(inbox);
  }

  get openTasks(): number {
    return this.#tasks.size;
  }

  start(): void {
    void this.#claimTasks();
  }

  /** Changes the inbox. Open tasks keep their form and their people. */
  update(inbox: ReadOnly<Inbox>): void {
    this.#inbox = inbox;
    this.#hours = hoursOf(inbox);
    this.#waiting.abort();
  }

  /** Stops the agent. Its runs stay. */
  stop(): void {
    this.#stopped.abort();
    this.#waiting.abort();
    this.#renewing?.cancel();
    for (const { over, escalation } of this.#tasks.values()) {
      over.abort();
      escalation?.cancel();
    }
  }

  /** Removes a deleted inbox: its tasks go to other agents. */
  remove(): void {
    const open = [...this.#tasks.values()];
    this.stop();
    const { polls } = this.#parts;
    polls.removeAgent(this.#place(), "its inbox was deleted");
    for (const openTask of open) void this.#cancelRun(openTask, "the inbox was deleted");
  }

  has(runId: string): boolean {
    return [...this.#tasks.values()].some(({ run }) => run?.runId === runId);
  }

  /** Gives an open task to other people. Returns their run. Undefined if it has no such task. */
  async delegate(runId: string, people: readonly string[], reason: string): Promise<string | undefined> {
    const peopleKey = JSON.stringify(people);
    for (const openTask of this.#tasks.values()) {
      await moved(openTask);
      if (openTask.moved?.from === runId && openTask.moved.people === peopleKey) return openTask.run?.runId;
      if (openTask.run?.runId !== runId) continue;
      await this.#move(openTask, people, reason, openTask.run.step);
      openTask.moved = { from: runId, people: peopleKey };
      return openTask.run?.runId;
    }
    return undefined;
  }

  async #claimTasks(): Promise<void> {
    const { polls, clock, timers } = this.#parts;
    const { signal } = this.#stopped;
    for (let failures = 0; !signal.aborted; ) {
      this.#waiting = new AbortController();
      try {
        const slots = this.#inbox.slots || slotsDefault;
        if (!this.#hours.isOpen(clock.now())) {
          await sleep(timers, hoursWaitMs, this.#waiting.signal).catch(() => {});
          continue;
        }
        const waitMs = this.#inbox.hours.length === 0 ? claimWaitMs : hoursWaitMs;
        const count = Math.min(slots - this.#tasks.size, 1_000);
        if (count <= 0) {
          await aborted(this.#waiting.signal);
          continue;
        }
        const request = {
          ...this.#place(),
          count,
          leaseMs,
          waitMs,
          idempotencyKey: "",
          kind: AgentKind.AGENT_KIND_PERSON,
          offering: offeringOf(this.#inbox, slots),
        };
        const { tasks } = await polls.claim(request, { principal, signal: this.#waiting.signal });
        // Tasks that arrived too late lose their leases, and the next owner of the pool assigns them again.
        if (signal.aborted) return;
        failures = 0;
        for (const task of tasks) this.#accept(task);
      } catch (thrown) {
        await this.#pause(++failures, thrown, "failed to claim tasks for an inbox", signal);
      }
    }
  }

  #accept(task: ClaimedTask): void {
    const key = keyOf(task);
    const before = this.#tasks.get(key);
    const nothing = { run: undefined, moving: undefined, moved: undefined, escalation: undefined };
    const openTask: OpenTask = { task, over: new AbortController(), ...nothing };
    this.#tasks.set(key, openTask);
    this.#renewing ??= this.#parts.timers.every(renewEveryMs, () => this.#renew());
    void this.#serve(openTask, before);
  }

  /** @param before the same task with an earlier attempt that is no longer wanted */
  async #serve(openTask: OpenTask, before: OpenTask | undefined): Promise<void> {
    const { runs, namespace } = this.#parts;
    const { task, over } = openTask;
    const { signal } = over;
    if (before !== undefined) await this.#abandon(before, "the task is done again");
    try {
      const result = await this.#untilDone(signal, async () => {
        await moved(openTask);
        if (openTask.run === undefined)
          this.#opened(openTask, await runs.open(namespace, this.#inbox, task, signal));
        for (let run = openTask.run; run !== undefined; run = openTask.run) {
          const { outcome } = await runs.waitForEnd(namespace, run.runId, signal);
          await moved(openTask);
          if (openTask.run === run) return this.#completionOf(task, outcome?.result);
        }
        throw inboxErrors.interrupted({ task: task.work?.task ?? "" });
      });
      if (result !== undefined) await this.#complete(task, result);
    } finally {
      this.#removeTask(openTask);
    }
  }

  /** Returns undefined if the agent is stopped. */
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

  #opened(openTask: OpenTask, run: InboxRun): void {
    const { timers, clock } = this.#parts;
    openTask.run = run;
    this.#save(openTask.task, run);
    openTask.escalation?.cancel();
    const step = this.#inbox.escalation[run.step];
    if (step === undefined || openTask.over.signal.aborted) return;
    const waitMs = Math.max(0, run.sinceMs + step.afterMs - clock.now());
    openTask.escalation = timers.after(waitMs, () => void this.#escalate(openTask, run, step));
  }

  /** Retries until the task has moved, or something else has moved or ended it. */
  async #escalate(
    openTask: OpenTask,
    run: InboxRun,
    { afterMs, people }: ReadOnly<InboxStep>,
  ): Promise<void> {
    const reason = `no answer within ${durationText(afterMs)}`;
    const { signal } = openTask.over;
    for (let failures = 0; openTask.run === run && !signal.aborted; )
      try {
        return await this.#move(openTask, people, reason, run.step + 1);
      } catch (thrown) {
        await this.#pause(++failures, thrown, "failed to escalate a task of an inbox", signal);
      }
  }

  /** Moves a task to other people: as a new run, so that its form and its end are theirs. */
  async #move(openTask: OpenTask, people: readonly string[], reason: string, step: number): Promise<void> {
    const { runs, namespace } = this.#parts;
    const { run, task, over } = openTask;
    if (run === undefined || over.signal.aborted) return;
    openTask.moving = (async () => {
      if (!(await runs.withdraw(namespace, run.runId, reason, over.signal))) return;
      // If the start fails, the task is opened again for the people of the inbox.
      openTask.run = undefined;
      const saved = { ...task, saved: undefined };
      const inbox = { ...this.#inbox, people: [...people] };
      this.#opened(openTask, await runs.open(namespace, inbox, saved, over.signal, step));
    })();
    await openTask.moving;
  }

  #completionOf({ work }: ClaimedTask, result: Outcome["result"]): NonNullable<Completion["outcome"]> {
    switch (result?.$case) {
      case "completed":
        return { $case: "output", value: result.value };
      case "failed":
      case "cancelled":
      case "terminated": {
        const { value } = result;
        const message = messageFor(value.message, work?.task ?? "", this.#inbox.inboxId);
        return { $case: "failed", value: { ...value, message } };
      }
      default:
        return { $case: "output", value: { body: undefined, mediaType: "" } };
    }
  }

  async #complete({ token }: ClaimedTask, outcome: Completion["outcome"]): Promise<void> {
    const { polls, logger } = this.#parts;
    const completion = { token, outcome, runMs: 0, used: undefined, modelCalls: undefined };
    try {
      await polls.complete({ ...this.#place(), completions: [completion] }, { principal });
    } catch (thrown) {
      // The pool has left. Its next owner assigns the task again, and the run of the task has the answer.
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
      const openTask = open[index];
      if (openTask !== undefined && receipt.leaseMs === 0) void this.#abandon(openTask, receipt.reason);
    }
  }

  /** Saves the run id with the attempt, so that the next attempt continues with the run, and says how to answer. */
  #save({ token, work }: ClaimedTask, { runId }: InboxRun): void {
    const saved = { body: { $case: "inline" as const, value: Buffer.from(runId) }, mediaType: "" };
    const { id = "", task = "" } = work ?? {};
    const message = `in the inbox ${this.#inbox.inboxId}: tutti approve ${id} ${task}`.trimEnd();
    this.#renewed([{ token, saved, fraction: 0, message }]);
  }

  #renewed(renewals: Parameters<AgentPolls["renew"]>[0]["renewals"]): readonly RenewalReceipt[] {
    return this.#parts.polls.renew({ ...this.#place(), renewals, heartbeat: undefined }, { principal })
      .receipts;
  }

  /** Gives up an attempt that is no longer wanted. */
  async #abandon(openTask: OpenTask, reason: string): Promise<void> {
    if (openTask.over.signal.aborted) return;
    openTask.over.abort();
    openTask.escalation?.cancel();
    await this.#cancelRun(openTask, reason);
    await this.#complete(openTask.task, { $case: "stopped", value: { message: reason } });
  }

  async #cancelRun({ run }: OpenTask, reason: string): Promise<void> {
    const { runs, namespace } = this.#parts;
    if (run === undefined) return;
    const { runId } = run;
    const { signal } = new AbortController();
    try {
      await runs.withdraw(namespace, runId, reason, signal);
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      this.#parts.logger.warn("failed to withdraw a task of an inbox", { runId, error });
    }
  }

  #removeTask(openTask: OpenTask): void {
    const key = keyOf(openTask.task);
    openTask.escalation?.cancel();
    if (this.#tasks.get(key) === openTask) this.#tasks.delete(key);
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
    labels: { ...labels },
    slots,
    description,
    resources: {},
    contextKeys: [],
    capabilities: capabilities.map((capability) => ({ ...capability, cost: undefined })),
  };
}

interface Hours {
  isOpen(nowMs: number): boolean;
}

/** Returns the hours of an inbox as a scaling window, which has the same times. */
export function windowOf({ begin, end, timeZone }: ReadOnly<InboxHours>): ScalingWindow {
  return { begin, end, timeZone, minAgents: 1, maxAgents: 1 };
}

function hoursOf({ hours }: ReadOnly<Inbox>): Hours {
  if (hours.length === 0) return { isOpen: () => true };
  const windows = new ScalingWindows(hours.map(windowOf));
  const closed = { ...scalingRulesOf(Scaler.create()), minAgents: 0, maxAgents: 0 };
  return { isOpen: (nowMs) => !windows.boundsAt(closed, nowMs).isNight };
}

/** Errors of the run name its only task and its settings. The user knows the task of the work, and the inbox. */
function messageFor(message: string, task: string, inboxId: string): string {
  return message
    .replace(`The approval of task \`${inboxTask}\``, `Task \`${task}\` in the inbox \`${inboxId}\``)
    .replace(`Task \`${inboxTask}\``, `Task \`${task}\``)
    .replace("raise `within`", "raise `withinMs` of the inbox");
}

/** Returns whether another attempt would fail with the same error. A limit that is reached now may change. */
function isMistake({ status, retry }: TuttiError): boolean {
  return status === "INVALID_ARGUMENT" || (status === "RESOURCE_EXHAUSTED" && retry === "never");
}

/** Resolves when the move of a task has ended. Its failure has been reported to the caller. */
async function moved({ moving }: OpenTask): Promise<void> {
  await moving?.catch(() => {});
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
