import { type Recommendation, RecommendationStatus } from "@tutti/contracts/intelligence/v1";
import type { Command, MachineEvent, ReadOnly } from "@tutti/kernel";

/** Recommendations of a namespace, folded from its events. Only folds change them. */
export interface AdviceState {
  /** Recommendations by id, the oldest first. */
  readonly recommendations: Map<string, Recommendation>;
}

export type AdviceEvent<Body> = MachineEvent<AdviceState, never, Body>;
export type AdviceCommand<Body, Reply> = Command<AdviceState, Body, Reply, never>;

/** Bounds of the state: a snapshot has 16 MiB. */
export const recommendationsMax = 1_000;
export const bytesMax = 65_536;
export const weightMax = 6 * 2 ** 20;
export const foundMax = 100;

export const openMs = 7 * 86_400_000;
/** Time during which a recommendation like a dismissed or reverted one is not made. It doubles each time. */
const quietMs = 7 * 86_400_000;
const quietMaxMs = 90 * 86_400_000;

export function quietFor(times: number): number {
  return Math.min(quietMaxMs, quietMs * 2 ** Math.max(0, times - 1));
}

const { RECOMMENDATION_STATUS_TRIAL } = RecommendationStatus;

/** Returns whether new runs are divided, or do not follow the verdict yet. */
export function isOnTrial({ status, trial }: ReadOnly<Recommendation>): boolean {
  return status === RECOMMENDATION_STATUS_TRIAL || trial?.settled === false;
}
