/** Parts of services that host machines: calls to machines, their effects and their events. */

export { spanOf } from "../runtime/machines/list.ts";
export { ofAllPages } from "./all-pages.ts";
export { definitionOf, endingOf, inputOf, priorityOf } from "./children.ts";
export { type Attempt, EffectJobs, type JobCommand } from "./effect-jobs.ts";
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
  type PublishedMachine,
  retryNote,
} from "./events/note.ts";
export { failureIn, StateLog, taskLog } from "./events/state-log.ts";
export { acceptsCalls, allInstances, healthOf } from "./instances.ts";
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
export { startOnce } from "./start-once.ts";
export { WatchMemory } from "./watch-memory.ts";
export { missionChildren, runChildren, sessionChildren } from "./work/children.ts";
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
export {
  type Lookup,
  type LookupDependencies,
  lookupsOf,
  whenEnded,
} from "./work/lookups.ts";
export { outputOf, type StoredOutputs } from "./work/output.ts";
export { isOffered, withPause } from "./work/paused.ts";
export { type PlacementDependencies, placementOf, withPlacement, withRemedies } from "./work/placement.ts";
export { isWaiting, prefaced, waitSince } from "./work/preface.ts";
export {
  approverNames,
  inboxLabels,
  inboxLabelsOf,
  inboxService,
  listQuestions,
  matchesFilter,
  mayDecide,
  ofWorks,
  type Questions,
  worksWithQuestions,
} from "./work/questions.ts";
export { SentItems } from "./work/sent-items.ts";
export { SpentTime, spanMessage, workNode } from "./work/spent-time.ts";
export {
  childSpans,
  modelCallSpans,
  pageOfSpans,
  traceIn,
} from "./work/timeline.ts";
export {
  cursorAt,
  positionIn,
  resume,
  type WatchPosition,
} from "./work/watch-position.ts";
export { type QueryCallAt, type Recorded, type Work, type WorkKind, workOf } from "./work/work.ts";
export { type EndedWork, WorkTraces } from "./work/work-traces.ts";
