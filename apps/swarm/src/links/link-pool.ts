import type { Pool } from "@tutti/matching";
import type { Turns } from "../pools/turns.ts";

/** The pool of a linked agent: in this process, or in another one that is reached through a relay. */
export interface LinkPool {
  readonly namespace: string;
  readonly name: string;
  /** The pool itself, if it is owned here. */
  readonly pool: Pool | undefined;
  /** Called after something was passed to the pool. */
  scheduleTurn(): void;
}

export function linkPoolOf(pool: Pool, turns: Turns): LinkPool {
  return { namespace: pool.namespace, name: pool.name, pool, scheduleTurn: () => turns.schedule(pool) };
}
