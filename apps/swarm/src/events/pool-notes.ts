/** What is informed of pools. */
import type { PoolCreatedV1, PoolUpdatedV1 } from "@tutti/contracts/swarm/v1";
import type { NoteOf } from "@tutti/host/serving";
import { strategyWordOf } from "@tutti/matching";
import { eventNote } from "./mission-note.ts";

/** Of which versions of which events: their names with the function that notes them. */
export const poolNotes: Readonly<Record<string, NoteOf<unknown, never>>> = {
  pool_created: (_pool, { pool }: PoolCreatedV1, happening) =>
    eventNote(happening, "tutti.swarm.pool.created", { strategy: strategyWordOf(pool) }),
  pool_updated: (_pool, { pool }: PoolUpdatedV1, happening) =>
    eventNote(happening, "tutti.swarm.pool.changed", { strategy: strategyWordOf(pool) }),
  pool_deleted: (_pool, _body, happening) => eventNote(happening, "tutti.swarm.pool.deleted", {}),
  pool_paused: (_pool, _body, happening) => eventNote(happening, "tutti.swarm.pool.paused", {}),
  pool_resumed: (_pool, _body, happening) => eventNote(happening, "tutti.swarm.pool.resumed", {}),
};
