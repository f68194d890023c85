export { askCache, forgetOutput, storeOutput } from "./commands.ts";
export { cache } from "./machine.ts";
export type { CacheEntry } from "./state.ts";
