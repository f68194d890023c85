/**
 * What the parts of a pool know of each other. Tasks, agents, those who wait and those who offer refer to one another
 * everywhere; each is made in a file of its own, and all look at each other through these.
 *
 *     seat ── task ── share ── demand ── site ── cohort ── agent ── link
 *                       └───── stop ──── turn ──── stand ───┘
 */
export type { Agent, AgentIdentity, Cohort, Link, Offered } from "./agent.ts";
export type {
  AgentBook,
  BoundBook,
  Claim,
  ClaimBook,
  DemandBook,
  LimitBook,
  PoolCore,
  ProfileBook,
} from "./core.ts";
export type { Demand, Fit, Site, Wish } from "./demand.ts";
export type { Allowance, Limit } from "./limit.ts";
export type { Lane, Share, Stand, Stop, Tab, TaskLine, Turn } from "./line.ts";
export type { Seat, SenderStream } from "./sender.ts";
export type { Extras, Profile, Stage, Task } from "./task.ts";
