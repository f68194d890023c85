import type { Hold } from "@tutti/contracts/agent/v1";
import type {
  Hook,
  Inbox,
  PoolLimit,
  Pool as PoolSettings,
  ReservedStarts,
  Scaler,
} from "@tutti/contracts/swarm/v1";
import type { Cause, Rate } from "@tutti/contracts/types/v1";
import type { Command, MachineEvent, ReadOnly } from "@tutti/kernel";
import { type Since, type Stored, since } from "../kit/stored.ts";
import type { ScalerPast } from "./past/past.ts";

/** The settings of a pool, folded from its events. Only folds change it. */
export interface Pool {
  /** Number of changes of any item: each revision is unique, also after an item was removed and created again. */
  changes: number;
  /** Settings. Undefined if not set: then the configuration applies. */
  settings: Stored<PoolSettings> | undefined;
  pause: Pause;
  readonly limits: Map<string, Stored<PoolLimit>>;
  readonly hooks: Map<string, Stored<Hook>>;
  readonly scalers: Map<string, Stored<Scaler>>;
  readonly inboxes: Map<string, Stored<Inbox>>;
  /** Held agents, by id. */
  readonly holds: Map<string, Stored<AgentHold>>;
  /** Observations and decisions of scalers, by their ids. */
  readonly pasts: Map<string, ScalerPast>;
  /** Reserved starts by limit, the oldest reservation first. */
  readonly reservedStarts: Map<string, ReservedStarts>;
  /** Number of times that it got its first scaler or inbox. */
  timesTended: number;
}

export interface Pause {
  readonly paused: boolean;
  readonly reason: string;
  /** Last pause or resumption. Undefined if never. */
  readonly since: Since | undefined;
  /** Number of starts per unit of time until `slowUntilMs`. */
  readonly slowStart: Rate | undefined;
  readonly slowUntilMs: number;
}

export interface AgentHold {
  readonly agentId: string;
  readonly hold: Hold;
  readonly reason: string;
}

/** Effect of a pool: its owner opens it without a request. */
export interface TendPool {
  readonly kind: "tend_pool";
}

/** Read-only view for deciders. */
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
    reservedStarts: new Map(),
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
  // The creator of an item in a pool is not stored.
  return { ...since(atMs, cause, before, pool.changes), createCause: undefined };
}
