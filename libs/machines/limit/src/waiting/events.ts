import {
  GrantsPutOffV1,
  LimitGrantedV1,
  LimitHolder,
  WaitBegunV1,
  WaitEndedV1,
} from "@tutti/contracts/workflow/v1";
import { assert } from "@tutti/kernel";
import { addHold } from "../hold/events.ts";
import { type Limit, type LimitEvent, nameOf } from "../state.ts";
import { arm } from "../timer.ts";
import type { Waiter } from "./line.ts";

export const waitBegun: LimitEvent<WaitBegunV1> = {
  type: "wait_begun",
  version: 1,
  codec: WaitBegunV1,
  described: true,
  evolve(limit, { holder = LimitHolder.create(), shareWeight, ...request }, outstanding) {
    limit.lastTicket = request.ticket;
    limit.byHolder.set(nameOf(holder), request.ticket);
    limit.line.join({ ...request, holder }, shareWeight);
    arm(limit, outstanding);
  },
};

export const waitEnded: LimitEvent<WaitEndedV1> = {
  type: "wait_ended",
  version: 1,
  codec: WaitEndedV1,
  described: true,
  evolve(limit, { ticket }, outstanding) {
    const waiter = waiterOf(limit, ticket);
    limit.byHolder.delete(nameOf(waiter.holder));
    limit.line.remove(waiter);
    arm(limit, outstanding);
  },
};

export const limitGranted: LimitEvent<LimitGrantedV1> = {
  type: "limit_granted",
  version: 1,
  codec: LimitGrantedV1,
  described: true,
  evolve(limit, { ticket, grantMs, leaseDueMs: dueMs }, outstanding) {
    const waiter = waiterOf(limit, ticket);
    const { holder, weight, leaseMs } = waiter;
    limit.line.grant(waiter);
    addHold(limit, { ticket, holder, weight, grantMs, dueMs, leaseMs });
    arm(limit, outstanding);
  },
};

export const grantsPutOff: LimitEvent<GrantsPutOffV1> = {
  type: "grants_put_off",
  version: 1,
  codec: GrantsPutOffV1,
  evolve(limit, { untilMs }, outstanding) {
    limit.putOffMs = untilMs;
    arm(limit, outstanding);
  },
};

function waiterOf(limit: Limit, ticket: number): Waiter {
  const waiter = limit.line.waiters.get(ticket);
  assert(waiter !== undefined, "one whose waiting ends waits", { ticket });
  return waiter;
}
