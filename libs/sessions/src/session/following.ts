/**
 * Follows the work of parts: reports changes to the session, in batches, and in the end the outcome.
 *
 * 1. Reported notes are remembered by content: the same note is not reported twice, and after a restart everything is
 *    reported once more.
 * 2. A read of work without news is held open until there is news, for a limited number of calls. Beyond that number,
 *    work is polled.
 * 3. The interval depends on the use: work that is planned, or that runs in several parts, is read as soon as there is
 *    news. Other work reports its end itself, and is only polled for viewers.
 */
import { Mode, type TaskNote } from "@tutti/contracts/session/v1";
import { type ErrorDetail, WorkStatus } from "@tutti/contracts/types/v1";
import {
  errorFromUnknown,
  errorOf,
  type Foundation,
  type InstanceKey,
  isEnded,
  sleep,
  toErrorDetail,
} from "@tutti/kernel";
import { endPart, type FollowPart, noteTasks, type SessionView } from "@tutti/machine-session";
import { traceOf } from "@tutti/mesh";
import type { DueEffect } from "@tutti/runtime";
import type {
  EventWait,
  ObservedTask,
  Place,
  RequestOptions,
  Substrate,
  WorkState,
} from "../substrate/substrate.ts";
import type { Loops } from "./loops.ts";
import type { SessionCommands } from "./session-commands.ts";

export interface FollowingParts {
  readonly loops: Loops;
  readonly commands: SessionCommands;
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger">;
  readonly substrateOf: (part: FollowPart) => Substrate;
  /** Called after each change of the tasks of a session. */
  readonly onChange: (key: InstanceKey) => void;
}

/** Maximum number of calls that are held open until there is news, and their duration. */
const longPollsMax = 2_000;
const longPollMs = 20_000;
/** Interval of reads if decisions depend on the result and no call is held. */
const closeMs = 10;
/** Interval if no decision depends on it. */
const looseMs = 200;
/** Maximum number of reads per second, for work without a held call. */
const readsPerSec = 500;
/** After a read, the reader rests for a multiple of the time that it took. */
const restsPerRead = 3;
const failedMs = 500;

/** Reported states of the tasks of a part, and its known state. */
interface Known {
  readonly reported: Map<string, string>;
  events: number;
  /** Duration of the last read. */
  readMs: number;
}

export class Following {
  readonly #parts: FollowingParts;
  #longPolls = 0;

  constructor(parts: FollowingParts) {
    this.#parts = parts;
  }

  start(due: DueEffect, effect: FollowPart): void {
    this.#parts.loops.startLoop(due.token, (signal) => this.#follow(due, effect, signal));
  }

