export { type Encoded, idProblem, isSame, sorted, weightOf, weightProblem } from "./kit/sameness.ts";
export {
  decided,
  type ItemRefusals,
  type Since,
  type Stored,
  type StoredKind,
  type StoreRequest,
  since,
} from "./kit/stored.ts";
