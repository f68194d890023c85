export { recordRefusals, refusal, refusalKind } from "./machine.ts";
