export {
  type HolderState,
  holder,
  holderKey,
  limitId,
  limitKey,
  limitService,
  releaseLimit,
  requestLimit,
} from "./holder.ts";
export { holderOf, operations } from "./operations.ts";
