export { type Asked, decided, type Kept, type KeptKind, type KeptWords, type Since, since } from "./kept.ts";
export { isSame, sorted, weightOf } from "./sameness.ts";
