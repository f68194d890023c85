/**
 * Series of agents and their pools, read every 10 s: the load that agents report with their heartbeats, what pools count
 * of their attempts, and the queues.
 *
 * 1. The collector of facts names the namespaces with agents or queued tasks. Besides these, only the default namespace
 *    is read.
 * 2. A failed read leaves a gap. The next one is a minute later, and its rates are over both intervals.
 * 3. The load of an agent that is silent, asleep or gone is old, and not recorded.
 * 4. Totals of an agent start again when it joins again. What an agent did before the first read is in no rate.
 */
import { AgentState } from "@tutti/contracts/agent/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import {
  type Agent,
  type AgentFigures,
  type agentService,
  ListAgentsRequest,
  ListPoolsRequest,
  type Pool,
  type PoolStatus,
  type poolService,
} from "@tutti/contracts/swarm/v1";
import type { HostFigures } from "@tutti/contracts/types/v1";
import { ofAllPages } from "@tutti/host/serving";
import { type Component, errorFromUnknown, type Foundation, fromTimestamp, type Timer } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import type { Recorder } from "./recorder.ts";
import type { RecordedMetric, RecordedSeries } from "./sample.ts";
import { slotMs, slotOf } from "./time.ts";

interface Figure<Source> {
  readonly name: string;
  readonly help: string;
  readonly unit: string;
  readonly value: (source: Source) => number;
}

export interface AgentSeriesParts {
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger">;
  readonly agents: Pick<Client<typeof agentService>, "listAgents">;
  readonly pools: Pick<Client<typeof poolService>, "listPools">;
  readonly recorder: Pick<Recorder, "add">;
}

const agentGauges: readonly Figure<HostFigures>[] = [
  {
    name: "agent_cpu_cores",
    help: "Cores that the process of an agent uses.",
    unit: "cores",
    value: ({ cpu, cores }) => cpu * cores,
  },
  {
    name: "agent_memory_bytes",
    help: "Memory of the process of an agent.",
    unit: "bytes",
    value: ({ memoryBytes }) => memoryBytes,
  },
  {
    name: "agent_event_loop_delay_seconds",
    help: "Mean duration of a turn of the event loop of an agent. 0 for programs without one.",
    unit: "seconds",
    value: ({ eventLoopDelayMs }) => eventLoopDelayMs / 1_000,
  },
  {
    name: "agent_host_cpu_ratio",
    help: "Share of all cores in use on the host of an agent.",
    unit: "",
    value: ({ hostCpu }) => hostCpu,
  },
  {
    name: "agent_host_memory_bytes",
    help: "Memory in use on the host of an agent.",
    unit: "bytes",
    value: ({ hostMemoryBytes }) => hostMemoryBytes,
  },
  {
    name: "agent_host_network_receive_bytes_per_second",
    help: "Bytes per second that the host of an agent receives.",
    unit: "bytes",
    value: ({ networkInBytesPerSec }) => networkInBytesPerSec,
  },
  {
    name: "agent_host_network_transmit_bytes_per_second",
    help: "Bytes per second that the host of an agent sends.",
    unit: "bytes",
    value: ({ networkOutBytesPerSec }) => networkOutBytesPerSec,
  },
];

/** Totals, recorded as rates. */
const agentCounters: readonly Figure<AgentFigures>[] = [
  {
    name: "agent_attempts_completed_total",
    help: "Attempts of an agent that completed.",
    unit: "",
    value: ({ completed }) => completed,
  },
  {
    name: "agent_attempts_failed_total",
    help: "Attempts of an agent that failed.",
    unit: "",
    value: ({ failed }) => failed,
  },
  {
    name: "agent_busy_seconds_total",
    help: "Running time of the attempts of an agent, summed over its slots.",
    unit: "seconds",
    value: ({ busyMs }) => busyMs / 1_000,
  },
  {
    name: "agent_tokens_total",
    help: "Tokens of language models that the attempts of an agent used.",
    unit: "",
    value: ({ used }) => used?.tokens ?? 0,
  },
  {
    name: "agent_cost_total",
    help: "Money that the attempts of an agent cost, in the unit of the installation.",
    unit: "",
    value: ({ used }) => used?.money ?? 0,
  },
];

