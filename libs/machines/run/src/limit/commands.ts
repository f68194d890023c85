/** What limits write to runs. A run asks for one limit after the other, and begins when it holds all. */

import { RetryClass, WorkStatus } from "@tutti/contracts/types/v1";
import {
  DeclineLimit,
  GrantLimit,
  LoseLease,
  RunDone,
  RunPhase,
  WithdrawLimit,
} from "@tutti/contracts/workflow/v1";
import { bounded } from "../error-details.ts";
import { stopRun } from "../life/commands.ts";
import type { RunCommand, RunStep, RunView } from "../state.ts";
import { askNext } from "./asking.ts";
import { runLimitHeld, runLimitLost } from "./events.ts";
import { acquire, release } from "./limits.ts";

const done: RunDone = {};

/** Letter: the run holds it. One that is not wanted any more is given back. */
export const grantLimit: RunCommand<GrantLimit, RunDone> = {
  type: "grant_limit",
  codec: GrantLimit,
  reply: RunDone,
  decide(run, { limit, ticket, leaseDueMs }, step) {
    const wanted = wantedOf(run, limit);
    if (wanted === undefined) {
      release(step, limit, ticket);
      return done;
    }
    if (wanted.ticket === ticket) return done;
    step.emit(runLimitHeld, { node: undefined, limit, ticket, leaseDueMs });
    askNext(run, step);
    return done;
  },
};

/** Letter: it is not to be had, now or ever. */
export const declineLimit: RunCommand<DeclineLimit, RunDone> = {
  type: "decline_limit",
  codec: DeclineLimit,
  reply: RunDone,
  decide(run, { limit, code, message, retryAfterMs }, step) {
    const wanted = wantedOf(run, limit);
    if (wanted === undefined || wanted.ticket > 0) return done;
    const error = errorOf(code, message);
    const retryMs = retryAfterMs > 0 ? step.nowMs + retryAfterMs : 0;
    step.emit(runLimitLost, { node: undefined, limit, error, retryMs });
    if (retryMs === 0 && run.phase === RunPhase.RUN_PHASE_WAITING)
      stopRun(run, step, WorkStatus.WORK_STATUS_FAILED, error);
    return done;
  },
};

/** Letter: it was taken away. The run goes on, and asks for it again. */
export const withdrawLimit: RunCommand<WithdrawLimit, RunDone> = {
  type: "withdraw_limit",
  codec: WithdrawLimit,
  reply: RunDone,
  decide(run, { limit, ticket, code, message }, step) {
    lose(run, step, { limit, ticket, code, message });
    return done;
  },
};

/** Result of the renewal: a lease ran out meanwhile. */
export const loseLease: RunCommand<LoseLease, RunDone> = {
  type: "lose_lease",
  codec: LoseLease,
  reply: RunDone,
  decide(run, { limit, ticket }, step) {
    lose(run, step, {
      limit,
      ticket,
      code: "limit.lease_lost",
      message: "its lease was not renewed in time",
    });
    return done;
  },
};

interface Lost {
  readonly limit: string;
  readonly ticket: number;
  readonly code: string;
  readonly message: string;
}

function lose(run: RunView, step: RunStep, { limit, ticket, code, message }: Lost): void {
  const held = wantedOf(run, limit);
  if (held === undefined || held.ticket === 0 || held.ticket !== ticket) return;
  step.emit(runLimitLost, { node: undefined, limit, error: errorOf(code, message), retryMs: 0 });
  acquire(run, step, limit);
}

/** What a run holds while it undoes what it did is given back at its end, and not renewed. */
function wantedOf(run: RunView, limit: string) {
  const wants = run.phase === RunPhase.RUN_PHASE_WAITING || run.phase === RunPhase.RUN_PHASE_GOING;
  return wants ? run.more?.limits.find((each) => each.limit === limit) : undefined;
}

function errorOf(code: string, message: string) {
  const never = { retry: RetryClass.RETRY_CLASS_NEVER, status: "RESOURCE_EXHAUSTED" };
  return bounded({
    ...never,
    code,
    message,
    retryAfterMs: 0,
    violations: [],
    details: {},
    cause: undefined,
    notOwner: undefined,
  });
}
