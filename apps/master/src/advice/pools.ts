/**
 * Pools as advice sees them: replays of the same time with other strategies, and the strategies of a trial.
 *
 * 1. All tasks of a pool wait in one queue, so two concurrent strategies would influence each other. A trial
 *    alternates them instead, for a span each.
 * 2. Each task records the strategy that chose its agent. A span does not count the tasks of the other
 *    strategy, so a late change does not affect the comparison.
 */
import { createHash } from "node:crypto";
import {
  type analysisService,
  type factService,
  PoolReplay,
  QueryFactsRequest,
  ReplayPoolRequest,
  type StrategyReplay,
} from "@tutti/contracts/insight/v1";
import { PredictedGain, Recommendation, TrialSample } from "@tutti/contracts/intelligence/v1";
import { ListPoolsRequest, type Pool, type poolService, UpdatePoolRequest } from "@tutti/contracts/swarm/v1";
import { type Clock, durationText, toTimestamp } from "@tutti/kernel";
import { strategyIn, strategyTextOf } from "@tutti/matching";
import type { Client } from "@tutti/mesh";
import type { Caller, Found } from "./workflows.ts";

export interface PoolClients {
  readonly pools: Pick<Client<typeof poolService>, "getPool" | "listPools" | "updatePool">;
  readonly replays: Pick<Client<typeof analysisService>, "replayPool">;
  readonly facts: Pick<Client<typeof factService>, "queryFacts">;
  readonly clock: Pick<Clock, "now">;
  /** Returns whether a process records attempts of agents. */
  readonly isServed: () => boolean;
  /** Duration of a span of a trial. */
  readonly spanMs: number;
}

const hourMs = 3_600_000;
const poolsMax = 100;
/** Minimum number of tasks for a meaningful replay. */
const tasksMin = 200;
/** A smaller gain is not worth a trial. */
const gainMin = 0.03;
/** A smaller increase is no difference. */
const tolerance = 1.02;
const resolutionMs = 1;
const tasksOfSpanMin = 5;
const spansMax = 10_000;

export class Pools {
  readonly #clients: PoolClients;
  readonly spanMs: number;

  constructor(clients: PoolClients) {
    this.#clients = clients;
    this.spanMs = clients.spanMs;
  }

