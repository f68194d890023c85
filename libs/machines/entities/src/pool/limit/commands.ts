/** Limits by key, as they are set: what counts against them is known where tasks are matched. */
import { DeletePoolLimit, PoolChanged, PoolLimit, SetPoolLimit } from "@tutti/contracts/swarm/v1";
import { idProblem, isSame, weightProblem } from "../../index.ts";
import { poolErrors } from "../errors.ts";
import { nothing } from "../kept/kind.ts";
import { bytesMax, limitsMax, nameLengthMax } from "../limits.ts";
import type { PoolCommand } from "../state.ts";
import { limitDeleted, limitSet } from "./events.ts";

export const setPoolLimit: PoolCommand<SetPoolLimit, PoolChanged> = {
  type: "set_limit",
  codec: SetPoolLimit,
  reply: PoolChanged,
  decide(pool, { limit: given = PoolLimit.create() }, step) {
    const limit = bare(given);
    const { key } = limit;
    const problem =
      idProblem("limit", key, nameLengthMax) ??
      amountProblem(limit) ??
      weightProblem("limit", PoolLimit, limit, bytesMax);
    if (problem !== undefined) return poolErrors.invalid.refusal({ problem });
    const found = pool.limits.get(key);
    if (found !== undefined && isSame(PoolLimit, found.value, limit))
      return { ...nothing, revision: found.revision, existed: true };
    if (found === undefined && pool.limits.size >= limitsMax)
      return poolErrors.full.refusal({ what: "limit", max: limitsMax });
    step.emit(limitSet, { limit, setMs: step.nowMs, cause: step.cause });
    return { ...nothing, revision: pool.changes, existed: found !== undefined };
  },
};

export const deletePoolLimit: PoolCommand<DeletePoolLimit, PoolChanged> = {
  type: "delete_limit",
  codec: DeletePoolLimit,
  reply: PoolChanged,
  decide(pool, { key }, step) {
    if (!pool.limits.has(key)) return { ...nothing, revision: pool.changes };
    step.emit(limitDeleted, { key, deleteMs: step.nowMs });
    return { ...nothing, revision: pool.changes, removed: true };
  },
};

function bare({ key, maxConcurrent, rate, description }: PoolLimit): PoolLimit {
  return { ...PoolLimit.create(), key, maxConcurrent, rate, description };
}

function amountProblem({ key, maxConcurrent, rate }: PoolLimit): string | undefined {
  if (rate === undefined)
    return maxConcurrent > 0
      ? undefined
      : `limit ${key}: expected so many at once or per time, found neither`;
  const { count, perMs, burst } = rate;
  if (count > 0 && perMs > 0 && burst >= 0 && Number.isFinite(perMs / count)) return undefined;
  return `limit ${key}: expected a rate above 0, found ${count} per ${perMs} ms with a burst of ${burst}`;
}
