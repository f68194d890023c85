export { type Installation, type Offered, offeredFor, type Used, type WantedName } from "./installation.ts";
export { capabilityAt, knownDefinition, type Offerers, versionNamed } from "./offered.ts";
export { isPolicyFile, type PolicySource, policiesIn } from "./policy-files.ts";
export {
  checkResource,
  type DescribedResource,
  emptyFields,
  isInPool,
  type ResourceWord,
  resourceKinds,
  resourceWord,
  specOf,
} from "./resource-file.ts";
export { checkRules } from "./rule-file.ts";
export {
  byPlace,
  type DefinitionFile,
  mayBeChecked,
  type Validated,
  type ValidateOptions,
  validate,
} from "./validate.ts";
export {
  type ApplySettings,
  applySettingsName,
  fillVariables,
  readApplySettings,
  setName,
} from "./variables.ts";
export { checkVariantText, type DescribedVariant, isVariantText } from "./variant-file.ts";
