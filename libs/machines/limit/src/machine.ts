/**
 * The limit machine: the table of its commands, events and queries. It bounds the concurrency and the rate of a key:
 *
 * 1. The held weight never exceeds the rule by more than one grant of a weight above it. Grants from before the rule
 *    became smaller are an exception.
 * 2. Every waiting holder gets a reply in the end: a grant, or the reason of the refusal.
 * 3. Every operation costs at most the logarithm of the number of waiters. Every fold follows the event alone: the
 *    decider selected the next holder.
 */

import { WorkStatus } from "@tutti/contracts/types/v1";
import { LimitSnapshotV1 } from "@tutti/contracts/workflow/v1";
import type { Description, Machine } from "@tutti/kernel";
import { acquire, evict, release, renew } from "./hold/commands.ts";
import { holderEvicted, leaseExpired, leasesRenewed, limitReleased, limitTaken } from "./hold/events.ts";
import { expire } from "./hold/expire.ts";
import { removeLimit, setLimit } from "./rule/commands.ts";
import { limitImplied, limitSet, limitUnset } from "./rule/events.ts";
import { places, usage } from "./rule/queries.ts";
import { limitSnapshots, snapshotOf } from "./snapshots.ts";
import { type Limit, type LimitView, newLimit } from "./state.ts";
import { timer } from "./timer.ts";
import { grantsPutOff, limitGranted, waitBegun, waitEnded } from "./waiting/events.ts";

export const limit: Machine<Limit, never> = {
  kind: "limit",
  behaviour: 1,
  isEndless: true,
  create: newLimit,
  commands: [setLimit, removeLimit, acquire, release, renew, evict],
  events: [
    limitSet,
    limitUnset,
    limitImplied,
    waitBegun,
    waitEnded,
    limitGranted,
    grantsPutOff,
    limitTaken,
    limitReleased,
    leasesRenewed,
    leaseExpired,
    holderEvicted,
  ],
  queries: [usage, places],
  expire: (state, _, step) => expire(state, step),
  snapshots: limitSnapshots,
  recover({ dueMs }, outstanding) {
    if (dueMs > 0) outstanding.timer(timer, dueMs);
  },
  describe: describeLimit,
  project: projectLimit,
};

/** A limit never ends: its rule may be removed, and its key requested again a moment later. */
function describeLimit({ used, set, holds, line }: LimitView): Description {
  return {
    status: used ? WorkStatus.WORK_STATUS_RUNNING : WorkStatus.WORK_STATUS_UNSPECIFIED,
    definition: "",
    labels: { set: set === undefined ? "no" : "yes", held: String(holds.size), waiting: String(line.size) },
    idChosen: false,
  };
}

/** Returns the whole state as plain JSON. */
function projectLimit(limit: LimitView): unknown {
  return LimitSnapshotV1.toJSON(snapshotOf(limit as Limit));
}
