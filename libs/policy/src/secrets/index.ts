/** What receivers of secrets need, and nothing of what decides. */
export { type Reception, receptionIn } from "./delivery.ts";
