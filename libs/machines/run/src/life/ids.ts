/** Ids of the runs that a run continues as. They follow from its own id, so that a repetition gives the same. */
import { shortId } from "@tutti/machine-work";

/** Returns the run that it continues as, by the id of the first one and how often that has continued. */
export function nextIdOf(firstId: string, incarnation: number): string {
  return shortId(`${firstId}...${incarnation}`);
}

/**
 * The same of one that was taken back, or comes after one that was: the run that it once continued as is another one.
 * Its id follows from its own.
 */
export function nextIdAside(id: string, resets: number, incarnation: number): string {
  return nextIdOf(resets === 0 ? id : `${id}..${resets}`, incarnation);
}
