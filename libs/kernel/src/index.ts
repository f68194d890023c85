export { hostNameIn, isLoopbackHost } from "./addresses/loopback.ts";
export { misspeltVariables } from "./configuration/client-variables.ts";
export {
  type ChangeListener,
  Configuration,
  type Reader as ConfigurationReader,
  type ReloadReport,
} from "./configuration/configuration.ts";
export { type Explanation, renderExplanation } from "./configuration/explanation.ts";
export { configurationJsonSchema } from "./configuration/json-schema.ts";
export {
  defaultUrl,
  platformFolder,
  startCommandOf,
  usualUrl,
} from "./configuration/local-platform.ts";
export { renderConfigurationReference } from "./configuration/reference.ts";
export { type Scope as ConfigurationScope, scopes as configurationScopes } from "./configuration/scopes.ts";
export { SecretReference, secret } from "./configuration/secret.ts";
export { defineSection, live, type Section, type SectionDeclaration } from "./configuration/section.ts";
export {
  type ConfigurationFiles,
  type ConfigurationSources,
  memorySources,
  systemSources,
} from "./configuration/sources.ts";
export { didYouMean, nearest } from "./configuration/suggestion.ts";
export { yamlMistakesIn } from "./configuration/yaml-mistakes.ts";
export { parseYaml, YamlTooDeep } from "./configuration/yaml-text.ts";
export * from "./context/call-context.ts";
export { AssertionFault, assert, type Facts, unreachable } from "./errors/assertion.ts";
export * from "./errors/catalogue.ts";
export { reasonOf, systemCodeOf } from "./errors/caught.ts";
export { errorFromUnknown } from "./errors/from-unknown.ts";
export { kernelErrors } from "./errors/kernel-errors.ts";
export { notOwner, notOwnerCode, notOwnerOf } from "./errors/not-owner.ts";
export { callHandler, ownFrames } from "./errors/own-frames.ts";
export { fromProblem, type Problem, problemMediaType, toProblem } from "./errors/problem.ts";
export { renderErrorReference } from "./errors/reference.ts";
export { errorOf, isRefusal, type Refusal } from "./errors/refusal.ts";
export * from "./errors/status.ts";
export {
  errorOfBareStatus,
  fromStatusDetails,
  type StatusDetails,
  statusDetailsTrailer,
  toStatusDetails,
} from "./errors/status-details.ts";
export * from "./errors/tutti-error.ts";
export { fromErrorDetail, toErrorDetail } from "./errors/wire.ts";
export { type Id, type IdParts, isId, kindOf, parseId, printId, timeOf } from "./ids/id.ts";
export { IdSource } from "./ids/id-source.ts";
export { idOfKey, mixedHash, stableHash } from "./ids/stable-hash.ts";
export { type Labels, labelsMatch, type SelectorInput, selectorText } from "./labels.ts";
export { isEnded, liveStatuses } from "./machine/ended.ts";
export { type InstanceAddress, type InstanceKey, keyOf, textOf } from "./machine/instance-key.ts";
export type * from "./machine/machine.ts";
export type { WireCodec, WireWriter } from "./machine/wire.ts";
export type {
  Component,
  ComponentContext,
  ComponentMap,
  ComponentOptions,
  Timeouts,
} from "./orchestrator/component.ts";
export type { ComponentLife, ComponentPhase } from "./orchestrator/component-record.ts";
export type { StartUp } from "./orchestrator/component-set.ts";
export type { ConditionStatus } from "./orchestrator/condition.ts";
export { type DeadlineOptions, withDeadline } from "./orchestrator/deadline.ts";
export { lifecycleErrors } from "./orchestrator/errors.ts";
export { type Emits, Emitter, type Listener, type Unsubscribe } from "./orchestrator/events.ts";
export { type Foundation, systemFoundation } from "./orchestrator/foundation.ts";
export {
  aggregateHealth,
  degraded,
  type Health,
  type HealthDetails,
  type HealthLevel,
  type HealthPart,
  type HealthReport,
  healthy,
  type Readiness,
  type ReadinessProblem,
  severityOf,
  unhealthy,
} from "./orchestrator/health/health.ts";
export type { HealthReporter } from "./orchestrator/health/health-monitor.ts";
export type { FailedLifecycle, Lifecycle, LifecycleState } from "./orchestrator/lifecycle.ts";
export { Orchestrator, type OrchestratorOptions } from "./orchestrator/orchestrator.ts";
export type { NoEvents, OrchestratorEvents } from "./orchestrator/orchestrator-events.ts";
export { type Runnable, type RunOptions, runUntilSignal } from "./orchestrator/run-until-signal.ts";
export {
  type ExecuteOptions,
  type ExecuteWithDefault,
  type ExecutionOutcome,
  type ExecutionPorts,
  type ExecutionReport,
  executeSafely,
  type Operation,
  type RetryOptions,
} from "./orchestrator/safe-execute.ts";
export type { ComponentStatus, FailureStatus, OrchestratorStatus } from "./orchestrator/status.ts";
export {
  composeObserved,
  composeSteps,
  type Naming,
  type StepObserver,
  type StepOutcome,
} from "./orchestrator/steps/pipeline.ts";
export {
  type AroundStep,
  defineStep,
  type Next,
  type RunStep,
  type Step,
  type StepScope,
} from "./orchestrator/steps/step.ts";
export { type StepListing, StepRegistry } from "./orchestrator/steps/step-registry.ts";
export {
  descending,
  type Page,
  type PagedList,
  type PageQuery,
  pageOf,
} from "./paging/page.ts";
export { agentFunction, internalLabel, isInternal } from "./platform-names.ts";
export { answerText } from "./ports/answer-text.ts";
export * from "./ports/chance.ts";
export * from "./ports/clock.ts";
export * from "./ports/delivery.ts";
export { type LineLoggerOptions, lineLogger } from "./ports/line-logger.ts";
export * from "./ports/logger.ts";
export * from "./ports/metrics.ts";
export * from "./ports/ownership.ts";
export { plainTracer } from "./ports/plain-tracer.ts";
export { privateModes } from "./ports/private-modes.ts";
export {
  type FaultOrigin,
  type ProcessEdge,
  programFileOf,
  type StopSignal,
  signalNumbers,
  systemProcess,
} from "./ports/process.ts";
export * from "./ports/system.ts";
export * from "./ports/timers.ts";
export { TraceIdentifiers } from "./ports/trace-identifiers.ts";
export * from "./ports/traceparent.ts";
export * from "./ports/tracer.ts";
export * from "./ports/turns.ts";
export { UnrecordedSpan } from "./ports/unrecorded-span.ts";
export { isSecretKey, redacted, redactText } from "./redaction/redaction.ts";
export { type Backoff, backoffBoundMs, backoffMs } from "./retry/backoff.ts";
export {
  decideRetry,
  isRetried,
  type RetryDecision,
  retryAfterMaxMs,
  retryPauseMs,
} from "./retry/decision.ts";
export {
  type ConfiguredRetry,
  type ConfiguredRetryOf,
  type RetryContradiction,
  type RetryPolicy,
  type RetrySettings,
  resolveRetry,
  retryContradiction,
  retryDefaults,
  retryFromMessage,
  retryMessage,
  retryOfPool,
  singleAttempt,
} from "./retry/policy.ts";
export { configuredRetryIn, retrySection } from "./retry/section.ts";
export { type S3Credentials, signed, uriEncoded } from "./signing/s3.ts";
export { ByteBlocks } from "./structures/byte-blocks.ts";
export { Heap, isBefore, type Ranked } from "./structures/heap.ts";
export { jsonPayload } from "./structures/json-payload.ts";
export { keepNewest } from "./structures/keep-newest.ts";
export { KeyedSlots } from "./structures/keyed-slots.ts";
export * from "./text.ts";
export { durationPattern, isDuration, parseDurationMs, printDuration } from "./time/duration.ts";
export { Notifier } from "./time/notifier.ts";
export { fromTimestamp, type Timestamp, toTimestamp } from "./time/timestamp.ts";
export { Waiters } from "./time/waiters.ts";
