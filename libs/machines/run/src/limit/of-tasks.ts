/**
 * Limits of a child, decided: they are asked for one after the other before it is started, and given back when it has
 * ended or is given up. They hold whatever pools its tasks go to.
 */
import type { OfferDetails } from "@tutti/contracts/workflow/v1";
import { idOf, type Place } from "../kinds/kind.ts";
import { ask, limitIdOf, release } from "./limits.ts";

/** Their ids, in an order that is the same for all, so that no two wait for each other. */
export function limitsOfTask(details: OfferDetails | undefined): string[] {
  const keys = (details?.limitKeys ?? []).filter((key) => key !== "");
  return [...new Set(keys.map(limitIdOf))].sort();
}

/** The next one that it does not hold. */
export function askNextOfTask(place: Place): void {
  const limits = place.run.nodes[place.number]?.more?.limits ?? [];
  const next = limits.find(({ ticket }) => ticket === 0);
  if (next !== undefined && next.retryMs === 0) askOfTask(place, next.limit);
}

export function askOfTask(place: Place, id: string): void {
  const { run, step, range, task, number } = place;
  const keys = run.nodes[number]?.more?.details?.limitKeys ?? [];
  const limit = range.plan.policy(task).limits[keys.findIndex((key) => limitIdOf(key) === id)];
  ask(run, step, { id, limit, task: idOf(place) });
}

export function giveBackOfTask(place: Place): void {
  const { run, step, number } = place;
  for (const { limit } of run.nodes[number]?.more?.limits ?? []) release(step, limit, 0, idOf(place));
}
