import type { LabelSelector } from "@tutti/contracts/types/v1";

/** The amounts that quotas of a namespace allow in a pool, and the reservations in it now. */
export interface Allotments {
  readonly parts: readonly AllottedPart[];
  readonly reservations: readonly PoolReservation[];
}

/** A part of one limit of a quota. */
export interface AllottedPart {
  readonly quotaId: string;
  /** `slots`, or a named resource. */
  readonly name: string;
  /** Maximum of running work in the pool. */
  readonly amount: number;
  /** Maximum of the quota in all pools. */
  readonly limit: number;
  /** Labels of the sessions that the quota covers. Undefined for the whole namespace. */
  readonly sessions: LabelSelector | undefined;
}

export interface PoolReservation {
  readonly reservationId: string;
  readonly amounts: Readonly<Record<string, number>>;
  /** Labels of the agents that the reservation covers. Undefined for the whole pool. */
  readonly agents: LabelSelector | undefined;
  readonly toMs: number;
  /** Labels of other sessions that may use it, in addition to work that names it. Undefined for none. */
  readonly sessions: LabelSelector | undefined;
}

/** Amounts of running tasks of a namespace, and of tasks that wait only for the quota. */
export type AllotmentUses = readonly {
  readonly quotaId: string;
  readonly name: string;
  readonly used: number;
  readonly wanted: number;
}[];
