/** The history of a run as text, and the trajectories of its agents, for the CLI and the dashboard. */
export { type CodeCompensation, compensationsOf } from "./compensations.ts";
export { type EventActor, type EventFacts, type EventJson, eventActorOf, eventOf } from "./event.ts";
export { callOf, contextText, questionText } from "./question.ts";
export { amountWords } from "./step-words.ts";
export { type ToolCall, type Trajectory, type Turn, trajectoriesOf } from "./trajectory.ts";
export { actorOf, subjectOf, wordsOf } from "./words.ts";
