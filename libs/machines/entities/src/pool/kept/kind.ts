/**
 * What is kept in a pool by id: hooks and scalers. Both are made, changed and taken away alike, so it is written once; the
 * messages of each are its own.
 */
import type { PoolChanged } from "@tutti/contracts/swarm/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import type { WireCodec } from "@tutti/kernel";
import type { KeptKind } from "../../index.ts";
import type { Kept, Pool } from "../state.ts";

/** A kind of thing, and where it is. */
export interface Kind<T> extends KeptKind<T> {
  of(pool: Pool): Map<string, Kept<T>>;
}

/** Its messages, and where in them it is. */
export interface Messages<T, Create, Update, Delete, Created, Updated, Deleted> {
  readonly create: WireCodec<Create>;
  readonly update: WireCodec<Update>;
  readonly delete: WireCodec<Delete>;
  readonly created: WireCodec<Created>;
  readonly updated: WireCodec<Updated>;
  readonly deleted: WireCodec<Deleted>;
  /** Of a command to make or to change one, and of the events of these. */
  readonly valueOf: (body: Create | Update | Created | Updated) => T | undefined;
  readonly idOf: (body: Delete | Deleted) => string;
  readonly toCreated: (value: T, createMs: number, cause: Cause) => Created;
  readonly toUpdated: (value: T, updateMs: number, cause: Cause) => Updated;
  readonly toDeleted: (id: string, deleteMs: number) => Deleted;
}

export const nothing: PoolChanged = { revision: 0, existed: false, removed: false };
