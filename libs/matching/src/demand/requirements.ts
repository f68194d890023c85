import type { Offering } from "@tutti/contracts/agent/v1";
import type { LabelSelector } from "@tutti/contracts/types/v1";

/** The demand on a cohort of agents. */
export interface Requirements {
  readonly capability: string;
  readonly range: string;
  readonly require: LabelSelector | undefined;
  readonly prefer: LabelSelector | undefined;
}

/**
 * The demand on the one agent, in addition to the common offering of its cohort: room for resources, and
 * whether it is among the named agents. Tasks with the same demand share one of these.
 */
export interface Fit {
  readonly key: string;
  readonly resources: readonly (readonly [name: string, amount: number])[];
  /** Agents of which it has to be one. Undefined for any. */
  readonly only: ReadonlySet<string> | undefined;
  readonly not: ReadonlySet<string>;
  /** What of agents with certain labels it may have. Undefined while nothing is set aside of such agents. */
  readonly side: Side | undefined;
}

/** Tasks that may use the same reservations, as agents with certain labels are concerned. */
export interface Side {
  readonly key: string;
  /** Returns whether an agent may be given one more that asks for this, as what is set aside is concerned. */
  admits(agent: Placed, fit: Fit): boolean;
  /** What is in the way there. Undefined when nothing is. */
  refusalAt(agent: Placed, fit: Fit): Refused | undefined;
}

/** Of an agent, where it stands. */
export interface Placed {
  readonly offering: Offering;
}

export interface Refused {
  /** What is set aside, in words. */
  readonly description: string;
  /** Ids of the reservations. */
  readonly ids: string;
  /** Of what, how much there is at these agents, and how much of it others have. */
  readonly name: string;
  readonly capacity: number;
  readonly used: number;
}
