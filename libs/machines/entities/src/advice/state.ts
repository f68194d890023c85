import { type Recommendation, RecommendationStatus } from "@tutti/contracts/intelligence/v1";
import type { Command, MachineEvent, ReadOnly } from "@tutti/kernel";

/** What was recommended in a namespace, folded from its events. Only folds change it. */
export interface AdviceState {
  /** By id, the oldest first. */
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
/** The like of what was dismissed or taken back is not made again for so long, then for twice as long each time. */
const quietMs = 7 * 86_400_000;
const quietMaxMs = 90 * 86_400_000;

export function quietFor(times: number): number {
  return Math.min(quietMaxMs, quietMs * 2 ** Math.max(0, times - 1));
}

const { RECOMMENDATION_STATUS_TRIAL } = RecommendationStatus;

/** New runs are divided, or do not go yet as it was decided. */
export function isBeingTried({ status, trial }: ReadOnly<Recommendation>): boolean {
  return status === RECOMMENDATION_STATUS_TRIAL || trial?.settled === false;
}
