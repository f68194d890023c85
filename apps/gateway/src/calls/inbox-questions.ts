/**
 * Questions of tasks that wait in inboxes.
 *
 * 1. Such a task is running, and its question belongs to a run of its own. So no event of the waiting run reports the
 *    question: a follower polls when the run is quiet, at intervals that grow.
 * 2. While a run has event after event, a follower polls only if it has found a question before, or rarely.
 */
import { type Clock, isTuttiError } from "@tutti/kernel";
import { answererText, answersText } from "@tutti/rest/history";
import type { Approval, Run } from "@tutti/rest/types";
import type { CallsFor } from "./request-context.ts";
import type { RouteCalls } from "./route-calls.ts";

const quietMs = 500;
const rareMs = 10_000;

/** Whether a task of the run may wait in an inbox. */
export function mayWaitInInbox({ status, tasks = {} }: Run): boolean {
  return status === "running" && (tasks.running ?? 0) > 0;
}

/** Returns the open questions of a run and of its tasks in inboxes. A caller that may not see questions has none. */
export async function openQuestions(
  calls: RouteCalls,
  caller: CallsFor,
  {
    namespace,
    runId,
    mine = false,
  }: { readonly namespace: string; readonly runId: string; readonly mine?: boolean },
): Promise<readonly Approval[]> {
  try {
    const query = { namespace, workId: runId, ...(mine && { mine: "true" }) };
    return (await calls.call("approvals.list", caller, { query })).approvals;
  } catch (error) {
    if (isTuttiError(error) && error.status === "PERMISSION_DENIED") return [];
    throw error;
  }
}

/** Says where a task waits: `waits in the inbox finance for ann`. Undefined for other questions. */
export function inboxText(approval: Approval): string | undefined {
  const { inboxTask, claim } = approval;
  if (inboxTask === undefined) return undefined;
  const people = claim === undefined ? answererText(approval) : `${claim.person ?? ""}, who claimed it`;
  const answers = answersText(approval);
  return [
    `waits in the inbox ${inboxTask.inbox ?? ""}`,
    people === "" ? "" : ` for ${people}`,
    answers === "" ? "" : `, with ${answers}`,
  ].join("");
}

/** Decides when a follower of one run polls inboxes for questions. */
export class InboxPolling {
  readonly #clock: Pick<Clock, "monotonic">;
  #polledMs: number | undefined;
  #hasFound = false;
  #events: number | undefined;
  #waitMs = quietMs;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  isDue(run: Run): boolean {
    if (!mayWaitInInbox(run)) return false;
    const nowMs = this.#clock.monotonic();
    const isRare = this.#polledMs === undefined || nowMs - this.#polledMs >= rareMs;
    if (!isRare && !this.#hasFound && !this.#isQuiet(run)) return false;
    this.#polledMs = nowMs;
    return true;
  }

  /** Reports the result of a poll. */
  found(hasFound: boolean): void {
    this.#hasFound = hasFound;
  }

  /** How long to wait for the next event of the run before the next poll. */
  nextMs(run: Run, maxMs: number): number {
    this.#waitMs = this.#isQuiet(run) ? Math.min(2 * this.#waitMs, rareMs) : quietMs;
    this.#events = run.eventCount ?? 0;
    return mayWaitInInbox(run) ? Math.min(this.#waitMs, maxMs) : maxMs;
  }

  #isQuiet({ eventCount = 0 }: Run): boolean {
    return eventCount === this.#events;
  }
}
