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
      "Phi threshold of the failure detector: how improbable an agent's silence must be before it gets no further tasks. 8: one silence in a hundred million.",
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
    .describe("Attempts that end sooner do not report their start."),
  sweepMs: milliseconds
    .default(100)
    .describe(
      "Maximum delay of an acknowledgement that waits for another frame. Links are checked for heartbeats and disconnects less often: four times per heartbeat or `resumeWindowMs`, whichever is shorter.",
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
    .describe("Further namespaces whose tasks a pool accepts if it was not created explicitly. `*` for any."),
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
      "How long a gang that does not fit reserves the slots that it has found, and how long it then reserves none. 0: never.",
    ),
  claimMs: z
    .number()
    .int()
    .min(0)
    .max(3_600_000)
    .default(30_000)
    .describe(
      "How long a pool that has moved to this process keeps tasks that its agents report and no sender has offered. Its limits stay closed as long.",
    ),
  preemption: z.strictObject({
    priorityDifference: z
      .int()
      .min(0)
      .max(200)
      .default(0)
      .describe("Difference in priority from which waiting work preempts running work. 0: never."),
    graceMs: z.int().min(0).max(3_600_000).default(5_000).describe("Grace period of a preempted attempt."),
    spareAfterMs: z
      .int()
      .min(0)
      .max(86_400_000)
      .default(60_000)
      .describe(
        "An attempt that has run for this duration is never preempted. 0: every attempt can be preempted.",
      ),
  }),
  doubling: z.strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe("Whether slow attempts at tasks that allow it get a second copy. The first result counts."),
    quantile: z
      .number()
      .min(0.01)
      .max(0.999)
      .default(0.95)
      .describe("Which share of usual attempts is done when a slow one gets its second copy."),
    maxShare: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .describe("The greatest share of a pool's slots that second copies may take."),
  }),
  breakAfterFailures: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .default(10)
    .describe(
      "After how many consecutive failed attempts an agent gets no tasks for a while. At most half of the agents that offer the same.",
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
  description: "Pools, and the agents that are linked to them.",
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
        "Names of pools that the missions of all namespaces share: those of the namespace `default`. Others are each namespace's own.",
      ),
    links,
    pool,
    scaling: scalingSchema,
    figuresMs: milliseconds.default(1_000).describe("How often metrics are sent to watchers of agents."),
    signOfLifeMs: milliseconds
      .default(5_000)
      .describe("Maximum interval between two messages to a watcher or a sender of tasks."),
  }),
});

export type SwarmSettings = ReturnType<(typeof swarmSection)["schema"]["parse"]>;
