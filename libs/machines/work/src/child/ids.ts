/**
 * Ids that an instance assigns to others. They follow from its own id, so that a repetition gives the same
 * id.
 */
import { stableHash } from "@tutti/kernel";

const lengthMax = 200;
const prefixLength = 150;

/**
 * Returns the id of the child of a task, readable and distinguished by the number of the node: `order-7..ship.3..17`,
 * and for another attempt `order-7..ship.3..17.2`.
 */
export function childIdOf(
  runId: string,
  task: { readonly id: string; readonly node: number },
  attempt: number,
): string {
  const name = task.id.replaceAll("[", ".").replaceAll("]", "").replaceAll("#", ".");
  return shortId(`${runId}..${name}..${task.node}${attempt > 1 ? `.${attempt}` : ""}`);
}

/** Shortens an id that is too long to its first characters and a hash of the whole. */
export function shortId(id: string): string {
  if (id.length <= lengthMax) return id;
  const hash = ["a", "b", "c"].map((part) => stableHash(part, id).toString(36)).join("");
  return `${id.slice(0, prefixLength)}..${hash}`;
}

const inForm = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;

/** Returns the id of a keyed object. A key that is not a valid id is replaced by its hash. */
export function objectIdOf(name: string, key: string): string {
  const id = `${name}..${key}`;
  const isPlain = inForm.test(id) && !key.startsWith("key.") && !key.includes("..") && !name.includes("..");
  if (isPlain) return id;
  const hash = ["a", "b", "c"].map((part) => stableHash(part, `${name}/${key}`).toString(36)).join("");
  return `${name.slice(0, prefixLength)}..key.${hash}`;
}
