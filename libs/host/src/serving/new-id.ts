/** Ids of what is started. */
import { createHash } from "node:crypto";
import type { CallContext, IdSource } from "@tutti/kernel";
import type { MachineDependencies } from "./machine-calls.ts";

export interface StartingDependencies extends Pick<MachineDependencies, "runtime" | "partitionOwner"> {
  readonly ids: Pick<IdSource, "newId">;
}

export interface IdWanted {
  /** Also the beginning of the ids. */
  readonly kind: string;
  /** As it was chosen. Else empty. */
  readonly chosen: string;
  readonly idempotencyKey: string;
}

/**
 * Returns the chosen id, else the one that the key always gives, so that a repetition finds what was started, else a
 * new one.
 */
export function idToStart(
  dependencies: StartingDependencies,
  { kind, chosen, idempotencyKey }: IdWanted,
  { namespace }: Pick<CallContext, "namespace">,
): string {
  if (chosen !== "") return chosen;
  if (idempotencyKey === "") return newIdHere(dependencies, kind, namespace);
  const digest = createHash("sha256").update(`${kind}\n${namespace}\n${idempotencyKey}`).digest("hex");
  return `${kind}_${digest.slice(0, 26)}`;
}

/** With a few partitions of many processes, this often is enough for one that is here. */
const drawsMax = 64;

/** Returns a new id that this process owns, where it owns anything: the caller is answered without another hop. */
export function newIdHere(
  { runtime, partitionOwner, ids }: StartingDependencies,
  kind: string,
  namespace: string,
): string {
  for (let draws = 1; ; draws++) {
    const id = ids.newId(kind);
    const partition = runtime.partitionOf({ namespace, kind, id });
    if (draws === drawsMax || partitionOwner.holds(runtime.service, partition)) return id;
  }
}
