export { decisions, decisionsKind, type Recorded, recorded, takeDecisions } from "./machine.ts";
