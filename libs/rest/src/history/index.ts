/** The history of a run as text, and the trajectories of its agents, for the CLI and the dashboard. */
export { type CodeCompensation, compensationsOf } from "./compensations.ts";
export { type EventActor, type EventFacts, type EventJson, eventActorOf, eventOf } from "./event.ts";
export { actorOf, eventText, subjectOf } from "./event-text.ts";
export { answererText, answersText, callOf, contextText, questionText } from "./question.ts";
export { usageText } from "./step-text.ts";
export { type ToolCall, type Trajectory, type Turn, trajectoriesOf } from "./trajectory.ts";
