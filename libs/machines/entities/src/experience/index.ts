export { forgetCapability, learnChoice, recordExperience } from "./commands.ts";
export { experienceErrors } from "./errors.ts";
export { type Drifted, Drifts } from "./knowledge/drifts.ts";
export { type AboutAttempt, describedAs, kindsOf } from "./knowledge/kinds.ts";
export { Knowledge, type KnownModel, type Predicted, type PredictedPoint } from "./knowledge/knowledge.ts";
export { Learner } from "./knowledge/learner.ts";
export { outcomesMax } from "./limits.ts";
export { experience } from "./machine.ts";
export { type ExperienceNews, experienceNews, type NewsWanted } from "./queries.ts";
