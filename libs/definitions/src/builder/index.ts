/** The builder without the checker, which is many times larger. */
export { retrySettings } from "../build/values.ts";
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
} from "./builder.ts";
export {
  type Capability,
  type CapabilityOptions,
  capability,
  type SchemaIssue,
  type SchemaResult,
  type StandardSchema,
} from "./capability.ts";
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
} from "./expression.ts";
