export {
  type Installation,
  type NameReference,
  type Offered,
  offeredFor,
  type Used,
} from "./installation.ts";
export { capabilityAt, knownDefinition, type Offerers, versionNamed } from "./offered.ts";
export { isPolicyFile, type PolicySource, policiesIn } from "./policy-files.ts";
export {
  checkResource,
  type DescribedResource,
  emptyFields,
  isInPool,
  type ResourceKindName,
  resourceKindOf,
  resourceKinds,
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
