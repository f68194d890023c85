export { type Asked, decided, type Kept, type KeptKind, type KeptWords, type Since, since } from "./kept.ts";
export { type Encoded, isSame, sorted, weightOf } from "./sameness.ts";
export { idProblem, weightProblem } from "./soundness.ts";
