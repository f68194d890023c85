import type { LimitHolder, LimitRule } from "@tutti/contracts/workflow/v1";
import type { Command, MachineEvent, MachineStep, ReadOnly } from "@tutti/kernel";
import { Leases } from "./hold/leases.ts";
import { Line } from "./waiting/line.ts";

/** A limit, folded from its events. Only folds change it. */
export interface Limit {
  /** Whether it was ever configured or requested. */
  used: boolean;
  /** The key as people write it. Undefined if it is the id, or not known. */
  name: string | undefined;
  /** The configured rule. It overrides the rules of holders. */
  set: LimitRule | undefined;
  implied: LimitRule | undefined;
  description: string;
  labels: Readonly<Record<string, string>>;
  /** Number of times that it was set or unset. */
  revision: number;
  updateMs: number;
  /** Requests and grants share one sequence: a waiter keeps its number. */
  lastTicket: number;
  /** The sum of the weights of all holds. */
  heldWeight: number;
  /**
   * Time at which all grants so far would have been made at an even rate: ahead of now by the used part of the
   * burst.
   */
  rateMs: number;
  /** No grants before this time, because a step reached its limit. */
  putOffMs: number;
  grantedCount: number;
  /** Time at which the only timer is due. 0 for never. Follows from all other fields. */
  dueMs: number;
  readonly holds: Map<number, Hold>;
  /** Tickets of holders and waiters, by holder. */
  readonly byHolder: Map<string, number>;
  readonly leases: Leases;
  readonly line: Line;
}

export interface Hold {
  readonly ticket: number;
  readonly holder: LimitHolder;
  readonly weight: number;
  readonly grantMs: number;
  readonly dueMs: number;
  readonly leaseMs: number;
}

/** Read-only view for deciders. */
export type LimitView = ReadOnly<Limit>;
export type LimitStep = MachineStep<Limit, never>;
export type LimitEvent<Body> = MachineEvent<Limit, never, Body>;
export type LimitCommand<Body, Reply> = Command<Limit, Body, Reply, never>;

export function newLimit(): Limit {
  return {
    used: false,
    name: undefined,
    set: undefined,
    implied: undefined,
    description: "",
    labels: {},
    revision: 0,
    updateMs: 0,
    lastTicket: 0,
    heldWeight: 0,
    rateMs: 0,
    putOffMs: 0,
    grantedCount: 0,
    dueMs: 0,
    holds: new Map(),
    byHolder: new Map(),
    leases: new Leases(),
    line: new Line(),
  };
}

/** Returns the identity of a holder as one text. Services, kinds and ids have no slash. */
export function nameOf({ service, kind, id, task }: ReadOnly<LimitHolder>): string {
  return `${service}/${kind}/${id}/${task}`;
}
