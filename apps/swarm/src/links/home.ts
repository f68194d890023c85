import type { Pool } from "@tutti/matching";
import type { Turns } from "../pools/turns.ts";

/** The pool of a linked agent: in this process, or in another one that is reached through a relay. */
export interface LinkHome {
  readonly namespace: string;
  readonly name: string;
  /** The pool itself, if it is owned here. */
  readonly pool: Pool | undefined;
  /** Called after something was passed to the pool. */
  stir(): void;
}

export function homeOf(pool: Pool, turns: Turns): LinkHome {
  return { namespace: pool.namespace, name: pool.name, pool, stir: () => turns.stir(pool) };
}
