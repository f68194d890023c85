import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentState } from "@tutti/contracts/agent/v1";
import {
  Agent,
  AgentFigures,
  ListAgentsReply,
  type ListAgentsRequest,
  ListPoolsReply,
  type ListPoolsRequest,
  Pool,
  PoolStatus,
} from "@tutti/contracts/swarm/v1";
import { HostFigures } from "@tutti/contracts/types/v1";
import { silentLogger, toTimestamp } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { AgentSeries } from "./agent-series.ts";
import type { Measured } from "./measured.ts";

const { AGENT_STATE_READY, AGENT_STATE_SUSPECT, AGENT_STATE_DRAINING } = AgentState;
const agent = (agentId: string, state: AgentState, figures?: Partial<HostFigures>) =>
  Agent.fromPartial({
    agentId,
    pool: "default",
    state,
    ...(figures && { figures: HostFigures.fromPartial(figures) }),
  });

describe("series of agents", () => {
  const watched = (
    agentsOf: (namespace: string, calls: number) => Agent[],
    poolsOf: (namespace: string) => Pool[] = () => [],
    time = new VirtualTime(),
  ) => {
    const added: Measured[] = [];
    const asked: string[] = [];
    const series = new AgentSeries({
      foundation: { clock: time, timers: time, logger: silentLogger },
      agents: {
        listAgents: async ({ namespace }: ListAgentsRequest) => {
          if (namespace !== "default") asked.push(namespace);
          return ListAgentsReply.fromPartial({ agents: agentsOf(namespace, asked.length) });
        },
      },
      pools: {
        listPools: async ({ namespace }: ListPoolsRequest) =>
          ListPoolsReply.fromPartial({ pools: poolsOf(namespace) }),
      },
      recorder: { add: (measured) => added.push(measured) },
    });
    series.start();
    return { time, added, asked, series };
  };

  it("have CPU, memory, network and event-loop delay of each agent that reports, in its namespace", async () => {
    const load = { cpu: 0.25, cores: 4, memoryBytes: 5_000, eventLoopDelayMs: 20, networkInBytesPerSec: 7 };
    const { time, added, series } = watched((namespace) => [
      ...(namespace === "default" ? [agent("first", AGENT_STATE_READY, load)] : []),
      agent("python-1", AGENT_STATE_READY, load),
      agent("silent", AGENT_STATE_SUSPECT, load),
      agent("bare", AGENT_STATE_READY),
      agent("leaving", AGENT_STATE_DRAINING, load),
    ]);
    series.include("shop");
    await time.advanceAsync(10_000);
    await series.stop();
    const [first, measured] = added;
    // The default namespace is read from the beginning.
    const agentsOf = (found: Measured | undefined) => [
      ...new Set(found?.series.map(({ namespace, labels }) => `${namespace}/${labels["agent"]}`)),
    ];
    assert.deepEqual(agentsOf(first), ["default/first", "default/python-1", "default/leaving"]);
    assert.deepEqual(
      measured?.series
        .filter(({ labels }) => labels["agent"] === "python-1")
        .filter(({ values }) => values[0] !== 0)
        .map(({ namespace, metric, values, labels }) => [namespace, metric, values[0], labels["pool"]]),
      [
        ["shop", "agent_cpu_cores", 1, "default"],
        ["shop", "agent_memory_bytes", 5_000, "default"],
        ["shop", "agent_event_loop_delay_seconds", 0.02, "default"],
        ["shop", "agent_host_network_receive_bytes_per_second", 7, "default"],
      ],
    );
    assert.deepEqual(agentsOf(measured), ["shop/python-1", "shop/leaving"]);
    assert.ok(measured?.series.every(({ fromMs }) => fromMs % 10_000 === 0));
  });

  it("are read every 10 s in namespaces with agents only, and after a failure", async () => {
    const { time, added, asked, series } = watched((namespace, calls) => {
      if (namespace === "default") return [];
      if (calls === 2) throw new Error("swarm is away");
      return calls < 4 ? [agent("a", AGENT_STATE_READY, { cores: 1 })] : [];
    });
    await time.advanceAsync(30_000);
    assert.deepEqual(asked, []);
    series.include("shop");
    await time.advanceAsync(20_000);
    assert.deepEqual([asked.length, added.length], [2, 1]);
    // A minute after the failure.
    await time.advanceAsync(60_000);
    assert.deepEqual([asked.length, added.length], [3, 2]);
    await time.advanceAsync(60_000);
    await series.stop();
    assert.deepEqual([asked.length, added.length], [4, 2]);
  });

  it("have the rates of attempts, errors, tokens and cost since the last read, also over a restart", async () => {
    const time = new VirtualTime();
    const startMs = time.now();
    const done = (completed: number, money: number) =>
      AgentFigures.fromPartial({ completed, failed: completed / 2, used: { tokens: money * 100, money } });
    const joined = (agentId: string, joinMs: number, figures: AgentFigures) =>
      Agent.fromPartial({ agentId, pool: "default", joinTime: toTimestamp(joinMs), done: figures });
    const rounds = [
      [joined("old", startMs - 1_000, done(100, 7)), joined("again", startMs - 1_000, done(9, 1))],
      // `again` has joined again since the last read, `fresh` for the first time.
      [
        joined("old", startMs - 1_000, done(120, 7)),
        joined("again", startMs + 12_000, done(4, 3)),
        joined("fresh", startMs + 15_000, done(10, 0.5)),
      ],
      undefined,
      [joined("old", startMs - 1_000, done(190, 14))],
    ];
    const { added, series } = watched(
      () => {
        const agents = rounds.shift();
        if (agents === undefined) throw new Error("swarm is away");
        return agents;
      },
      undefined,
      time,
    );
    await time.advanceAsync(90_000);
    await series.stop();
    const rates = added.map((measured) =>
      measured.series.map(({ metric, labels, statistic, values }) => {
        assert.equal(statistic, "rate");
        return [labels["agent"], metric, ...values].join(" ");
      }),
    );
    assert.deepEqual(rates[0], []);
    assert.deepEqual(
      rates[1]?.filter((each) => /completed|cost/.test(each)),
      [
        "old agent_attempts_completed_total 2",
        "old agent_cost_total 0",
        "again agent_attempts_completed_total 0.4",
        "again agent_cost_total 0.3",
        "fresh agent_attempts_completed_total 1",
        "fresh agent_cost_total 0.05",
      ],
    );
    assert.deepEqual(rates[2], [
      "old agent_attempts_completed_total 1 1 1 1 1 1 1",
      "old agent_attempts_failed_total 0.5 0.5 0.5 0.5 0.5 0.5 0.5",
      "old agent_busy_seconds_total 0 0 0 0 0 0 0",
      "old agent_tokens_total 10 10 10 10 10 10 10",
      "old agent_cost_total 0.1 0.1 0.1 0.1 0.1 0.1 0.1",
    ]);
  });

  it("have the queue of each pool, also in a namespace without agents", async () => {
    let queued = 3;
    const { time, added, series } = watched(
      () => [],
      (namespace) =>
        namespace === "default"
          ? []
          : [
              Pool.fromPartial({
                pool: "gpu",
                status: PoolStatus.fromPartial({ queued, waitingAtHome: queued, longestWaitMs: 5_000 }),
              }),
            ],
    );
    series.include("shop");
    await time.advanceAsync(10_000);
    queued = 0;
    await time.advanceAsync(50_000);
    await series.stop();
    assert.equal(added.length, 1);
    assert.deepEqual(
      added[0]?.series.map(({ namespace, metric, labels, values }) => [
        namespace,
        metric,
        labels["pool"],
        values[0],
      ]),
      [
        ["shop", "pool_tasks_queued", "gpu", 6],
        ["shop", "pool_tasks_running", "gpu", 0],
        ["shop", "pool_longest_wait_seconds", "gpu", 5],
      ],
    );
  });
});
