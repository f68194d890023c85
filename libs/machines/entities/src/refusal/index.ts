export { callRefused, recordRefusals, refusal, refusalKind } from "./machine.ts";
