/** Ids that a run gives to others: they follow from its own, so that what is done twice is the same. */
import { stableHash } from "@tutti/kernel";

const lengthMax = 200;
const keptOfLong = 150;

/** The run that it goes on as, by the id of the first one and how often that has gone on. */
export function nextIdOf(firstId: string, incarnation: number): string {
  return short(`${firstId}...${incarnation}`);
}

/**
 * The same of one that was taken back, or comes after one that was: the run that it once went on as is another one. Its id follows
 * from its own.
 */
export function nextIdAside(id: string, resets: number, incarnation: number): string {
  return nextIdOf(resets === 0 ? id : `${id}..${resets}`, incarnation);
}

/**
 * The child that does a task, readable and told apart by the number of the node: `order-7..ship.3..17`, and for another
 * attempt `order-7..ship.3..17.2`.
 */
export function childIdOf(
  runId: string,
  task: { readonly id: string; readonly node: number },
  attempt: number,
): string {
  const name = task.id.replaceAll("[", ".").replaceAll("]", "").replaceAll("#", ".");
  return short(`${runId}..${name}..${task.node}${attempt > 1 ? `.${attempt}` : ""}`);
}

/** What is too long keeps its beginning, and a hash of the whole. */
function short(id: string): string {
  if (id.length <= lengthMax) return id;
  const hash = ["a", "b", "c"].map((part) => stableHash(part, id).toString(36)).join("");
  return `${id.slice(0, keptOfLong)}..${hash}`;
}
