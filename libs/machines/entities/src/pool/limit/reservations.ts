/**
 * Starts that rates of limits have paid for. The owner of the pool stores them before the starts happen, so the next
 * owner does not allow them again. They are no settings, so they do not change the revision.
 */
import { PoolChanged, ReserveStarts, StartsReservedV1 } from "@tutti/contracts/swarm/v1";
import { nothing } from "../collections.ts";
import { poolErrors } from "../errors.ts";
import { reservedLimitsMax } from "../limits.ts";
import type { PoolCommand, PoolEvent } from "../state.ts";

export const startsReserved: PoolEvent<StartsReservedV1> = {
  type: "starts_reserved",
  version: 1,
  codec: StartsReservedV1,
  evolve({ reservedStarts }, { starts, reserveMs }) {
    for (const reserved of starts) {
      reservedStarts.delete(reserved.limit);
      reservedStarts.set(reserved.limit, reserved);
    }
    for (const [limit, { untilMs }] of reservedStarts) {
      if (untilMs > reserveMs && reservedStarts.size <= reservedLimitsMax) break;
      reservedStarts.delete(limit);
    }
  },
};

export const reserveStarts: PoolCommand<ReserveStarts, PoolChanged> = {
  type: "reserve_starts",
  codec: ReserveStarts,
  reply: PoolChanged,
  decide(pool, { starts }, step) {
    if (starts.length > reservedLimitsMax) {
      const problem = `expected the starts of at most ${reservedLimitsMax} limits at once, got ${starts.length}`;
      return poolErrors.invalid.refusal({ problem });
    }
    if (starts.length > 0) step.emit(startsReserved, { starts, reserveMs: step.nowMs });
    return { ...nothing, revision: pool.changes };
  },
};
