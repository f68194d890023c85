export {
  type Asked,
  decided,
  type Kept,
  type KeptKind,
  type KeptWords,
  type Since,
  since,
} from "./kit/kept.ts";
export { type Encoded, isSame, sorted, weightOf } from "./kit/sameness.ts";
export { idProblem, weightProblem } from "./kit/soundness.ts";
