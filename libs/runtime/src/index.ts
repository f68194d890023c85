export * from "./api.ts";
export { runtimeErrors } from "./errors.ts";
export {
  type JournalSource,
  type MemoryUse,
  type Retention,
  type RuntimeLimits,
  type RuntimeOptions,
  runtimeLimits,
} from "./options.ts";
export { PurgeHorizon } from "./purge-horizon.ts";
export { isInternalEvent, ownEventCodec } from "./records/own-events.ts";
export { Runtime } from "./runtime.ts";
export { isStillAwaited } from "./tokens/still-awaited.ts";
export { readToken, tokenBytes, writeToken } from "./tokens/token.ts";
export { hasTokenForm, TokenCipher, tokenKeyBytes } from "./tokens/token-cipher.ts";