  async #follow(due: DueEffect, effect: FollowPart, signal: AbortSignal): Promise<void> {
    const { timers, logger } = this.#parts.foundation;
    const { key } = due;
    const known: Known = { reported: new Map(), events: -1, readMs: 0 };
    this.#parts.onChange(key);
    while (!signal.aborted) {
      const isLongPoll = known.events > 0 && this.#longPolls < longPollsMax;
      if (isLongPoll) this.#longPolls++;
      try {
        if (await this.#read(due, effect, known, { isLongPoll, signal })) return;
      } catch (error) {
        if (signal.aborted) return;
        logger.warn("failed to read the work of a session part, retrying", {
          session: key.id,
          error: errorFromUnknown(error),
        });
        await sleep(timers, failedMs, signal).catch(() => {});
        continue;
      } finally {
        if (isLongPoll) this.#longPolls--;
      }
      const view = await this.#parts.commands.view(key).catch(() => undefined);
      await sleep(timers, this.#restMs(isClose(view), known), signal).catch(() => {});
    }
  }

  #restMs(isAwaited: boolean, { readMs }: Known): number {
    const { loops } = this.#parts;
    const leastMs = isAwaited ? 0 : looseMs;
    const restMs = Math.max(leastMs, restsPerRead * readMs);
    if (this.#longPolls < longPollsMax) return restMs;
    return Math.max(restMs, closeMs, ((loops.size - this.#longPolls) / readsPerSec) * 1_000);
  }

  /** Reads the work. Returns whether it has ended. */
  async #read(
    { key, token, cause }: DueEffect,
    effect: FollowPart,
    known: Known,
    { isLongPoll, signal }: { readonly isLongPoll: boolean; readonly signal: AbortSignal },
  ): Promise<boolean> {
    const { commands, onChange } = this.#parts;
    const { clock } = this.#parts.foundation;
    const substrate = this.#parts.substrateOf(effect);
    const place: Place = { namespace: key.namespace, sessionId: key.id };
    const options: RequestOptions = { signal, trace: traceOf(cause?.traceparent) };
    const wait = isLongPoll ? { afterEvent: known.events, waitMs: longPollMs } : undefined;
    const state = await stateOf(substrate, place, effect, options, wait);
    const isOver = isEnded(state.status);
    if (state.events === known.events && !isOver) return false;
    const sinceMs = clock.monotonic();
    const view = await commands.view(key);
    const notes: TaskNote[] = [];
    const reported = new Map<string, string>();
    // Removed work has no tasks to report.
    if (state.events > 0)
      for await (const tasks of substrate.tasks(place, effect, options))
        for (const task of tasks) {
          const note = noteOf(task, view, effect);
          const text = fieldsText(task);
          if (note === undefined || known.reported.get(task.id) === text) continue;
          reported.set(task.id, text);
          notes.push(note);
        }
    known.events = state.events;
    known.readMs = clock.monotonic() - sinceMs;
    if (isOver) {
      const { result } = state.outcome ?? {};
      const isWell = result === undefined || result.$case === "completed" || result.$case === "continued";
      const error: ErrorDetail | undefined = isWell ? undefined : result.value;
      const outcome = await commands.submit(key, {
        command: endPart,
        body: { notes, status: state.status, error, used: state.used },
        token,
      });
      onChange(key);
      // A report that cannot be decided now, because the partition is reloaded or has moved, is repeated,
      // here or by the new owner.
      return outcome.kind !== "refused" || outcome.refusal.retry !== "same-key";
    }
    const { openApprovals } = state;
    if (notes.length > 0 || openApprovals !== view.parts[effect.part]?.openQuestions) {
      const outcome = await commands.submit(key, {
        command: noteTasks,
        body: { part: effect.part, notes, openApprovals },
      });
      onChange(key);
      if (outcome.kind === "refused" && outcome.refusal.retry === "same-key") {
        // The next read reports it again, after a pause.
        known.events = -1;
        throw errorOf(outcome.refusal);
      }
    }
    for (const [id, text] of reported) known.reported.set(id, text);
    return false;
  }
}

/** Work that was removed before its end was seen counts as not successful. */
async function stateOf(
  substrate: Substrate,
  place: Place,
  effect: FollowPart,
  options: RequestOptions,
  wait: EventWait | undefined,
): Promise<WorkState> {
  try {
    return await substrate.state(place, effect, options, wait);
  } catch (thrown) {
    const error = errorFromUnknown(thrown);
    if (error.status !== "NOT_FOUND") throw error;
    return {
      status: WorkStatus.WORK_STATUS_TERMINATED,
      events: 0,
      openApprovals: 0,
      outcome: { result: { $case: "terminated", value: toErrorDetail(error) } },
    };
  }
}

/** Returns the note. Undefined for tasks that do not belong to the part. */
function noteOf(
  { id, ...seen }: ObservedTask,
  view: SessionView,
  { part }: FollowPart,
): TaskNote | undefined {
  const task = view.byId.get(id);
  if (task === undefined || view.tasks[task]?.part !== part) return undefined;
  return { task, ...seen };
}

/** Returns all fields whose change is reported. */
function fieldsText({ status, attempts, agent, startMs, endMs, reason }: ObservedTask): string {
  return `${status} ${attempts} ${agent} ${startMs} ${endMs} ${reason}`;
}

/** Returns whether decisions depend on the status of its tasks. */
function isClose(view: SessionView | undefined): boolean {
  if (view === undefined) return false;
  const open = view.parts.filter(({ endMs }) => endMs === 0);
  return (
    open.length > 1 || open.some(({ mode, elsewhere }) => mode !== Mode.MODE_WORKFLOW || elsewhere.size > 0)
  );
}
