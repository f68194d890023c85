export { describeRefusals, type RefusalRow, type RefusalTable } from "./refusals.ts";
