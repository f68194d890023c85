import type { CapabilityModel, LearnedOutcome } from "@tutti/contracts/intelligence/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import type { Experience } from "../state.ts";

export interface RecordedModels {
  readonly outcomes: readonly ReadOnly<LearnedOutcome>[];
  readonly models: ReadonlyMap<string, ReadOnly<CapabilityModel>>;
}

/** Returns the data for comparisons of models, and earlier results. */
export const recordedModels: Query<Experience, void, RecordedModels> = {
  type: "recorded_models",
  answer: ({ outcomes, models }) => ({ outcomes, models: new Map(models) }),
};
