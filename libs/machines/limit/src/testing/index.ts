export {
  type HolderState,
  holder,
  holderKey,
  leave,
  limitId,
  limitKey,
  limitService,
  want,
} from "./holder.ts";
export { holderOf, operations } from "./operations.ts";
