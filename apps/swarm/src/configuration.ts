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
      "How improbable the silence of an agent must be, by its own rhythm, before it is given nothing more: 8 is one silence in a hundred million.",
    ),
  suspectMs: milliseconds
    .default(12_500)
    .describe(
      "How long an agent may be silent before it is given nothing more, however unevenly it was heard.",
    ),
  leaseMs: milliseconds
    .default(15_000)
    .describe("How long a worker may be silent before its tasks go to other workers."),
  resumeWindowMs: milliseconds
    .default(4_000)
    .describe(
      "How long after a cut a link can be resumed. After it the tasks of the worker go to other workers.",
    ),
  greetingMs: milliseconds
    .default(10_000)
    .describe("How long a new stream of an agent may be without a greeting."),
  startedAfterMs: z
    .number()
    .min(0)
    .max(60_000)
    .default(20)
    .describe("An attempt that ends sooner needs no report of its start."),
  sweepMs: milliseconds
    .default(100)
    .describe(
      "How long an acknowledgement may wait for a frame that carries it. Links are checked for heartbeats and cuts less often: four times per heartbeat or `resumeWindowMs`, whichever is shorter.",
    ),
});

const weight = z.number().min(0).max(1_000).default(1);

const pool = z.strictObject({
  strategy: z
    .enum(strategyNames)
    .default("least_loaded")
    .describe("How an agent is chosen among those that can do a task and have room."),
  auction: z.strictObject({
    load: weight.describe("How much it weighs in an auction that an agent has little to do."),
    speed: weight.describe("How much it weighs in an auction that it is expected to be quick."),
    cost: weight.describe("How much it weighs in an auction that it asks for little."),
  }),
  window: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(1_024)
    .describe("Tasks of one sender that may be outstanding in a pool. Further tasks wait at their sender."),
  queuedMax: z
    .number()
    .int()
    .min(1)
    .max(10_000_000)
    .default(100_000)
    .describe("Tasks that may wait in a pool."),
  agentsMax: z.number().int().min(1).max(100_000).default(10_000).describe("Agents that may join a pool."),
  admits: z
    .array(z.string())
    .default(["*"])
    .describe("Further namespaces whose tasks a pool accepts if it was not created explicitly. `*` for any."),
  ageingMs: milliseconds.default(60_000).describe("How long a task waits to rise by one in priority."),
  settleMs: z
    .number()
    .int()
    .min(0)
    .max(60_000)
    .default(1_000)
    .describe(
      "How long a pool that has moved here waits for its agents before it assigns tasks, which one of them may already be running.",
    ),
  gangHoldMs: z
    .number()
    .int()
    .min(0)
    .max(3_600_000)
    .default(30_000)
    .describe(
      "How long a gang that does not fit holds the slots that it has found, and for how long none is held after that. 0: never.",
    ),
  claimMs: z
    .number()
    .int()
    .min(0)
    .max(3_600_000)
    .default(30_000)
    .describe(
      "How long a pool that has moved here keeps running tasks that its agents reported and no sender has offered. Its limits stay closed for as long.",
    ),
  preemption: z.strictObject({
    priorityDifference: z
      .int()
      .min(0)
      .max(200)
      .default(0)
      .describe("Difference in priority from which waiting work preempts running work. 0: never."),
    graceMs: z
      .int()
      .min(0)
      .max(3_600_000)
      .default(5_000)
      .describe("How long an attempt that gives way has to end."),
    spareAfterMs: z
      .int()
      .min(0)
      .max(86_400_000)
      .default(60_000)
      .describe("An attempt that has run for this duration is never preempted. 0: every attempt can be."),
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
    .describe("Whether agents that answer that they are busy get fewer tasks at once for a while."),
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
        "Where everything is kept that must last, in a process of its own without a cluster. The platform has `platform.dataDirectory`.",
      ),
    pools: z
      .array(z.string().regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/, "expected a name such as gpu"))
      .default([])
      .describe("Names of pools that every namespace has beside `default`."),
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
      .describe("Watchers, and senders of tasks, hear something at least this often."),
  }),
});

export type SwarmSettings = ReturnType<(typeof swarmSection)["schema"]["parse"]>;
