/**
 * What machines keep by id because a caller set it: settings, hooks, roles, rules. It is made, changed and taken away
 * alike everywhere, so it is decided once. The messages of each are its own.
 *
 * Every change of a machine has a number, and each kept item has the number of its last change. A change by
 * an older revision is refused, unless the item already has the wanted value.
 */
import type { Cause } from "@tutti/contracts/types/v1";
import { isRefusal, type ReadOnly, type Refusal } from "@tutti/kernel";
import { type Encoded, idProblem, isSame, weightProblem } from "./sameness.ts";

/** When something was made and changed last, and by whom. */
export interface Since {
  readonly createMs: number;
  readonly updateMs: number;
  readonly createCause: Cause | undefined;
  readonly cause: Cause | undefined;
  readonly revision: number;
}

/** Something that is kept. */
export interface Kept<T> extends Since {
  readonly value: T;
}

/** A kind of thing that is kept. */
export interface KeptKind<T> {
  /** `hook`: how refusals call it. */
  readonly name: string;
  readonly codec: Encoded<T>;
  /** How many there may be. */
  readonly max: number;
  readonly idLengthMax: number;
  /** What one may weigh, encoded. */
  readonly bytesMax: number;
  idOf(value: ReadOnly<T>): string;
  /** It without what the service sets, its maps sorted: what is compared and kept. */
  bare(value: T): T;
  /** What is wrong with it, in words. Undefined when nothing is. */
  problem?(value: T): string | undefined;
}

/** How a machine refuses. */
export interface KeptWords {
  missing(what: string, id: string): Refusal;
  exists(what: string, id: string): Refusal;
  moved(what: string, id: string, revision: number, found: number): Refusal;
  full(what: string, max: number): Refusal;
  invalid(problem: string): Refusal;
}

/** The present item, if any. */
export type Present<T> = Pick<Kept<T>, "value" | "revision">;

export interface KeepRequest<T> {
  /** Undefined where a caller left it out. */
  readonly value: T | undefined;
  /** The revision that the caller saw. 0 overwrites. */
  readonly revision: number;
  /** Whether it is to be made, or has to be there. Undefined where either will do. */
  readonly only?: "new" | "present" | undefined;
}

export type Decided<T> =
  | { readonly kind: "write"; readonly id: string; readonly value: T }
  /** It is so already. */
  | { readonly kind: "same"; readonly revision: number };

/** What becomes of something that is to be kept, among those that are. */
export function decided<T>(
  kind: KeptKind<T>,
  all: ReadonlyMap<string, Present<T>>,
  { value: given, revision, only }: KeepRequest<T>,
  words: KeptWords,
): Decided<T> | Refusal {
  const { name } = kind;
  const sound = soundOf(kind, given, words);
  if (isRefusal(sound)) return sound;
  const { id, value } = sound;
  const found = all.get(id);
  if (found !== undefined && isSame(kind.codec, found.value, value))
    return { kind: "same", revision: found.revision };
  if (found !== undefined && only === "new") return words.exists(name, id);
  if (found === undefined && only === "present") return words.missing(name, id);
  const last = found?.revision ?? 0;
  if (revision !== 0 && revision !== last) return words.moved(name, id, revision, last);
  if (found === undefined && all.size >= kind.max) return words.full(name, kind.max);
  return { kind: "write", id, value };
}

function soundOf<T>(
  kind: KeptKind<T>,
  given: T | undefined,
  words: KeptWords,
): { readonly id: string; readonly value: T } | Refusal {
  const { name, idLengthMax, bytesMax, codec } = kind;
  if (given === undefined) return words.invalid(`expected a ${name}, found none`);
  const value = kind.bare(given);
  const id = kind.idOf(value as ReadOnly<T>);
  const problem =
    idProblem(name, id, idLengthMax) ?? weightProblem(name, codec, value, bytesMax) ?? kind.problem?.(value);
  return problem === undefined ? { id, value } : words.invalid(problem);
}

/** The record of a change, the `revision`th of its machine. */
export function since(
  atMs: number,
  cause: Cause | undefined,
  before: Since | undefined,
  revision: number,
): Since {
  const createCause = before === undefined ? cause : before.createCause;
  return { createMs: before?.createMs ?? atMs, updateMs: atMs, createCause, cause, revision };
}
