export { anchorErrors } from "./errors.ts";
export {
  anchor,
  anchorCheckpoint,
  anchored,
  anchorKind,
  bookGivenUp,
  checkpointAnchored,
  giveUpBook,
} from "./machine.ts";
