/**
 * What is kept in a pool by id: hooks and scalers. Both are made, changed and taken away alike, so it is written once; the
 * messages of each are its own.
 */
import type { PoolChanged } from "@tutti/contracts/swarm/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import type { ReadOnly, Refusal, WireCodec } from "@tutti/kernel";
import { poolErrors } from "../errors.ts";
import { bytesMax, nameLengthMax } from "../limits.ts";
import type { Kept, Pool, PoolView } from "../state.ts";

/** Gives the bytes of a message. */
export interface Encoded<T> {
  encode(message: T): { finish(): Uint8Array };
}

/** A kind of thing that is kept. */
export interface Kind<T> {
  /** `hook`: part of the names of its commands and events. */
  readonly name: string;
  readonly max: number;
  readonly codec: Encoded<T>;
  of(pool: Pool): Map<string, Kept<T>>;
  idOf(value: ReadOnly<T>): string;
  /** It without what the service sets: what is compared and kept. */
  bare(value: T): T;
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

/** Whether two say the same, to the byte. Maps are told in the order in which they were put together: they are sorted before. */
export function isSame<T>(codec: Encoded<T>, one: ReadOnly<T> | T, other: T): boolean {
  // Only read.
  return Buffer.from(codec.encode(one as T).finish()).equals(codec.encode(other).finish());
}

export function idProblem(what: string, id: string): string | undefined {
  if (id.length >= 1 && id.length <= nameLengthMax) return undefined;
  return `expected the name of a ${what}, of 1 to ${nameLengthMax} characters, found ${id.length}`;
}

export function find<T>(kind: Kind<T>, pool: PoolView, id: string): Kept<T> | undefined {
  // Only read.
  return kind.of(pool as Pool).get(id);
}

export function soundOf<T>(
  kind: Kind<T>,
  given: T | undefined,
): { readonly id: string; readonly value: T } | Refusal {
  const { name } = kind;
  if (given === undefined) return poolErrors.invalid.refusal({ problem: `expected a ${name}, found none` });
  const value = kind.bare(given);
  const id = kind.idOf(value as ReadOnly<T>);
  const problem = idProblem(name, id) ?? sizeProblem(name, kind.codec, value);
  return problem === undefined ? { id, value } : poolErrors.invalid.refusal({ problem });
}

export function sizeProblem<T>(what: string, codec: Encoded<T>, value: T): string | undefined {
  const { length } = codec.encode(value).finish();
  return length <= bytesMax ? undefined : `expected a ${what} of at most ${bytesMax} bytes, found ${length}`;
}

/** A map of texts or numbers in the order of its keys, so that the same is the same to the byte. */
export function sorted<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([one], [other]) => (one < other ? -1 : 1)));
}
