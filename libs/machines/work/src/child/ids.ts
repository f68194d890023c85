/** Ids that an instance gives to others. They follow from its own id, so that a repetition gives the same. */
import { stableHash } from "@tutti/kernel";

const lengthMax = 200;
const keptOfLong = 150;

/**
 * Returns the child that does a task, readable and told apart by the number of the node: `order-7..ship.3..17`, and for
 * another attempt `order-7..ship.3..17.2`.
 */
export function childIdOf(
  runId: string,
  task: { readonly id: string; readonly node: number },
  attempt: number,
): string {
  const name = task.id.replaceAll("[", ".").replaceAll("]", "").replaceAll("#", ".");
  return shortId(`${runId}..${name}..${task.node}${attempt > 1 ? `.${attempt}` : ""}`);
}

/** An id that is too long keeps its first characters and a hash of the whole. */
export function shortId(id: string): string {
  if (id.length <= lengthMax) return id;
  const hash = ["a", "b", "c"].map((part) => stableHash(part, id).toString(36)).join("");
  return `${id.slice(0, keptOfLong)}..${hash}`;
}
