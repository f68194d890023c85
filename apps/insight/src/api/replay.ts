/** What-if replays of pools, converted to the contract. */
import { PoolReplay, ReplayPoolReply, type ReplayPoolRequest } from "@tutti/contracts/insight/v1";
import { namespaceOf } from "@tutti/contracts/rpc";
import { ListPoolLimitsRequest, Pool, type poolService } from "@tutti/contracts/swarm/v1";
import { type CallContext, type Clock, fromTimestamp, toTimestamp } from "@tutti/kernel";
import {
  isStrategyName,
  type PoolReport,
  type SelfCheck,
  type StrategyName,
  strategyNames,
} from "@tutti/matching";
import type { Client } from "@tutti/mesh";
import { insightErrors } from "../errors.ts";
import type { FactCollector } from "../facts/collector.ts";
import type { QueryProcess } from "../facts/query/query-process.ts";

export interface ReplayParts {
  readonly collector: Pick<FactCollector, "catchUp">;
  /** A process of its own, because a replay takes longer than a query. */
  readonly replays: Pick<QueryProcess, "replay">;
  readonly pools: Pick<Client<typeof poolService>, "getPool" | "listPoolLimits">;
  readonly file: string;
  readonly clock: Clock;
}

const weekMs = 7 * 24 * 3_600_000;
const defaultPool = "default";
const attemptsByDefault = 200_000;
const attemptsOfAllByDefault = 10_000;

export async function replayPool(
  { collector, replays, pools, file, clock }: ReplayParts,
  request: ReplayPoolRequest,
  { signal }: Pick<CallContext, "signal">,
): Promise<ReplayPoolReply> {
  const namespace = namespaceOf(request);
  const { pool: requestedPool, span, strategy, workers, slots, load, waitGoalMs, workerPrice } = request;
  const name = requestedPool || defaultPool;
  const toMs = span?.to === undefined ? clock.now() : fromTimestamp(span.to);
  const fromMs = span?.from === undefined ? toMs - weekMs : fromTimestamp(span.from);
  if (fromMs >= toMs) throw insightErrors.spanEmpty();
  if (strategy !== "" && strategy !== "all" && !isStrategyName(strategy))
    throw insightErrors.strategyUnknown({ strategy, known: [...strategyNames, "all"].join(", ") });
  const { pool } = await pools.getPool({ namespace, pool: name }, { signal });
  const rules = ListPoolLimitsRequest.fromPartial({ namespace, pool: name, page: { size: 1_000 } });
  const { limits } = await pools.listPoolLimits(rules, { signal });
  await collector.catchUp();
  const startMs = clock.monotonic();
  const found = await replays.replay({
    file,
    namespace,
    pool: name,
    fromMs,
    toMs,
    settings: Pool.toJSON(Pool.fromPartial(pool ?? {})),
    limits: limits.map(({ key, maxConcurrent, rate }) => ({ key, maxConcurrent, rate })),
    strategy: strategy === "" ? undefined : (strategy as StrategyName | "all"),
    attempts: request.attempts || (strategy === "all" ? attemptsOfAllByDefault : attemptsByDefault),
    scenario: { workers: workers || undefined, slots: slots || undefined, load: load || undefined },
    goals: { waitMs: waitGoalMs, pricePerHour: workerPrice },
  });
  const count = strategy === "all" ? 1 + found.strategies.length : found.scenario === undefined ? 1 : 2;
  const virtualMs = (found.toMs - found.fromMs) * count;
  return ReplayPoolReply.fromPartial({
    check: checkOf(found.check),
    past: replayOf(found.past),
    missing: found.missing,
    cut: found.cut,
    scenario: found.scenario && replayOf(found.scenario),
    strategies: found.strategies.map(({ report, ...each }) => ({ ...each, replay: replayOf(report) })),
    replayed: { from: toTimestamp(found.fromMs), to: toTimestamp(found.toMs) },
    speed: virtualMs / Math.max(1, clock.monotonic() - startMs),
  });
}

function checkOf({ isGood: passed, error, quantiles, hopMs }: SelfCheck): ReplayPoolReply["check"] {
  return { passed, error, hopMs, values: quantiles.map((value) => ({ ...value })) };
}

function replayOf({ tenants, ...report }: PoolReport): PoolReplay {
  return PoolReplay.fromPartial({
    ...report,
    tenants: tenants.map(({ isStarved: starved, ...tenant }) => ({ ...tenant, starved })),
  });
}
