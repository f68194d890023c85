/** Coding agents as tasks: Claude Code, Codex, Gemini CLI and similar programs. */
export type { PermissionCheck, PermissionRequest } from "./acp.ts";
export {
  type CodingInput,
  type CodingOptions,
  type CodingOutput,
  codingAgent,
  codingOptions,
} from "./coding.ts";
export { codingErrors } from "./errors.ts";
export type { CodingFolders } from "./folders.ts";
export { type MergeInput, type MergeOutput, mergeOptions, mergeQueue } from "./merge.ts";
export {
  acp,
  type CodingProfile,
  type CodingProgress,
  type CodingTurn,
  claude,
  codex,
  gemini,
  type ModelTokens,
  type SessionLogFiles,
} from "./profiles.ts";
export type { ChangedFile } from "./tree.ts";
