export { anchorErrors } from "./errors.ts";
export { anchor, anchorCheckpoint, anchored, anchorKind, giveUpBook } from "./machine.ts";