  async names({ namespace, context }: Caller): Promise<readonly string[]> {
    if (!this.#clients.isServed()) return [];
    const request = ListPoolsRequest.fromPartial({ namespace, page: { size: poolsMax } });
    const { pools } = await this.#clients.pools.listPools(request, context && { context });
    return pools.map(({ pool }) => pool);
  }

  /** Returns findings from the recorded tasks of a pool, by default of the last hour. */
  async findAbout(caller: Caller, name: string, sinceMs: number): Promise<Found> {
    const { namespace, context } = caller;
    const pool = await this.#get(caller, name);
    const before = strategyTextOf(pool);
    if (!this.#clients.isServed()) return { baseHash: before, runs: 0, found: [] };
    const nowMs = this.#clients.clock.now();
    const span = { from: toTimestamp(sinceMs || nowMs - hourMs), to: toTimestamp(nowMs) };
    const request = ReplayPoolRequest.fromPartial({ namespace, pool: name, span, strategy: "all" });
    const reply = await this.#clients.replays.replayPool(request, context && { context });
    const { past, scenario: same, strategies, check } = reply;
    const runs = past?.tasks ?? 0;
    if (same === undefined || runs < tasksMin) return { baseHash: before, runs, found: [] };
    const best = strategies.find((each) => isBetter(each, same));
    const found =
      best === undefined
        ? []
        : [
            recommendationOf(namespace, name, {
              before,
              best,
              strategies,
              same,
              error: check?.error ?? 0,
              spanMs: this.spanMs,
            }),
          ];
    return { baseHash: before, runs, found };
  }

  async strategyOf(caller: Caller, name: string): Promise<string> {
    return strategyTextOf(await this.#get(caller, name));
  }

  async setStrategy(caller: Caller, name: string, text: string, reason: string): Promise<void> {
    const { namespace, context } = caller;
    const pool = await this.#get(caller, name);
    const strategy = strategyIn(text, pool);
    if (strategy === undefined || strategyTextOf(pool) === text) return;
    const request = UpdatePoolRequest.fromPartial({
      namespace,
      reason,
      pool: { pool: name, strategy },
      update: { fields: ["strategy"], revision: pool?.revision ?? "" },
    });
    await this.#clients.pools.updatePool(request, context && { context });
  }

  /** Returns the complete spans of each strategy since the start of a trial. */
  async samples(
    { namespace, context }: Caller,
    { id, name, startMs, before, tried }: TrialOfPool,
  ): Promise<{ readonly before: TrialSample; readonly tried: TrialSample }> {
    const { spanMs } = this;
    const nowMs = this.#clients.clock.now();
    const from = new Date(startMs).toISOString().slice(0, 23).replace("T", " ");
    const sql = `SELECT CAST((ready_at + wait_ms - ${startMs}) / ${spanMs} AS INTEGER), strategy, avg(CASE WHEN status = 'completed' THEN wait_ms + held_ms END), count(*),
        sum(status IN ('failed', 'lost')), avg(money)
      FROM placements
      WHERE pool_namespace = '${namespace}' AND pool = '${name}' AND is_copy = 0 AND status NOT IN ('busy', 'yielded', 'cancelled')
        AND strategy IS NOT NULL AND ended >= '${from}'
        AND ready_at + wait_ms >= ${startMs} GROUP BY 1, 2 ORDER BY 1`;
    const request = QueryFactsRequest.fromPartial({ namespace, sql, rowsMax: spansMax });
    const { rows } = await this.#clients.facts.queryFacts(request, context && { context });
    const body = rows?.body?.$case === "inline" ? rows.body.value : undefined;
    // The cast: columns of the statement.
    const found = body === undefined ? [] : (JSON.parse(Buffer.from(body).toString()) as SpanRow[]);
    const over = found.filter(([span]) => startMs + (span + 1) * spanMs <= nowMs);
    const sampleOf = (strategy: string): TrialSample => {
      const own = over.filter(
        ([span, by, meanMs, tasks]) =>
          by === strategy &&
          (isTriedIn(id, span) ? tried : before) === by &&
          meanMs !== null &&
          tasks >= tasksOfSpanMin,
      );
      return TrialSample.fromPartial({
        runMs: own.map(([, , meanMs]) => meanMs ?? 0),
        money: own.map(([, , , , , money]) => money ?? 0),
        failed: own.reduce((sum, [, , , , failed]) => sum + failed, 0),
        ended: own.reduce((sum, [, , , tasks]) => sum + tasks, 0),
      });
    };
    return { before: sampleOf(before), tried: sampleOf(tried) };
  }

  async #get({ namespace, context }: Caller, name: string): Promise<Pool | undefined> {
    return (await this.#clients.pools.getPool({ namespace, pool: name }, context && { context })).pool;
  }
}

interface TrialOfPool {
  /** Id of the recommendation. */
  readonly id: string;
  readonly name: string;
  readonly startMs: number;
  readonly before: string;
  readonly tried: string;
}

type SpanRow = readonly [
  span: number,
  strategy: string,
  meanMs: number | null,
  tasks: number,
  failed: number,
  money: number | null,
];

/** Each pair of spans has one on trial. The order is drawn, so a load every 10 minutes meets both. */
export function isTriedIn(id: string, span: number): boolean {
  const pair = Math.floor(span / 2);
  const isFirst = pair === 0 || (createHash("sha256").update(`${id}/${pair}`).digest()[0] ?? 0) < 128;
  return isFirst === (span % 2 === 0);
}

/** Returns whether it takes less time, and no task, tenant or bill is worse. */
function isBetter({ gain, gainLow, replay }: StrategyReplay, same: PoolReplay): boolean {
  const other = replay ?? PoolReplay.create();
  const starved = ({ tenants }: PoolReplay) => tenants.filter((tenant) => tenant.starved).length;
  return (
    gain >= gainMin &&
    gainLow >= 0 &&
    other.waitP99Ms <= same.waitP99Ms * tolerance + resolutionMs &&
    other.cost <= same.cost * tolerance &&
    other.missed <= same.missed &&
    other.unserved <= same.unserved &&
    starved(other) <= starved(same)
  );
}

interface Compared {
  readonly before: string;
  readonly best: StrategyReplay;
  readonly strategies: readonly StrategyReplay[];
  readonly same: PoolReplay;
  readonly error: number;
  readonly spanMs: number;
}

function recommendationOf(
  namespace: string,
  pool: string,
  { before, best, strategies, same, error, spanMs }: Compared,
): Recommendation {
  const { strategy, gain, gainLow, gainHigh, replay = PoolReplay.create() } = best;
  const title = `\`${strategy}\` would have given less time from queueing to end than \`${before}\`.`;
  const reasons = [
    `Mean time from queueing to end in ${same.tasks} replayed tasks: ${durationText(same.timeMeanMs)} with \`${before}\`, ${durationText(replay.timeMeanMs)} with \`${strategy}\`.`,
    `Wait p99: ${durationText(same.waitP99Ms)}, then ${durationText(replay.waitP99Ms)}. Cost: ${same.cost.toFixed(2)}, then ${replay.cost.toFixed(2)}.`,
    `All strategies, less time: ${strategies.map((each) => `\`${each.strategy}\` ${percentText(each.gain)}`).join(", ")}.`,
    `The replay of the past is off by ${percentText(error)}.`,
  ];
  const risk = `The replay uses recorded task durations. It does not model other tasks on the same machines. During the trial the pool changes its strategy every ${durationText(spanMs)}.`;
  return Recommendation.fromPartial({
    namespace,
    pool,
    subject: `pool:${pool}`,
    kind: "pool_strategy",
    title,
    reasons,
    risk,
    recommendationId: `pool.${pool}.strategy.${idOf(strategy)}`,
    message: [title, ...reasons, risk].join(" "),
    gain: PredictedGain.create({
      measure: "time",
      median: gain,
      low: gainLow,
      high: gainHigh,
      runs: same.tasks,
    }),
    evidence: { tasks: same.tasks, error },
    effect: { time: -gain },
    changes: [`strategy: "${before}" → "${strategy}"`],
    document: strategy,
  });
}

/** Returns `auction(load=0.5)` as a part of an id: `auction-load-0-5`. */
const idOf = (strategy: string): string => strategy.match(/[a-z0-9]+/g)?.join("-") ?? "";
const percentText = (share: number): string => `${(share * 100).toFixed(1)} %`;