const poolGauges: readonly Figure<PoolStatus>[] = [
  {
    name: "pool_tasks_queued",
    help: "Tasks that wait for an agent of a pool.",
    unit: "",
    value: ({ queued, waitingAtHome }) => queued + waitingAtHome,
  },
  {
    name: "pool_tasks_running",
    help: "Attempts that run in a pool.",
    unit: "",
    value: ({ running }) => running,
  },
  {
    name: "pool_longest_wait_seconds",
    help: "Longest time that a queued task of a pool has waited.",
    unit: "seconds",
    value: ({ longestWaitMs }) => longestWaitMs / 1_000,
  },
];

const reporting: ReadonlySet<AgentState> = new Set([
  AgentState.AGENT_STATE_READY,
  AgentState.AGENT_STATE_BUSY,
  AgentState.AGENT_STATE_DRAINING,
]);
const callMs = 8_000;
/** Pause after a failure, because calls to a service that is away cost more than they find. */
const failedPauseMs = 60_000;

/** The agents' totals at a read. */
interface Totals {
  readonly readMs: number;
  readonly ofAgents: ReadonlyMap<string, { readonly joinMs: number; readonly values: readonly number[] }>;
}

export class AgentSeries implements Component {
  readonly #parts: AgentSeriesParts;
  /** The default namespace, and all others with agents or queued tasks, with the totals of the last read. */
  readonly #namespaces = new Map<string, Totals | undefined>([[defaultNamespace, undefined]]);
  readonly #stopping = new AbortController();
  #pausedUntilMs = 0;
  #timer: Timer | undefined;
  #round: Promise<void> | undefined;

  constructor(parts: AgentSeriesParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#parts.foundation.timers.every(slotMs, () => void this.#read());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stopping.abort();
    await this.#round;
  }

  /** Adds a namespace that has agents or queued tasks. */
  include(namespace: string): void {
    if (!this.#namespaces.has(namespace)) this.#namespaces.set(namespace, undefined);
  }

  /** Reads all namespaces. While a read takes longer than the interval, no other one starts. */
  #read(): Promise<void> {
    this.#round ??= this.#readAll().finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  async #readAll(): Promise<void> {
    const { clock } = this.#parts.foundation;
    if (clock.monotonic() < this.#pausedUntilMs) return;
    for (const [namespace, before] of this.#namespaces)
      try {
        await this.#readNamespace(namespace, before);
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#pausedUntilMs = clock.monotonic() + failedPauseMs;
        const { message } = errorFromUnknown(error);
        this.#parts.foundation.logger.debug("load of agents was not recorded", {
          namespace,
          problem: message,
        });
      }
  }

  async #readNamespace(namespace: string, before: Totals | undefined): Promise<void> {
    const [agents, pools] = await Promise.all([this.#agentsOf(namespace), this.#poolsOf(namespace)]);
    const isUsed = agents.length > 0 || pools.some(isWaitedFor);
    if (!isUsed && namespace !== defaultNamespace) {
      this.#namespaces.delete(namespace);
      return;
    }
    const nowMs = this.#parts.foundation.clock.now();
    const totals = totalsOf(agents, nowMs);
    this.#namespaces.set(namespace, totals);
    if (!isUsed) return;
    const at = { namespace, fromMs: slotOf(nowMs) * slotMs };
    const series = [
      ...agents.flatMap((agent) => [...loadOf(agent, at), ...ratesOf(agent, at, totals, before)]),
      ...pools.flatMap((pool) => queueOf(pool, at)),
    ];
    this.#parts.recorder.add({ metrics: metricsOf(namespace), series });
  }

  #agentsOf(namespace: string): Promise<Agent[]> {
    return ofAllPages(
      (page) =>
        this.#parts.agents.listAgents(ListAgentsRequest.fromPartial({ namespace, page }), this.#options),
      ({ agents }) => agents,
    );
  }

