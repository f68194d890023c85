import type { LabelSelector } from "@tutti/contracts/types/v1";

/** What quotas of a namespace allow in a pool, and what is set aside in it now. */
export interface Allotments {
  readonly parts: readonly AllottedPart[];
  readonly reservations: readonly SetAsideTold[];
}

/** A part of one limit of a quota. */
export interface AllottedPart {
  readonly quotaId: string;
  /** `slots`, or a named resource. */
  readonly name: string;
  /** How much may be running in the pool at once. */
  readonly amount: number;
  /** How much the quota allows in all. */
  readonly limit: number;
  /** Labels of the work that it is about. Undefined for all of the namespace. */
  readonly sessions: LabelSelector | undefined;
}

export interface SetAsideTold {
  readonly reservationId: string;
  readonly amounts: Readonly<Record<string, number>>;
  /** Labels of the agents of which it is set aside. Undefined for all of the pool. */
  readonly agents: LabelSelector | undefined;
  readonly toMs: number;
  /** Labels of the work that may use it beside what names it. Undefined for none. */
  readonly sessions: LabelSelector | undefined;
}

/** Amounts of running tasks of a namespace, and of tasks that wait for nothing else. */
export type AllotmentUses = readonly {
  readonly quotaId: string;
  readonly name: string;
  readonly used: number;
  readonly wanted: number;
}[];
