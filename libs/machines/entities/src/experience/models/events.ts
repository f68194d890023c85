import { CapabilityModel, ModelChangedV1, ModelTrainedV1 } from "@tutti/contracts/intelligence/v1";
import { modelsMax, trainingsMax } from "../limits.ts";
import type { Experience, ExperienceEvent } from "../state.ts";

export const modelTrained: ExperienceEvent<ModelTrainedV1> = {
  type: "model_trained",
  version: 1,
  codec: ModelTrainedV1,
  evolve(experience, { capability, training }) {
    if (training === undefined) return;
    const known = modelIn(experience, capability);
    known.trainings = [...known.trainings, training].slice(-trainingsMax);
  },
};

/** Knowledge of the previous model is learned again with the new one. */
export const modelChanged: ExperienceEvent<ModelChangedV1> = {
  type: "model_changed",
  version: 1,
  codec: ModelChangedV1,
  evolve(experience, { capability, live, previous, timeMs, quietUntil }) {
    const known = modelIn(experience, capability);
    Object.assign(known, { live, previous, sinceMs: timeMs, version: known.version + 1 });
    if (quietUntil > 0) known.quiet = { ...known.quiet, [previous]: quietUntil };
    experience.forgottenCount += 1;
  },
};

function modelIn({ models }: Experience, capability: string): CapabilityModel {
  const known = models.get(capability) ?? CapabilityModel.create({ capability });
  // Reinserted, because a map is ordered by insertion.
  models.delete(capability);
  models.set(capability, known);
  for (const oldest of models.keys()) {
    if (models.size <= modelsMax) break;
    models.delete(oldest);
  }
  return known;
}
