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
  /** Agents of which one is required. Undefined for any. */
  readonly only: ReadonlySet<string> | undefined;
  readonly not: ReadonlySet<string>;
  /** The reservations that the task may use, by labels of agents. Undefined if there are none. */
  readonly side: Side | undefined;
}

/** Tasks that may use the same reservations at agents with certain labels. */
export interface Side {
  readonly key: string;
  /** Returns whether the reservations allow the agent one more task with this demand. */
  admits(agent: Placed, fit: Fit): boolean;
  /** Returns the reservation that prevents it at an agent. Undefined if none does. */
  refusalAt(agent: Placed, fit: Fit): Refused | undefined;
}

/** An agent with its offering, as reservations see it. */
export interface Placed {
  readonly offering: Offering;
}

export interface Refused {
  /** The reservation as a text. */
  readonly description: string;
  /** Ids of the reservations. */
  readonly ids: string;
  /** The resource, its total amount at these agents, and the amount that others have. */
  readonly name: string;
  readonly capacity: number;
  readonly used: number;
}
