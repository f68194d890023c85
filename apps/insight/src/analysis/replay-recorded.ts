/** Reads the records of a pool and replays them. Runs in a process of its own, so that no other work waits for it. */
import { Pool, type PoolLimit, type Strategy } from "@tutti/contracts/swarm/v1";
import {
  compareStrategies,
  type Goals,
  otherStrategies,
  poolSettingsOf,
  type RecordedAgent,
  type RecordedAttempt,
  type Recording,
  type ReplayPolicy,
  type Scenario,
  type StrategyName,
  type StrategyReplayed,
  strategyIn,
  strategyTextOf,
  type WhatIf,
  whatIf,
} from "@tutti/matching";
import { openToRead } from "../facts/open-to-read.ts";
import { timeText } from "../facts/tables.ts";
import { presenceOf } from "./presence.ts";

export interface ReplayQuery {
  readonly file: string;
  readonly namespace: string;
  readonly pool: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** The current settings of the pool, as JSON. */
  readonly settings: unknown;
  readonly limits: readonly Pick<PoolLimit, "key" | "maxConcurrent" | "rate">[];
  /** Undefined for the strategy of the pool. */
  readonly strategy: StrategyName | "all" | undefined;
  /** Maximum number of attempts. The newest are replayed. */
  readonly attempts: number;
  readonly scenario: Scenario;
  readonly goals: Goals;
}

