import type { IdSource } from "@tutti/kernel";

export interface StartNames {
  readonly id: string;
  readonly idempotencyKey: string;
  /** Whether only this start can have created the work. The first reply of a retried start may be lost. */
  readonly isNew: boolean;
}

/**
 * Returns the id and the key of a start. A start with neither gets a new id. The client can then retry it if its outcome
 * is unknown, such as after the loss of the process that received it.
 */
export function namesOfStart(
  kind: "run" | "mission" | "session",
  { id = "", idempotencyKey = "" }: { readonly id?: string; readonly idempotencyKey?: string },
  ids: Pick<IdSource, "newId">,
): StartNames {
  const isNew = id === "" && idempotencyKey === "";
  return { id: isNew ? ids.newId(kind) : id, idempotencyKey, isNew };
}
