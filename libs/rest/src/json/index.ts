export { restErrors } from "../errors.ts";
export { schema } from "../generated/schema.ts";
export { type OwnRoute, type OwnSchema, ownRoutes, ownSchemas } from "../plan/own.ts";
export { type PlannedField, pathOf, planOf, type RoutePlan } from "../plan/plan.ts";
export type { FieldTable, Schema } from "../plan/schema.ts";
export { unknownName } from "./found.ts";
export { type HttpParts, Mapping, refusal } from "./mapping.ts";
export { JsonLimitError, parseInTurns, writeInTurns } from "./slices.ts";
export type { Json, Message } from "./writer.ts";
