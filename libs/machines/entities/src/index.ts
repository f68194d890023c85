export {
  decided,
  type KeepRequest,
  type Kept,
  type KeptKind,
  type KeptWords,
  type Since,
  since,
} from "./kit/kept.ts";
export { type Encoded, idProblem, isSame, sorted, weightOf, weightProblem } from "./kit/sameness.ts";
