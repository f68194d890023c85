/**
 * The ledger machine of a namespace: the parts of shared amounts that each pool may use.
 *
 * 1. It keeps quotas, and reservations for a time.
 * 2. Pools know the running work exactly, without a request. So pools hold parts of quotas, by leases, and all
 *    parts together never exceed the limit.
 * 3. It never ends: an empty ledger is the same as a ledger that was never used.
 */
import { WorkStatus } from "@tutti/contracts/types/v1";
import { entity } from "../kit/entity.ts";
import { claimParts } from "./part/commands.ts";
import { ledgerSwept, partsClaimed } from "./part/events.ts";
import { contents } from "./queries.ts";
import { dropQuota, keepQuota, quotaDropped, quotaKept } from "./quota/quotas.ts";
import { cancelReservation, reservationCancelled, reserve, reserved } from "./reservation/reservations.ts";
import { snapshot } from "./snapshots.ts";
import { newLedger } from "./state.ts";
import { timer } from "./timer.ts";

export const ledger = entity({
  kind: "ledger",
  create: newLedger,
  commands: [keepQuota, dropQuota, reserve, cancelReservation, claimParts],
  events: [quotaKept, quotaDropped, reserved, reservationCancelled, partsClaimed, ledgerSwept],
  queries: [contents],
  expire: (_state, _timer, step) => step.emit(ledgerSwept, { untilMs: step.nowMs }),
  snapshot,
  recover({ dueMs }, outstanding) {
    if (dueMs > 0) outstanding.timer(timer, dueMs);
  },
  status: ({ changes }) =>
    changes === 0 ? WorkStatus.WORK_STATUS_UNSPECIFIED : WorkStatus.WORK_STATUS_RUNNING,
  labels: ({ quotas, reservations }) => ({
    quotas: String(quotas.size),
    reservations: String(reservations.size),
  }),
});