export interface ReplayFound extends WhatIf {
  /** Results of each other strategy, if `all` was requested. */
  readonly strategies: readonly StrategyReplayed[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Number of rows that were not recorded. */
  readonly missing: number;
  readonly cut: boolean;
}

/** An agent counts as gone if the last heartbeat is this much older than the latest of all agents. */
const disconnectedAfterMs = 90_000;

type Row = Record<string, string | number | null>;

export function replayRecorded(request: ReplayQuery): ReplayFound {
  const { recording, missing, cut } = readRecording(request);
  const pool = Pool.fromJSON(request.settings);
  const policyOf = (message: Pool): ReplayPolicy => ({
    namespace: request.namespace,
    pool: request.pool,
    settings: poolSettingsOf(message, request.namespace),
    limits: request.limits.map(({ key, maxConcurrent, rate }) => ({
      key,
      maxConcurrent,
      rate,
      description: "",
    })),
  });
  const by = (strategy: Strategy): ReplayPolicy => policyOf({ ...pool, strategy });
  const found = replayBy(request, { recording, pool, policy: policyOf(pool), by });
  const times = recording.attempts.flatMap(({ readyMs, endedMs }) => [readyMs, endedMs]);
  const bounds = times.reduce(
    ({ fromMs, toMs }, ms) => ({ fromMs: Math.min(fromMs, ms), toMs: Math.max(toMs, ms) }),
    { fromMs: request.toMs, toMs: request.fromMs },
  );
  return { ...found, ...bounds, missing, cut };
}

function replayBy(
  { strategy, scenario, goals }: ReplayQuery,
  {
    recording,
    pool,
    policy,
    by,
  }: {
    readonly recording: Recording;
    readonly pool: Pool;
    readonly policy: ReplayPolicy;
    readonly by: (strategy: Strategy) => ReplayPolicy;
  },
): WhatIf & Pick<ReplayFound, "strategies"> {
  if (strategy !== "all") {
    const other = strategy === undefined ? undefined : strategyIn(strategy, pool);
    const otherPolicy = other === undefined ? policy : by(other);
    return { ...whatIf({ recording, policy, otherPolicy, scenario, goals }), strategies: [] };
  }
  const others = otherStrategies(pool).map((each) => ({
    strategy: strategyTextOf({ strategy: each }),
    policy: by(each),
  }));
  const { same, ...found } = compareStrategies({ recording, policy, others, goals });
  return { ...found, scenario: same };
}

function readRecording({ file, namespace, pool, fromMs, toMs, attempts: most }: ReplayQuery): {
  readonly recording: Recording;
  readonly missing: number;
  readonly cut: boolean;
} {
  const database = openToRead(file);
  try {
    // The casts: a statement returns rows with the columns of its table.
    const rows = database
      .prepare(
        `SELECT * FROM placement WHERE pool_namespace = ? AND pool = ? AND ended >= ? AND ended < ?
          ORDER BY ended DESC LIMIT ?`,
      )
      .all(namespace, pool, timeText(fromMs) ?? "", timeText(toMs) ?? "", most) as Row[];
    const agents = database
      .prepare("SELECT * FROM agent WHERE namespace = ? AND pool = ?")
      .all(namespace, pool) as Row[];
    const states = database
      .prepare("SELECT agent, state, since FROM agent_state WHERE namespace = ? AND pool = ? ORDER BY since")
      .all(namespace, pool) as Row[];
    const attempts = rows.reverse().map(attemptOf);
    const recording = { namespace, pool, attempts, agents: agentsOf(agents, states, attempts) };
    return { recording, missing: missingOf(rows), cut: rows.length >= most };
  } finally {
    database.close();
  }
}

const textIn = (row: Row, name: string): string => String(row[name] ?? "");
const numberIn = (row: Row, name: string): number => Number(row[name] ?? 0);
const msIn = (row: Row, name: string): number => {
  const text = row[name];
  return typeof text === "string" ? Date.parse(`${text.replace(" ", "T")}Z`) : 0;
};

function attemptOf(row: Row): RecordedAttempt {
  const readyMs = numberIn(row, "ready_at");
  const assignedMs = readyMs + numberIn(row, "wait_ms");
  return {
    namespace: textIn(row, "namespace"),
    kind: textIn(row, "kind"),
    workId: textIn(row, "work_id"),
    task: textIn(row, "task"),
    attempt: numberIn(row, "attempt"),
    definition: textIn(row, "definition"),
    capability: textIn(row, "uses"),
    agentId: textIn(row, "agent"),
    slots: numberIn(row, "slots"),
    priority: numberIn(row, "priority"),
    share: textIn(row, "share"),
    readyMs,
    assignedMs,
    offeredMs: readyMs + numberIn(row, "offered_after_ms"),
    endedMs: assignedMs + numberIn(row, "held_ms"),
    dueMs: numberIn(row, "due_at"),
    isCopy: row["is_copy"] === 1,
    status: textIn(row, "status"),
    money: numberIn(row, "money"),
    demand: textIn(row, "demand"),
  };
}

interface Offering {
  readonly capabilities: RecordedAgent["capabilities"];
  readonly labels: Record<string, string>;
  readonly resources: Record<string, number>;
}

/** Returns the agents. An unlisted agent was connected from its first task to its last, and offered what those needed. */
function agentsOf(
  rows: readonly Row[],
  states: readonly Row[],
  attempts: readonly RecordedAttempt[],
): RecordedAgent[] {
  const statesOf = Map.groupBy(states, (row) => textIn(row, "agent"));
  const listed = new Map(rows.map((row) => [textIn(row, "id"), row]));
  const latestHeartbeatMs = Math.max(0, ...rows.map((row) => msIn(row, "heard")));
  const byAgent = Map.groupBy(attempts, ({ agentId }) => agentId);
  const ids = new Set([...byAgent.keys(), ...listed.keys()]);
  return [...ids].flatMap((agentId): RecordedAgent[] => {
    const own = byAgent.get(agentId) ?? [];
    const row = listed.get(agentId);
    const firstMs = own.reduce(
      (first, { assignedMs }) => Math.min(first, assignedMs),
      Number.POSITIVE_INFINITY,
    );
    const lastMs = own.reduce((last, { endedMs }) => Math.max(last, endedMs), 0);
    if (row === undefined) {
      const capabilities = [...new Set(own.map(({ capability }) => capability))].map((name) => ({
        name,
        version: "0.0.0",
        money: 0,
      }));
      const slots = Math.max(1, ...own.map((each) => each.slots));
      const offered = { capabilities, labels: {}, resources: {} };
      return [{ agentId, likeId: agentId, slots, ...offered, fromMs: firstMs, toMs: lastMs }];
    }
    // The cast: insight wrote this format.
    const offering = JSON.parse(textIn(row, "offering") || "{}") as Offering;
    const lastHeartbeatMs = msIn(row, "heard");
    const isDisconnected =
      textIn(row, "state") === "gone" || lastHeartbeatMs < latestHeartbeatMs - disconnectedAfterMs;
    const fromMs = Math.min(firstMs, msIn(row, "joined"));
    const toMs = isDisconnected ? Math.max(lastMs, lastHeartbeatMs) : Number.POSITIVE_INFINITY;
    const known = (statesOf.get(agentId) ?? []).map((each) => ({
      state: textIn(each, "state"),
      sinceMs: msIn(each, "since"),
    }));
    const agent = { agentId, likeId: agentId, slots: numberIn(row, "slots") || 1, ...offering };
    return presenceOf({ fromMs, toMs }, known, own).map((span) => ({ ...agent, ...span }));
  });
}

/** Counts gaps in the numbers of each owner: rows that insight did not read in time. */
function missingOf(rows: readonly Row[]): number {
  let missing = 0;
  for (const own of Map.groupBy(rows, (row) => numberIn(row, "epoch")).values()) {
    const numbers = own.map((row) => numberIn(row, "sequence"));
    const [first, last] = numbers.reduce(
      ([low, high], number) => [Math.min(low, number), Math.max(high, number)] as const,
      [Number.POSITIVE_INFINITY, 0] as readonly [number, number],
    );
    missing += last - first + 1 - own.length;
  }
  return missing;
}
