export { checked } from "./check-thread.ts";
export type { CheckedParts, CheckedText, DefinitionParts, RequestedParts as WantedParts } from "./checks.ts";
