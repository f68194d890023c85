/**
 * The REST API from a program, in Node or in a browser: a client over `fetch` that follows streams and reconnects, and the
 * types of requests and answers.
 */
export * from "@tutti/rest/client";
export type * from "@tutti/rest/types";
