/**
 * Questions of tasks that wait in inboxes, and of child runs.
 *
 * 1. Such a question belongs to another run, while the task of the followed run is running or waiting. So no event of the
 *    followed run reports the question: a follower polls when the run is quiet, at intervals that grow.
 * 2. While a run has event after event, a follower polls only if it has found a question before, or rarely.
 */
import { type Clock, isTuttiError, type Principal } from "@tutti/kernel";
import { answererText, answersText } from "@tutti/rest/history";
import type { Approval, Run, Verdict } from "@tutti/rest/types";
import type { CallsFor } from "./request-context.ts";
import type { RouteCalls } from "./route-calls.ts";

const quietMs = 500;
const rareMs = 10_000;
const questionsMax = "1000";
const questionPagesMax = 5;
const everyVerdict: readonly Verdict[] = ["unspecified", "approved", "rejected", "expired", "withdrawn"];

/** Whether a task of the run may wait for a question of another run: in an inbox, or of a child. */
export function mayWaitForOtherRun({ status, tasks = {} }: Run): boolean {
  const { running = 0, waiting = 0 } = tasks;
  return status === "running" && running + waiting > 0;
}

/** Whether a question of a run, or of its tasks and child runs, belongs to another run. */
export function isOfOtherRun({ about }: Approval, runId: string): boolean {
  return about !== undefined && about.id !== runId;
}

/**
 * Returns the open questions of a run, of its tasks in inboxes and of its child runs. A caller that may not see questions
 * has none.
 */
export async function openQuestions(
  calls: RouteCalls,
  caller: CallsFor,
  of: RunOfQuestions,
): Promise<readonly Approval[]> {
  return (await questionsPage(calls, caller, of)).approvals;
}

interface RunOfQuestions {
  readonly namespace: string;
  readonly runId: string;
}

/**
 * Returns the ids of runs that a caller has answered: a run, its tasks in inboxes and its child runs, ended or not.
 */
export async function answeredRuns(
  calls: RouteCalls,
  caller: CallsFor & { readonly principal: Principal },
  of: RunOfQuestions,
): Promise<ReadonlySet<string>> {
  const { kind, id } = caller.principal;
  const answered = new Set<string>();
  for (let page = 0, token = ""; page < questionPagesMax; page++) {
    const { approvals, nextToken = "" } = await questionsPage(calls, caller, of, {
      verdict: everyVerdict,
      decidedByMe: "true",
      token: token || undefined,
    });
    for (const { about, decisions } of approvals)
      if (decisions.some(({ cause }) => cause?.actor?.kind === kind && cause.actor.id === id))
        answered.add(about?.id ?? of.runId);
    if (nextToken === "") break;
    token = nextToken;
  }
  return answered;
}

async function questionsPage(
  calls: RouteCalls,
  caller: CallsFor,
  { namespace, runId }: RunOfQuestions,
  more: {
    readonly verdict?: readonly Verdict[];
    readonly decidedByMe?: "true";
    readonly token?: string | undefined;
  } = {},
): Promise<{ readonly approvals: readonly Approval[]; readonly nextToken?: string }> {
  try {
    const query = { namespace, workId: runId, withChildren: "true", size: questionsMax, ...more };
    return await calls.call("approvals.list", caller, { query });
  } catch (error) {
    if (isTuttiError(error) && error.status === "PERMISSION_DENIED") return { approvals: [] };
    throw error;
  }
}

/**
 * Says where a question is open: `waits in the inbox finance for ann`, `waits for an approval of the run order-1 for ann`.
 * Undefined for a question of the run itself.
 */
export function placeText(approval: Approval, runId: string): string | undefined {
  const { inboxTask, claim, about } = approval;
  if (inboxTask === undefined && !isOfOtherRun(approval, runId)) return undefined;
  const people = claim === undefined ? answererText(approval) : `${claim.person ?? ""}, who claimed it`;
  const answers = answersText(approval);
  return [
    inboxTask === undefined
      ? `waits for an approval of the run ${about?.id}`
      : `waits in the inbox ${inboxTask.inbox ?? ""}`,
    people === "" ? "" : ` for ${people}`,
    answers === "" ? "" : `, with ${answers}`,
  ].join("");
}

/** Decides when a follower of one run polls for questions of other runs. */
export class QuestionPolling {
  readonly #clock: Pick<Clock, "monotonic">;
  #polledMs: number | undefined;
  #hasFound = false;
  #events: number | undefined;
  #waitMs = quietMs;

  constructor(clock: Pick<Clock, "monotonic">) {
    this.#clock = clock;
  }

  isDue(run: Run): boolean {
    if (!mayWaitForOtherRun(run)) return false;
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
    return mayWaitForOtherRun(run) ? Math.min(this.#waitMs, maxMs) : maxMs;
  }

  #isQuiet({ eventCount = 0 }: Run): boolean {
    return eventCount === this.#events;
  }
}