  #poolsOf(namespace: string): Promise<Pool[]> {
    return ofAllPages(
      (page) => this.#parts.pools.listPools(ListPoolsRequest.fromPartial({ namespace, page }), this.#options),
      ({ pools }) => pools,
    );
  }

  get #options() {
    return { timeoutMs: callMs, signal: this.#stopping.signal };
  }
}

/** True if tasks wait in a pool or for it. */
export function isWaitedFor({ status }: Pick<Pool, "status">): boolean {
  return (status?.queued ?? 0) + (status?.waitingAtHome ?? 0) > 0;
}

interface At {
  readonly namespace: string;
  readonly fromMs: number;
}

function metricsOf(namespace: string): RecordedMetric[] {
  const declare = (figures: readonly Figure<never>[], kind: RecordedMetric["kind"], labels: string[]) =>
    figures.map(({ name, help, unit }): RecordedMetric => ({ namespace, name, kind, help, unit, labels }));
  return [
    ...declare(agentGauges, "gauge", ["agent", "pool"]),
    ...declare(agentCounters, "counter", ["agent", "pool"]),
    ...declare(poolGauges, "gauge", ["pool"]),
  ];
}

function loadOf({ agentId: agent, pool, state, figures }: Agent, at: At): RecordedSeries[] {
  if (figures === undefined || !reporting.has(state)) return [];
  return valuesOf(agentGauges, figures, { agent, pool }, at);
}

function queueOf({ pool, status }: Pool, at: At): RecordedSeries[] {
  return status === undefined ? [] : valuesOf(poolGauges, status, { pool }, at);
}

function valuesOf<Source>(
  gauges: readonly Figure<Source>[],
  source: Source,
  labels: RecordedSeries["labels"],
  at: At,
): RecordedSeries[] {
  return gauges.map(({ name, value }) => ({
    ...at,
    metric: name,
    statistic: "value",
    labels,
    values: Float64Array.of(value(source)),
    isSparse: true,
  }));
}

function totalsOf(agents: readonly Agent[], readMs: number): Totals {
  const ofAgents = new Map(
    agents.map(({ agentId, joinTime, done }) => {
      const values = agentCounters.map(({ value }) => (done === undefined ? 0 : value(done)));
      return [agentId, { joinMs: joinTime === undefined ? 0 : fromTimestamp(joinTime), values }] as const;
    }),
  );
  return { readMs, ofAgents };
}

/** Returns the rates of the time since the last read, for each step since then. */
function ratesOf(
  { agentId: agent, pool }: Agent,
  { namespace, fromMs }: At,
  totals: Totals,
  before: Totals | undefined,
): RecordedSeries[] {
  const now = totals.ofAgents.get(agent);
  const last = before?.ofAgents.get(agent);
  if (now === undefined || before === undefined) return [];
  const hasJoined = now.joinMs >= before.readMs;
  if (last === undefined && !hasJoined) return [];
  const seconds = (totals.readMs - before.readMs) / 1_000;
  const firstMs = Math.min(fromMs, (slotOf(before.readMs) + 1) * slotMs);
  return agentCounters.map(({ name }, at) => {
    const since = now.joinMs === last?.joinMs ? (last.values[at] ?? 0) : 0;
    const rate = Math.max(0, (now.values[at] ?? 0) - since) / seconds;
    return {
      namespace,
      fromMs: firstMs,
      metric: name,
      statistic: "rate",
      labels: { agent, pool },
      values: new Float64Array((fromMs - firstMs) / slotMs + 1).fill(rate),
      isSparse: true,
    };
  });
}
