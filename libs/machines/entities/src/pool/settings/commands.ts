/** Settings of a pool, and whether it assigns tasks. */
import {
  CreatePool,
  DeletePool,
  PausePool,
  PoolChanged,
  type Pool as PoolSettings,
  Pool as poolSettings,
  ResumePool,
  UpdatePool,
} from "@tutti/contracts/swarm/v1";
import type { Refusal } from "@tutti/kernel";
import { isSame, sorted, weightProblem } from "../../index.ts";
import { nothing } from "../collections.ts";
import { poolErrors } from "../errors.ts";
import { bytesMax, slowStartMaxMs, textLengthMax } from "../limits.ts";
import type { PoolCommand, PoolView } from "../state.ts";
import { poolCreated, poolDeleted, poolPaused, poolResumed, poolUpdated } from "./events.ts";

export const createPool: PoolCommand<CreatePool, PoolChanged> = {
  type: "create",
  codec: CreatePool,
  reply: PoolChanged,
  decide(state, { pool: input = poolSettings.create() }, step) {
    const pool = bare(input);
    const refusal = unsound(pool);
    if (refusal !== undefined) return refusal;
    const { settings } = state;
    if (settings !== undefined)
      return isSame(poolSettings, settings.value, pool)
        ? { ...nothing, revision: settings.revision, existed: true }
        : poolErrors.exists.refusal({ name: "pool", id: step.key.id });
    step.emit(poolCreated, { pool, createMs: step.nowMs, cause: step.cause });
    if (input.paused) step.emit(poolPaused, { reason: "", pauseMs: step.nowMs, cause: step.cause });
    return { ...nothing, revision: state.settings?.revision ?? 0 };
  },
};

/** Also for a pool that was never created. From then on these settings apply instead of the configuration. */
export const updatePool: PoolCommand<UpdatePool, PoolChanged> = {
  type: "update",
  codec: UpdatePool,
  reply: PoolChanged,
  decide(state, { pool: input = poolSettings.create(), revision }, step) {
    const pool = bare(input);
    const refusal = unsound(pool);
    if (refusal !== undefined) return refusal;
    const { settings } = state;
    const found = settings?.revision ?? 0;
    if (settings !== undefined && isSame(poolSettings, settings.value, pool))
      return { ...nothing, revision: found };
    if (revision !== 0 && revision !== found)
      return poolErrors.moved.refusal({ name: "pool", id: step.key.id, revision, found });
    step.emit(poolUpdated, { pool, updateMs: step.nowMs, cause: step.cause });
    return { ...nothing, revision: state.changes };
  },
};

export const deletePool: PoolCommand<DeletePool, PoolChanged> = {
  type: "delete",
  codec: DeletePool,
  reply: PoolChanged,
  decide(state, _, step) {
    if (isEmpty(state)) return { ...nothing, revision: state.changes };
    step.emit(poolDeleted, { deleteMs: step.nowMs });
    return { ...nothing, revision: state.changes, removed: true };
  },
};

export const pausePool: PoolCommand<PausePool, PoolChanged> = {
  type: "pause",
  codec: PausePool,
  reply: PoolChanged,
  decide(state, { reason }, step) {
    if (reason.length > textLengthMax)
      return poolErrors.invalid.refusal({
        problem: `expected a reason of at most ${textLengthMax} characters, got ${reason.length}`,
      });
    const { pause } = state;
    if (pause.paused && pause.reason === reason) return { ...nothing, revision: state.changes };
    step.emit(poolPaused, { reason, pauseMs: step.nowMs, cause: step.cause });
    return { ...nothing, revision: state.changes };
  },
};

export const resumePool: PoolCommand<ResumePool, PoolChanged> = {
  type: "resume",
  codec: ResumePool,
  reply: PoolChanged,
  decide(state, { slowStart, slowStartMs }, step) {
    const problem = slowStartProblem(slowStart, slowStartMs);
    if (problem !== undefined) return poolErrors.invalid.refusal({ problem });
    const isSlow = slowStart !== undefined && slowStartMs > 0;
    if (!state.pause.paused && !isSlow) return { ...nothing, revision: state.changes };
    step.emit(poolResumed, {
      slowStart: isSlow ? slowStart : undefined,
      slowUntilMs: isSlow ? step.nowMs + slowStartMs : 0,
      resumeMs: step.nowMs,
      cause: step.cause,
    });
    return { ...nothing, revision: state.changes };
  },
};

/** Returns settings without fields that the service sets, in a fixed order. */
function bare(pool: PoolSettings): PoolSettings {
  const { strategy, weights, labels, admits } = pool;
  return {
    ...pool,
    strategy: strategy && { ...strategy, weights: sorted(strategy.weights) },
    weights: sorted(weights),
    labels: sorted(labels),
    admits: [...admits],
    namespace: "",
    pool: "",
    paused: false,
    pauseReason: "",
    slowStartEndTime: undefined,
    status: undefined,
    createTime: undefined,
    updateTime: undefined,
    updateCause: undefined,
    revision: "",
  };
}

function unsound(pool: PoolSettings): Refusal | undefined {
  const problem = shareProblem(pool) ?? weightProblem("pool", poolSettings, pool, bytesMax);
  return problem === undefined ? undefined : poolErrors.invalid.refusal({ problem });
}

function shareProblem({ weights }: PoolSettings): string | undefined {
  for (const [namespace, weight] of Object.entries(weights))
    if (!(weight > 0 && weight <= 1e6))
      return `weight of ${namespace}: expected above 0, at most 1,000,000, got ${weight}`;
  return undefined;
}

function slowStartProblem(rate: ResumePool["slowStart"], forMs: number): string | undefined {
  if (!(forMs >= 0 && forMs <= slowStartMaxMs))
    return `expected a slow start of at most ${slowStartMaxMs} ms, got ${forMs}`;
  if (rate === undefined) return undefined;
  const { count, perMs, burst } = rate;
  if (count > 0 && perMs > 0 && burst >= 0 && Number.isFinite(perMs / count)) return undefined;
  return `expected a slow start of more than 0 per more than 0 ms, got ${count} per ${perMs} ms`;
}

function isEmpty({ settings, pause, limits, hooks, scalers, holds }: PoolView): boolean {
  const count = limits.size + hooks.size + scalers.size + holds.size;
  return settings === undefined && !pause.paused && count === 0;
}
