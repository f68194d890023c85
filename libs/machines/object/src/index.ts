export { acquireObject, changeObject, readerTicket, releaseObject } from "./call/commands.ts";
export { objectErrors } from "./errors.ts";
export { object } from "./machine.ts";
export { type ObjectFacts, objectFacts } from "./queries.ts";
