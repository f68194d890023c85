export { checked } from "./check-thread.ts";
export type { CheckedParts, CheckedText, DefinitionParts, WantedParts } from "./checks.ts";
