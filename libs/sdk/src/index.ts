/** Everything that a program imports: the client, workers, definitions and the testing kit. */
export * from "./client/index.ts";
export * from "./testing/index.ts";
export * from "./worker.ts";
export * from "./workflow.ts";
