import type { Pool } from "@tutti/matching";
import type { Turns } from "../pools/turns.ts";

/** Where the pool of a linked agent is: in this process, or with another one that hears of the agent through a relay. */
export interface LinkHome {
  readonly namespace: string;
  readonly name: string;
  /** The pool itself, where it is owned here. */
  readonly pool: Pool | undefined;
  /** Something was handed to it. */
  stir(): void;
}

export function homeOf(pool: Pool, turns: Turns): LinkHome {
  return { namespace: pool.namespace, name: pool.name, pool, stir: () => turns.stir(pool) };
}
