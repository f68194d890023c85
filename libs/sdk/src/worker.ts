/** The worker alone: without the client, the builder and the testing kit, which take several times its memory. */
export {
  type Capability,
  type CapabilityOptions,
  capability,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
} from "@tutti/definitions/builder";
export type { StepRetry } from "./client/work/retry.ts";
export { sdkErrors } from "./errors.ts";
export { FunctionContext, type ReceivedEvent } from "./functions/context.ts";
export {
  type DurableFunction,
  type DurableOptions,
  durable,
  type FunctionCode,
} from "./functions/durable.ts";
export { type DurableFetchOptions, durableFetch } from "./functions/durable-fetch.ts";
export { StepFailure } from "./functions/failure.ts";
export { type KeyedObject, type ObjectCallInput, object, reader } from "./functions/object.ts";
export type {
  CallableObject,
  ObjectCalls,
  ObjectHandlers,
  Reader,
  UntypedCalls,
} from "./functions/object-calls.ts";
export type {
  AgentOptions,
  ApproveOptions,
  CallOptions,
  ChildOptions,
  EmitOptions,
  EventWaitOptions,
  RunOptions,
  SignalOptions,
  WaitOptions,
} from "./functions/step-options.ts";
export type { AgentInfo, Decision, Question, TaskInfo } from "./orchestrator/decisions.ts";
export { SessionOrchestrator, type SessionOrchestratorOptions } from "./orchestrator/session-orchestrator.ts";
export {
  currentTask,
  type OutputOptions,
  type Progress,
  type StoredContent,
  type StoreOptions,
  TaskContext,
} from "./task/context.ts";
export { Busy, type BusyOptions, TaskFailure, type TaskFailureOptions } from "./task/failure.ts";
export type { HandleOptions, Handler, JsonSchema } from "./task/handlers.ts";
export type { Counter, Gauge, Histogram, MeasureLabels, MeasureOptions } from "./task/measures.ts";
export type { ModelAnswer, ModelRequest } from "./task/model-calls.ts";
export { type FileReference, StoredFile } from "./task/stored-file.ts";
export type { WorkerCredentials, WorkerOptions, WorkerSettings } from "./worker/settings.ts";
export { type DurableHandleOptions, Worker, type WorkerPorts, type WorkerState } from "./worker/worker.ts";
