/** Parts of services that host machines: calls to machines, their effects and their events. */

export { spanOf } from "../runtime/machines/list.ts";
export { ofAllPages } from "./all-pages.ts";
export { begin } from "./begin.ts";
export { definitionOf, endingOf, inputOf, priorityOf } from "./children.ts";
export { type Attempt, type ErrandCommand, Errands } from "./errands.ts";
export { combinedListeners } from "./events/combined-listeners.ts";
export {
  type EventMapper,
  MachineEventPublisher,
  type PublisherOptions,
} from "./events/machine-event-publisher.ts";
export {
  type EventNote,
  eventNotesOf,
  headOf,
  type NoteHead,
  type NoteOf,
  retryNote,
  type ToldMachine,
} from "./events/note.ts";
export { failureIn, StateLog, taskLog } from "./events/state-log.ts";
export { allInstances, healthOf, takesCalls } from "./instances.ts";
export {
  allEntries,
  type CommandCall,
  everything,
  execute,
  type MachineDependencies,
  orIfAbsent,
  placeOfToken,
  query,
  sizeOf,
  tokenOfPlace,
} from "./machine-calls.ts";
export { type Merging, mergedFields } from "./merged.ts";
export { changesOf, type Named, pageOf } from "./named.ts";
export { idToStart, newIdHere, type StartingDependencies } from "./new-id.ts";
export { registerLabels } from "./register-labels.ts";
export { Rounds } from "./rounds.ts";
export { WatchMemory } from "./watch-memory.ts";
export {
  aboutOf,
  type LineDependencies,
  type Lines,
  labelsOf,
  listLines,
  matchingPages,
  parentIn,
  type WorkFilter,
  watchLines,
} from "./work/lines.ts";
export { type Look, type LookingDependencies, looksAt, whenEnded } from "./work/looks.ts";
export { type KeptOutputs, outputOf } from "./work/output.ts";
export { withPause } from "./work/paused.ts";
export { type PlacementDependencies, placementOf, withPlacement, withRemedies } from "./work/placement.ts";
export { isWaiting, prefaced, waitSince } from "./work/preface.ts";
export { isWanted, listQuestions, ofWorks, type Questions, worksThatAsk } from "./work/questions.ts";
export { Shown } from "./work/shown.ts";
export { SpentTime, spanMessage, theWhole } from "./work/spent-time.ts";
export { cursorAt, type Standing, standingIn, takeUp } from "./work/standing.ts";
export {
  childSpans,
  modelCallSpans,
  pageOfSpans,
  traceIn,
} from "./work/timeline.ts";
export { type QueryCallAt, type Recorded, type Work, type WorkKind, workOf } from "./work/work.ts";
export { type EndedWork, WorkTraces } from "./work/work-traces.ts";
