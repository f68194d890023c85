/**
 * Series of agents: the load that they report with their heartbeats, read every 10 s.
 *
 * 1. The collector of facts names the namespaces with agents. Besides these, only the default namespace is read.
 * 2. A failed read leaves a gap. The next one is 10 s later.
 * 3. Values of an agent that is silent, asleep or gone are old, and not recorded.
 */
import { AgentState } from "@tutti/contracts/agent/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { type Agent, type agentService, ListAgentsRequest } from "@tutti/contracts/swarm/v1";
import type { HostFigures } from "@tutti/contracts/types/v1";
import { ofAllPages } from "@tutti/host/serving";
import { type Component, errorFromUnknown, type Foundation, type Timer } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import type { Measured } from "./measured.ts";
import type { Recorder } from "./recorder.ts";
import type { RecordedMetric, RecordedSeries } from "./sample.ts";
import { slotMs, slotOf } from "./time.ts";

interface AgentGauge {
  readonly name: string;
  readonly help: string;
  readonly unit: string;
  readonly value: (figures: HostFigures) => number;
}

export interface AgentSeriesParts {
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger">;
  readonly agents: Pick<Client<typeof agentService>, "listAgents">;
  readonly recorder: Pick<Recorder, "add">;
}

const gauges: readonly AgentGauge[] = [
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

const reporting: ReadonlySet<AgentState> = new Set([
  AgentState.AGENT_STATE_READY,
  AgentState.AGENT_STATE_BUSY,
  AgentState.AGENT_STATE_DRAINING,
]);
const callMs = 8_000;

export class AgentSeries implements Component {
  readonly #parts: AgentSeriesParts;
  /** The default namespace, and all others with agents. */
  readonly #namespaces = new Set([defaultNamespace]);
  readonly #stopping = new AbortController();
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

  /** Adds a namespace that has agents. */
  include(namespace: string): void {
    this.#namespaces.add(namespace);
  }

  /** Reads all namespaces. While a read takes longer than the interval, no other one starts. */
  #read(): Promise<void> {
    this.#round ??= this.#readAll().finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  async #readAll(): Promise<void> {
    for (const namespace of this.#namespaces)
      try {
        const agents = await this.#agentsOf(namespace);
        if (agents.length === 0 && namespace !== defaultNamespace) this.#namespaces.delete(namespace);
        if (agents.length > 0)
          this.#parts.recorder.add(measuredAgents(namespace, agents, this.#parts.foundation.clock.now()));
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        const { message } = errorFromUnknown(error);
        this.#parts.foundation.logger.debug("load of agents was not recorded", {
          namespace,
          problem: message,
        });
      }
  }

  #agentsOf(namespace: string): Promise<Agent[]> {
    const options = { timeoutMs: callMs, signal: this.#stopping.signal };
    return ofAllPages(
      (page) => this.#parts.agents.listAgents(ListAgentsRequest.fromPartial({ namespace, page }), options),
      ({ agents }) => agents,
    );
  }
}

function measuredAgents(namespace: string, agents: readonly Agent[], nowMs: number): Measured {
  const fromMs = slotOf(nowMs) * slotMs;
  return {
    metrics: gauges.map(
      ({ name, help, unit }): RecordedMetric => ({
        namespace,
        name,
        kind: "gauge",
        help,
        unit,
        labels: ["agent", "pool"],
      }),
    ),
    series: agents.flatMap(({ agentId, pool, state, figures }) =>
      figures === undefined || !reporting.has(state)
        ? []
        : gauges.map(
            ({ name, value }): RecordedSeries => ({
              namespace,
              metric: name,
              statistic: "value",
              labels: { agent: agentId, pool },
              fromMs,
              values: Float64Array.of(value(figures)),
              isSparse: true,
            }),
          ),
    ),
  };
}
