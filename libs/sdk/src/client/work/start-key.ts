import { randomUUID } from "node:crypto";

/**
 * Returns the idempotency key of a start. A start without an id or a key gets a new key. The client can then retry it if
 * its outcome is unknown, such as after the loss of the process that received it.
 */
export function startKey({ id = "", idempotencyKey = "" }: StartNames): string {
  return id === "" && idempotencyKey === "" ? randomUUID() : idempotencyKey;
}

/** Returns whether a start may find work of an earlier one. The first reply of a retried start may be lost. */
export function mayExist({ id = "", idempotencyKey = "" }: StartNames): boolean {
  return id !== "" || idempotencyKey !== "";
}

interface StartNames {
  readonly id?: string;
  readonly idempotencyKey?: string;
}
