/**
 * Items that machines store by id for callers: settings, hooks, roles, rules. They are created, changed and removed
 * alike everywhere, so the decision is here. Each kind has its own messages.
 *
 * Every change of a machine has a number, and each stored item has the number of its last change. A change by an
 * older revision is refused, unless the item already has the wanted value.
 */
import type { Cause } from "@tutti/contracts/types/v1";
import { isRefusal, type ReadOnly, type Refusal } from "@tutti/kernel";
import { type Encoded, idProblem, isSame, weightProblem } from "./sameness.ts";

/** Times and authors of the creation and of the last change. */
export interface Since {
  readonly createMs: number;
  readonly updateMs: number;
  readonly createCause: Cause | undefined;
  readonly cause: Cause | undefined;
  readonly revision: number;
}

/** A stored item. */
export interface Stored<T> extends Since {
  readonly value: T;
}

/** A kind of stored item. */
export interface StoredKind<T> {
  /** Name in refusals: `hook`. */
  readonly name: string;
  readonly codec: Encoded<T>;
  /** Maximum number of items. */
  readonly max: number;
  readonly idLengthMax: number;
  /** Maximum bytes of an encoded item. */
  readonly bytesMax: number;
  idOf(value: ReadOnly<T>): string;
  /**
   * Returns the item without fields that the service sets, with sorted maps: this form is compared and
   * stored.
   */
  bare(value: T): T;
  /** Returns the problem of an item, in words. Undefined if there is none. */
  problem?(value: T): string | undefined;
}

/** Refusals of a machine. */
export interface ItemRefusals {
  missing(name: string, id: string): Refusal;
  exists(name: string, id: string): Refusal;
  moved(name: string, id: string, revision: number, found: number): Refusal;
  full(name: string, max: number): Refusal;
  invalid(problem: string): Refusal;
}

/** The present item, if any. */
export type Present<T> = Pick<Stored<T>, "value" | "revision">;

export interface StoreRequest<T> {
  /** Value. Undefined if the caller left it out. */
  readonly value: T | undefined;
  /** Revision that the caller read. 0 overwrites. */
  readonly revision: number;
  /** Whether the item must be new, or must exist. Undefined if both are allowed. */
  readonly only?: "new" | "present" | undefined;
}

export type Decided<T> =
  | { readonly kind: "write"; readonly id: string; readonly value: T }
  /** The item already has this value. */
  | { readonly kind: "same"; readonly revision: number };

/** Decides about an item that is to be stored. */
export function decided<T>(
  kind: StoredKind<T>,
  all: ReadonlyMap<string, Present<T>>,
  { value: refusals, revision, only }: StoreRequest<T>,
  input: ItemRefusals,
): Decided<T> | Refusal {
  const { name } = kind;
  const sound = soundOf(kind, refusals, input);
  if (isRefusal(sound)) return sound;
  const { id, value } = sound;
  const found = all.get(id);
  if (found !== undefined && isSame(kind.codec, found.value, value))
    return { kind: "same", revision: found.revision };
  if (found !== undefined && only === "new") return input.exists(name, id);
  if (found === undefined && only === "present") return input.missing(name, id);
  const last = found?.revision ?? 0;
  if (revision !== 0 && revision !== last) return input.moved(name, id, revision, last);
  if (found === undefined && all.size >= kind.max) return input.full(name, kind.max);
  return { kind: "write", id, value };
}

function soundOf<T>(
  kind: StoredKind<T>,
  input: T | undefined,
  refusals: ItemRefusals,
): { readonly id: string; readonly value: T } | Refusal {
  const { name, idLengthMax, bytesMax, codec } = kind;
  if (input === undefined) return refusals.invalid(`expected a ${name}, got none`);
  const value = kind.bare(input);
  const id = kind.idOf(value as ReadOnly<T>);
  const problem =
    idProblem(name, id, idLengthMax) ?? weightProblem(name, codec, value, bytesMax) ?? kind.problem?.(value);
  return problem === undefined ? { id, value } : refusals.invalid(problem);
}

/** Returns the record of a change, the `revision`th of its machine. */
export function since(
  atMs: number,
  cause: Cause | undefined,
  before: Since | undefined,
  revision: number,
): Since {
  const createCause = before === undefined ? cause : before.createCause;
  return { createMs: before?.createMs ?? atMs, updateMs: atMs, createCause, cause, revision };
}
