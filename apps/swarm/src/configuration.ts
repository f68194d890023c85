import { defineSection } from "@tutti/kernel";
import { strategyNames } from "@tutti/matching";
import * as z from "zod";
import { scalingSchema } from "./scaling/settings.ts";

const milliseconds = z.number().int().min(1).max(3_600_000);

const links = z.strictObject({
  heartbeatMs: milliseconds.default(5_000).describe("Interval of heartbeats, in both directions."),
  suspicionThreshold: z
    .number()
    .min(0.5)
    .max(16)
    .default(8)
    .describe(
      "Phi threshold of the failure detector: how improbable the silence of an agent must be, compared with its usual heartbeats, before it gets no further tasks. 8: one silence in a hundred million.",
    ),
  suspectMs: milliseconds
    .default(12_500)
    .describe(
      "Maximum silence of an agent before it gets no further tasks, however irregular its heartbeats are.",
    ),
  leaseMs: milliseconds
    .default(15_000)
    .describe("Maximum silence of a worker before its tasks go to other workers."),
  resumeWindowMs: milliseconds
    .default(4_000)
    .describe(
      "How long a link can be resumed after a disconnect. After that, the tasks of the worker go to other workers.",
    ),
  greetingMs: milliseconds.default(10_000).describe("Timeout for the hello frame of a new stream."),
  startedAfterMs: z
    .number()
    .min(0)
    .max(60_000)
    .default(20)
    .describe(
      "Time after which a running attempt reports its start. Attempts that end sooner do not report it.",
    ),
  sweepMs: milliseconds
    .default(100)
    .describe(
      "Maximum time that an acknowledgement waits for a frame that can carry it. Links are checked for heartbeats and disconnects less often: four times per heartbeat or `resumeWindowMs`, whichever is shorter.",
    ),
});

const weight = z.number().min(0).max(1_000).default(1);

const pool = z.strictObject({
  strategy: z
    .enum(strategyNames)
    .default("least_loaded")
    .describe("How an agent is selected among those that have the capability and a free slot."),
  auction: z.strictObject({
    load: weight.describe("Weight of an agent's low load in an auction."),
    speed: weight.describe("Weight of an agent's expected speed in an auction."),
    cost: weight.describe("Weight of an agent's low price in an auction."),
  }),
  window: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(1_024)
    .describe(
      "Maximum number of outstanding tasks of one sender in a pool. Further tasks wait at their sender.",
    ),
  queuedMax: z
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .default(100_000)
    .describe("Maximum number of queued tasks in a pool."),
  agentsMax: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(10_000)
    .describe("Maximum number of agents in a pool."),
  admits: z
    .array(z.string())
    .default(["*"])
    .describe(
      "Other namespaces whose tasks a pool accepts if it was not created explicitly. `*`: all namespaces.",
    ),
  ageingMs: milliseconds
    .default(60_000)
    .describe("Waiting time after which the priority of a task rises by one."),
  settleMs: z
    .number()
    .int()
    .min(0)
    .max(60_000)
    .default(1_000)
    .describe(
      "How long a pool that has moved to this process waits for its agents before it assigns tasks. An agent may already run one of them.",
    ),
  gangHoldMs: z
    .number()
    .int()
    .min(0)
    .max(3_600_000)
    .default(30_000)
    .describe(
      "How long a gang that does not fit reserves the free slots that it has found. After that, no slots are reserved for the same time. 0: gangs never reserve slots.",
    ),
  claimMs: z
    .number()
    .int()
    .min(0)
    .max(3_600_000)
    .default(30_000)
    .describe(
      "How long a pool that has moved to this process keeps running tasks that its agents report and no sender has offered. Its limits stay closed for the same time.",
    ),
  preemption: z.strictObject({
    priorityDifference: z
      .int()
      .min(0)
      .max(200)
      .default(0)
      .describe("Minimum difference in priority at which waiting tasks preempt running tasks. 0: never."),
    graceMs: z.int().min(0).max(3_600_000).default(5_000).describe("Grace period of a preempted attempt."),
    spareAfterMs: z
      .int()
      .min(0)
      .max(86_400_000)
      .default(60_000)
      .describe("Running time after which an attempt is never preempted. 0: every attempt can be preempted."),
  }),
  doubling: z.strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe("Starts a second copy of a slow attempt if its task allows it. The first result counts."),
    quantile: z
      .number()
      .min(0.01)
      .max(0.999)
      .default(0.95)
      .describe(
        "Quantile of the usual durations of attempts, after which a slow attempt gets a second copy.",
      ),
    maxShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe("Maximum share of a pool's slots for second copies."),
  }),
  breakAfterFailures: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .default(10)
    .describe(
      "Number of consecutive failed attempts after which an agent gets no tasks for a while. This applies to at most half of the agents with the same capability.",
    ),
  adaptiveConcurrency: z
    .boolean()
    .default(true)
    .describe("Temporarily reduces the concurrency of agents that report that they are busy."),
});

/** The keys of the service: `engines.swarm.*`. */
export const swarmSection = defineSection({
  scope: "engines",
  name: "swarm",
  description: "Pools and their agents.",
  schema: z.strictObject({
    dataDirectory: z
      .string()
      .min(1)
      .default("./.tutti")
      .describe(
        "Data directory of a separate process without a cluster. The platform uses `platform.dataDirectory`.",
      ),
    pools: z
      .array(z.string().regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/, "expected a name such as gpu"))
      .default([])
      .describe("Names of pools that every namespace has in addition to `default`."),
    sharedPools: z
      .array(z.string())
      .default([])
      .describe(
        "Names of pools in the namespace `default` that the missions of all namespaces share. Other pools belong to one namespace.",
      ),
    links,
    pool,
    scaling: scalingSchema,
    watchIntervalMs: milliseconds
      .default(1_000)
      .describe("Interval at which metrics are sent to watchers of agents."),
    keepaliveMs: milliseconds
      .default(5_000)
      .describe("Maximum interval between two messages to a watcher or a sender of tasks."),
  }),
});

export type SwarmSettings = ReturnType<(typeof swarmSection)["schema"]["parse"]>;
