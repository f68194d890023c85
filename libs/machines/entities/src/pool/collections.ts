/** How a pool stores items by id: hooks, scalers and limits. */
import { PoolChanged } from "@tutti/contracts/swarm/v1";
import type { Collection, Storing } from "../kit/collection.ts";
import { refusals } from "./errors.ts";
import { bytesMax, nameLengthMax } from "./limits.ts";
import { changed, type Pool } from "./state.ts";

/** A kind of item, and its location in the state. */
export type PoolKind<T> = Collection<Pool, T, PoolChanged>;

export const inPool: Storing<Pool, PoolChanged> & {
  readonly idLengthMax: number;
  readonly bytesMax: number;
} = {
  refusals,
  reply: PoolChanged,
  changed,
  idLengthMax: nameLengthMax,
  bytesMax,
  toReply: ({ revision, existed, removed }) => ({ revision, existed: existed && !removed, removed }),
};

export const nothing: PoolChanged = { revision: 0, existed: false, removed: false };
