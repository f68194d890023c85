export { expressionErrors } from "./errors.ts";
export type { ReadVariable } from "./evaluate/frame.ts";
export { type Compiled, type CompileOptions, compileExpression } from "./expression.ts";
export { matchesPattern, type PatternOutcome } from "./functions/pattern.ts";
export { limits as expressionLimits } from "./limits.ts";
export {
  type LabelMatcher,
  matcherProblem,
  matchesLabels,
  parseMatcher,
  printMatcher,
} from "./matchers/label-matcher.ts";
export { type LineAndColumn, lineAndColumn, type Problem, type ProblemCode } from "./problem.ts";
export {
  type EvaluateOptions,
  type Evaluation,
  type EvaluationProblem,
  evaluationRefusal,
  Program,
} from "./program.ts";
export { type CompiledData, compileData, type DataProblem } from "./template/data.ts";
export { compileCondition, compileTemplate, hasTemplate } from "./template/template.ts";
export { decodeType, type EncodedType, TypeEncoder } from "./types/encoding.ts";
export { typeOfSchema } from "./types/json-schema.ts";
export { type Scope, scopeOf } from "./types/scope.ts";
export { fits, listOf, mapOf, nullable, objectOf, printType, type Type, types } from "./types/type.ts";
export { losesDigits, parseExactly, textOfJson, writeExactly } from "./values/exact-json.ts";
export type { Json, Value } from "./values/value.ts";
