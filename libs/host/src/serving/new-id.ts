/** Ids of started work. */
import { createHash } from "node:crypto";
import { type CallContext, type IdSource, parseId, printId } from "@tutti/kernel";
import type { MachineDependencies } from "./machine-calls.ts";

export interface StartingDependencies extends Pick<MachineDependencies, "runtime" | "partitionOwner"> {
  readonly ids: Pick<IdSource, "newId">;
}

export interface IdRequest {
  /** Kind, and also the prefix of the ids. */
  readonly kind: string;
  /** The chosen id. Otherwise empty. */
  readonly requestedId: string;
  readonly idempotencyKey: string;
}

/**
 * Returns the chosen id, else the one derived from the key, so that a repetition finds the started work, else a new
 * one.
 */
export function idToStart(
  dependencies: StartingDependencies,
  { kind, requestedId, idempotencyKey }: IdRequest,
  { namespace }: Pick<CallContext, "namespace">,
): string {
  if (requestedId !== "") return requestedId;
  if (idempotencyKey === "") return newIdHere(dependencies, kind, namespace);
  // A client made the key for this start: the id sorts by time, as other new ids do.
  const made = parseId(idempotencyKey);
  if (made?.kind === "call") return printId({ ...made, kind });
  const digest = createHash("sha256").update(`${kind}\n${namespace}\n${idempotencyKey}`).digest("hex");
  return `${kind}_${digest.slice(0, 26)}`;
}

/** Enough draws to find an id of this process, even if it owns few partitions among many processes. */
const drawsMax = 64;

/** Returns a new id that this process owns, if it owns anything: the caller is answered without another hop. */
export function newIdHere(
  { runtime, partitionOwner, ids }: StartingDependencies,
  kind: string,
  namespace: string,
): string {
  for (let draws = 1; ; draws++) {
    const id = ids.newId(kind);
    const partition = runtime.partitionOf({ namespace, kind, id });
    if (draws === drawsMax || partitionOwner.owns(runtime.service, partition)) return id;
  }
}
