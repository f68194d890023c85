export { forgetCapability, learnChoice, recordExperience } from "./commands.ts";
export { experienceErrors } from "./errors.ts";
export { type Drifted, Drifts } from "./knowledge/drifts.ts";
export { type AboutAttempt, describedAs, kindsOf } from "./knowledge/kinds.ts";
export { Knowledge, type KnownModel, type Predicted, type PredictedPoint } from "./knowledge/knowledge.ts";
export { Learner } from "./knowledge/learner.ts";
export { outcomesMax } from "./limits.ts";
export { experience } from "./machine.ts";
export { promoteModel, recordTraining, rollBackModel, trainingVerdict } from "./models/commands.ts";
export { type RecordedModels, recordedModels } from "./models/queries.ts";
export { endsOf, type Scored, train, trainedOnMin } from "./models/training.ts";
export { isBaseline, liveOf } from "./models/verdict.ts";
export {
  type ExperiencePosition,
  type ExperienceUpdate,
  experienceUpdate,
} from "./queries.ts";
