import type { LimitHolder, LimitRule } from "@tutti/contracts/workflow/v1";
import type { Command, MachineEvent, MachineStep, ReadOnly } from "@tutti/kernel";
import { Leases } from "./hold/leases.ts";
import { Line } from "./waiting/line.ts";

/** A limit, folded from its events. Only folds change it. */
export interface Limit {
  /** Whether it has ever been set or wanted. */
  used: boolean;
  /** The key as people write it. Undefined if it is the id, or not known. */
  name: string | undefined;
  /** The rule that was set. It overrides the rules of holders. */
  set: LimitRule | undefined;
  implied: LimitRule | undefined;
  description: string;
  labels: Readonly<Record<string, string>>;
  /** Counts how often it was set or unset. */
  revision: number;
  updateMs: number;
  /** Wishes and grants are counted together: one that waited keeps its number. */
  lastTicket: number;
  /** The sum of the weights of all holds. */
  heldWeight: number;
  /** When all that was given would have been given at an even pace: ahead of now by what is used up of the burst. */
  rateMs: number;
  /** Nothing more is done before this moment, because a step did as much as it may. */
  putOffMs: number;
  grantedCount: number;
  /** When the one timer is due. 0 for never. Follows from all the rest. */
  dueMs: number;
  readonly holds: Map<number, Hold>;
  /** Tickets of those that hold or wait, by who they are. */
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

/** What deciders see of a limit. */
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

/** Who it is, as one text. Services, kinds and ids have no slash in them. */
export function nameOf({ service, kind, id, task }: ReadOnly<LimitHolder>): string {
  return `${service}/${kind}/${id}/${task}`;
}
