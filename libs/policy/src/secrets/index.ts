/** The part for receivers of secrets, without access decisions. */
export { type Reception, receptionIn } from "./delivery.ts";
