import {
  type CapabilityModel,
  LiveModelChanged,
  type ModelTraining,
  PromoteModel,
  RecordTraining,
  RollBackModel,
  TrainingRecorded,
} from "@tutti/contracts/intelligence/v1";
import type { ReadOnly } from "@tutti/kernel";
import { durationModels } from "@tutti/planner";
import { experienceErrors } from "../errors.ts";
import { scoresMax } from "../limits.ts";
import type { Experience, ExperienceCommand } from "../state.ts";
import { modelChanged, modelTrained } from "./events.ts";
import { liveOf, objection, quietTrainings, verdictOf } from "./verdict.ts";

/** The machine decides, so that the live model follows from recorded data. */
export const recordTraining: ExperienceCommand<RecordTraining, TrainingRecorded> = {
  type: "record_training",
  codec: RecordTraining,
  reply: TrainingRecorded,
  decide(experience, { capability, training }, step) {
    const problem = trainingProblem(experience, capability, training);
    if (training === undefined || problem !== undefined)
      return experienceErrors.trainingInvalid.refusal({
        problem: problem ?? "expected a training, got none",
      });
    const known = experience.models.get(capability);
    const number = nextNumber(known);
    const { change, live, finding } = trainingVerdict(known, training);
    const before = liveOf(known);
    step.emit(modelTrained, { capability, training: { ...training, number, live: before, finding } });
    if (change !== "none")
      step.emit(modelChanged, {
        capability,
        live,
        previous: before,
        change,
        finding,
        timeMs: step.nowMs,
        quietUntil: change === "dropped" ? number + quietTrainings : 0,
      });
    return { finding, live };
  },
};

export const promoteModel: ExperienceCommand<PromoteModel, LiveModelChanged> = {
  type: "promote_model",
  codec: PromoteModel,
  reply: LiveModelChanged,
  decide(experience, { capability, model, training }, step) {
    const wrong = trainingProblem(experience, capability, training);
    if (training === undefined || wrong !== undefined)
      return experienceErrors.trainingInvalid.refusal({
        problem: wrong ?? "expected a training, got none",
      });
    const known = experience.models.get(capability);
    const before = liveOf(known);
    if (before === model) return { live: model };
    const problem = objection(before, model, training);
    if (problem !== undefined) return experienceErrors.modelNotBetter.refusal({ problem });
    const number = nextNumber(known);
    const finding = "A user promoted it.";
    step.emit(modelTrained, { capability, training: { ...training, number, live: before, finding } });
    step.emit(modelChanged, {
      capability,
      live: model,
      previous: before,
      change: "promoted",
      finding,
      timeMs: step.nowMs,
      quietUntil: 0,
    });
    return { live: model };
  },
};

export const rollBackModel: ExperienceCommand<RollBackModel, LiveModelChanged> = {
  type: "roll_back_model",
  codec: RollBackModel,
  reply: LiveModelChanged,
  decide(experience, { capability }, step) {
    const known = experience.models.get(capability);
    if (known === undefined && !experience.outcomes.some((outcome) => outcome.capability === capability))
      return experienceErrors.modelMissing.refusal({ id: capability });
    if (known === undefined || known.previous === "")
      return experienceErrors.noPreviousModel.refusal({ id: capability });
    const { live, previous } = known;
    step.emit(modelChanged, {
      capability,
      live: previous,
      previous: live,
      change: "rolled_back",
      timeMs: step.nowMs,
      finding: "A user rolled it back.",
      quietUntil: nextNumber(known) - 1 + quietTrainings,
    });
    return { live: previous };
  },
};

/** The verdict that `record_training` makes. Its sender gives the finding as the reason of the command. */
export function trainingVerdict(
  known: ReadOnly<CapabilityModel> | undefined,
  training: Parameters<typeof verdictOf>[1],
): ReturnType<typeof verdictOf> {
  return verdictOf(known, training, nextNumber(known));
}

function nextNumber(known: ReadOnly<CapabilityModel> | undefined): number {
  return (known?.trainings.at(-1)?.number ?? 0) + 1;
}

function trainingProblem(
  { outcomes }: ReadOnly<Pick<Experience, "outcomes">>,
  requested: string,
  training: ReadOnly<ModelTraining> | undefined,
): string | undefined {
  if (!outcomes.some(({ capability }) => capability === requested))
    return `expected a capability with recorded attempts, got ${JSON.stringify(requested.slice(0, 100))}`;
  const { scores = [], samples = 0 } = training ?? {};
  const isSound = ({ model, error, parts }: ReadOnly<ModelTraining>["scores"][number]) =>
    durationModels.some((each) => each === model) &&
    parts.length > 1 &&
    parts.length <= scoresMax &&
    [error, ...parts].every((value) => Number.isFinite(value) && value >= 0);
  if (scores.length === 0 || scores.length > scoresMax || !scores.every(isSound) || !(samples >= 1))
    return `expected 1 to ${scoresMax} scores of known models`;
  return undefined;
}
