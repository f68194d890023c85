export type { Advice } from "./advise/advice.ts";
export { advise, impureInputs, type RecordedData } from "./advise/advise.ts";
export type { RecordedRun } from "./advise/replay.ts";
export type { RecordedUse } from "./advise/right-sizing.ts";
export {
  agent,
  approve,
  type Built,
  child,
  durableTask,
  gate,
  loop,
  mission,
  set,
  spawn,
  uses,
  wait,
  workflow,
} from "./builder/builder.ts";
export {
  type Capability,
  type CapabilityOptions,
  capability,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
} from "./builder/capability.ts";
export {
  cel,
  type Expression,
  input,
  item,
  outputOf,
  parameters,
  type Reference,
  reference,
  template,
  vars,
} from "./builder/expression.ts";
export {
  type CheckedAdapter,
  checkAdapterText,
  isAdapterText,
  referencesIn,
} from "./check/adapter-checker.ts";
export { type AdditionOptions, checkAddition, tasksOfList } from "./check/addition.ts";
export type { Catalogue, KnownCapability, KnownDefinition } from "./check/catalogue.ts";
export {
  type CheckedDefinition,
  type CheckOptions,
  checkDocument,
  checkText,
  type Definition,
} from "./check/checker.ts";
export { type CheckedFile, checkFileText, keyLine } from "./check/file-checker.ts";
export { type CheckedSchedule, checkScheduleText, isScheduleText } from "./check/schedule-checker.ts";
export { type CheckedSession, checkSessionText, isSessionText } from "./check/session-checker.ts";
export { type CheckedSource, checkSourceText, isSourceText } from "./check/source-checker.ts";
export { checkSchemaText, type ReadText, readText } from "./check/text-checker.ts";
export { type CheckedTrigger, checkTriggerText, isTriggerText } from "./check/trigger-checker.ts";
export {
  type ValidatedValue,
  validateAgainst,
  validateInputAgainst,
} from "./check/validated-value.ts";
export { isWorkflowDocument, isWorkflowText } from "./check/workflow-text.ts";
export { type CostInput, costInputIn } from "./contracts/cost-input.ts";
export { graphOf } from "./contracts/graph.ts";
export {
  inputErrors,
  jsonOf,
  refuseViolations,
  requireInputOfSchema,
  requireValidInput,
} from "./contracts/inputs.ts";
export {
  capabilityNames,
  definitionMessage,
  graphNodes,
  planKinds,
  problemMessage,
  usedBy,
} from "./contracts/messages.ts";
export { documentOfTask, documentOfTasks, repeatedIds, withNeedConditions } from "./contracts/task-list.ts";
export { taskSpecsOf } from "./contracts/task-specs.ts";
export { triggersOf } from "./contracts/trigger-message.ts";
export { type PrintFormat, printDefinition } from "./convert/print.ts";
export { printTypeScript } from "./convert/typescript.ts";
export { parseDurationMs, printDuration } from "./duration.ts";
export { type EmittedEvent, emitCapability, emittedEvent } from "./emit.ts";
export { type AdapterDocument, type AdapterKind, adapterKinds } from "./language/adapter-shape.ts";
export * from "./language/document.ts";
export {
  adapterJsonSchema,
  languageJsonSchema,
  scheduleJsonSchema,
  sessionJsonSchema,
  sourceJsonSchema,
  triggerJsonSchema,
} from "./language/json-schema.ts";
export { type MembersShape, type Shape, shapes } from "./language/shape.ts";
export type { SourceDocument } from "./language/source-shape.ts";
export { type PlanKindWord, type TaskKindWord, taskKinds } from "./language/task-shape.ts";
export { limits as definitionLimits } from "./limits.ts";
export { canonical } from "./plan/canonical.ts";
export type * from "./plan/plan.ts";
export { PlanPrograms } from "./plan/plan-programs.ts";
export {
  type DefinitionProblem,
  type Findings,
  formatWithoutPlace,
  printProblem,
} from "./problem.ts";
export { needsLargerBudget, needsOtherDefinition } from "./repeating.ts";
export { documentsOf } from "./source/documents.ts";
export type { DefinitionText, SourceFormat } from "./source/text.ts";
