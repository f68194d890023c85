import {
  type RunLimit,
  RunLimitAskedV1,
  RunLimitHeldV1,
  RunLimitLostV1,
  RunPhase,
} from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import { nodeOf } from "../node/nodes.ts";
import type { RenewLease } from "../state/effects.ts";
import { effectNumber, effectTags, runNode, runTimers, timerNumber } from "../state/numbers.ts";
import { moreOf, type Run, type RunEvent, type RunOutstanding, type RunView } from "../state/state.ts";
import { limitChanged } from "./child-limits.ts";

export const runLimitHeld: RunEvent<RunLimitHeldV1> = {
  type: "run_limit_held",
  version: 1,
  codec: RunLimitHeldV1,
  evolve(run, { node, limit, ticket, leaseDueMs, state }, outstanding) {
    if (node !== undefined) {
      const change = { ticket, leaseDueMs, retryMs: 0 };
      limitChanged(run, nodeOf(run, node), limit, change, outstanding);
      return;
    }
    const acquired = limitNamed(run, limit);
    if (acquired === undefined) return;
    Object.assign(acquired, { ticket, leaseDueMs, retryMs: 0, ...(state !== undefined && { state }) });
    watchRetries(run, outstanding);
    renew(run, outstanding);
  },
};

/** The limit was lost, or was not granted. */
export const runLimitLost: RunEvent<RunLimitLostV1> = {
  type: "run_limit_lost",
  version: 1,
  codec: RunLimitLostV1,
  evolve(run, { node, limit, retryMs }, outstanding) {
    if (node !== undefined) {
      const change = { ticket: 0, leaseDueMs: 0, retryMs };
      limitChanged(run, nodeOf(run, node), limit, change, outstanding);
      return;
    }
    const lost = limitNamed(run, limit);
    if (lost === undefined) return;
    Object.assign(lost, { ticket: 0, leaseDueMs: 0, retryMs });
    watchRetries(run, outstanding);
    renew(run, outstanding);
  },
};

export const runLimitAsked: RunEvent<RunLimitAskedV1> = {
  type: "run_limit_asked",
  version: 1,
  codec: RunLimitAskedV1,
  evolve(run, { node, limit }, outstanding) {
    if (node !== undefined) {
      limitChanged(run, nodeOf(run, node), limit, { retryMs: 0 }, outstanding);
      return;
    }
    const requestedLimit = limitNamed(run, limit);
    if (requestedLimit !== undefined) requestedLimit.retryMs = 0;
    moreOf(run).isDue = true;
    watchRetries(run, outstanding);
    outstanding.cleared(timerNumber(runNode, runTimers.start));
  },
};

function limitNamed(run: Run, limit: string): RunLimit | undefined {
  return run.more?.limits.find((each) => each.limit === limit);
}

/** One timer serves all limits. It is due when the first of them must be requested again. */
function watchRetries(run: Run, outstanding: RunOutstanding): void {
  const retryMs = nextRetryMs(run);
  if (retryMs > 0) outstanding.timer(retryTimer, retryMs);
  else outstanding.cleared(retryTimer);
}

function nextRetryMs({ more }: RunView): number {
  const due = (more?.limits ?? []).flatMap(({ retryMs }) => (retryMs > 0 ? [retryMs] : []));
  return due.length === 0 ? 0 : Math.min(...due);
}

const retryTimer = timerNumber(runNode, runTimers.limit);

/** After a reset, renews the held limits from then on. */
export function renewAfterReset(run: Run): void {
  const more = moreOf(run);
  more.leaseCount += 1;
  more.leaseAttempt = more.leaseCount;
}

const renewal = effectNumber(runNode, effectTags.lease);

/** Requests renewal again after the held limits changed. */
function renew(run: Run, outstanding: RunOutstanding): void {
  const more = moreOf(run);
  more.leaseCount += 1;
  more.leaseAttempt = more.leaseCount;
  if (more.limits.some(hasLease)) outstanding.effect(renewal, more.leaseAttempt, renewalOf(run));
  else outstanding.settled(renewal);
}

export function recoverLimits(run: RunView, outstanding: RunOutstanding): void {
  const { more, phase } = run;
  // Compensation holds the limits too: the work that others must not do at the same time still continues.
  if (more === undefined || phase === RunPhase.RUN_PHASE_ENDED) return;
  const retryMs = nextRetryMs(run);
  if (retryMs > 0) outstanding.timer(retryTimer, retryMs);
  if (more.limits.some(hasLease)) outstanding.effect(renewal, more.leaseAttempt, renewalOf(run));
}

/** A keyed object has no lease: only the end of the run releases it. */
function hasLease({ ticket, leaseDueMs }: ReadOnly<RunLimit>): boolean {
  return ticket > 0 && leaseDueMs > 0;
}

function renewalOf({ more }: RunView): RenewLease {
  const leased = (more?.limits ?? []).filter(hasLease);
  const leases = leased.map(({ limit, ticket, leaseDueMs }) => ({ limit, ticket, dueMs: leaseDueMs }));
  return { kind: "renew_lease", leases };
}
