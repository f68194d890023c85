export * from "./context/call-context.ts";
export { AssertionFault, assert, type Facts, unreachable } from "./errors/assertion.ts";
export * from "./errors/catalogue.ts";
export { errorFromUnknown } from "./errors/from-unknown.ts";
export { kernelErrors } from "./errors/kernel-errors.ts";
export { notOwner, notOwnerCode, notOwnerOf } from "./errors/not-owner.ts";
export { fromProblem, type Problem, problemMediaType, toProblem } from "./errors/problem.ts";
export { renderErrorReference } from "./errors/reference.ts";
export { errorOf, isRefusal, type Refusal } from "./errors/refusal.ts";
export * from "./errors/status.ts";
export {
  fromStatusDetails,
  type StatusDetails,
  statusDetailsTrailer,
  toStatusDetails,
} from "./errors/status-details.ts";
export * from "./errors/tutti-error.ts";
export { fromErrorDetail, toErrorDetail } from "./errors/wire.ts";
export { type Id, type IdParts, isId, kindOf, parseId, printId, timeOf } from "./ids/id.ts";
export { IdSource } from "./ids/id-source.ts";
export { type Page, type PageWanted, pageOf } from "./paging/page.ts";
export * from "./ports/chance.ts";
export * from "./ports/clock.ts";
export * from "./ports/delivery.ts";
export * from "./ports/logger.ts";
export * from "./ports/metrics.ts";
export * from "./ports/ownership.ts";
export * from "./ports/timers.ts";
export * from "./ports/tracer.ts";
export { fromTimestamp, type Timestamp, toTimestamp } from "./time/timestamp.ts";
