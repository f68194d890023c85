import type { Hold } from "@tutti/contracts/agent/v1";
import type { Hook, Inbox, PoolLimit, Pool as PoolSettings, Scaler } from "@tutti/contracts/swarm/v1";
import type { Cause, Rate } from "@tutti/contracts/types/v1";
import type { Command, MachineEvent, ReadOnly } from "@tutti/kernel";
import { type Kept, type Since, since } from "../kit/kept.ts";
import type { ScalerPast } from "./past/past.ts";

/** The settings of a pool, folded from its events. Only folds change it. */
export interface Pool {
  /**
   * Counts every change of anything in it: so is each revision another one, also of what was taken away and made again.
   */
  changes: number;
  /** How it is to be. Undefined if not set: then the configuration says. */
  settings: Kept<PoolSettings> | undefined;
  pause: Pause;
  readonly limits: Map<string, Kept<PoolLimit>>;
  readonly hooks: Map<string, Kept<Hook>>;
  readonly scalers: Map<string, Kept<Scaler>>;
  readonly inboxes: Map<string, Kept<Inbox>>;
  /** Agents that are held, by id. */
  readonly holds: Map<string, Kept<AgentHold>>;
  /** What scalers saw and did, by their ids. */
  readonly pasts: Map<string, ScalerPast>;
  /** How often it came to have scalers or inboxes. */
  timesTended: number;
}

export interface Pause {
  readonly paused: boolean;
  readonly reason: string;
  /** Who paused or resumed it last. Undefined if never. */
  readonly since: Since | undefined;
  /** How many may start per time until `slowUntilMs`. */
  readonly slowStart: Rate | undefined;
  readonly slowUntilMs: number;
}

export interface AgentHold {
  readonly agentId: string;
  readonly hold: Hold;
  readonly reason: string;
}

/** What a pool asks for: to be opened where it is owned, without a request. */
export interface TendPool {
  readonly kind: "tend_pool";
}

/** What deciders see of a pool. */
export type PoolView = ReadOnly<Pool>;
export type PoolEvent<Body> = MachineEvent<Pool, TendPool, Body>;
export type PoolCommand<Body, Reply> = Command<Pool, Body, Reply, TendPool>;

export const running: Pause = {
  paused: false,
  reason: "",
  since: undefined,
  slowStart: undefined,
  slowUntilMs: 0,
};

export function newPool(): Pool {
  return {
    changes: 0,
    settings: undefined,
    pause: running,
    limits: new Map(),
    hooks: new Map(),
    scalers: new Map(),
    inboxes: new Map(),
    holds: new Map(),
    pasts: new Map(),
    timesTended: 0,
  };
}

/** Counts a change, and returns its record. */
export function changed(
  pool: Pool,
  atMs: number,
  cause: Cause | undefined,
  before: Since | undefined,
): Since {
  pool.changes += 1;
  // Who made it is not kept of what is in a pool.
  return { ...since(atMs, cause, before, pool.changes), createCause: undefined };
}
