/** The handler of a route that the gateway answers itself. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../access/access.ts";

interface OwnCall {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Undefined on routes that are open. */
  readonly caller: Caller | undefined;
}

/** Returns the body of the answer. Undefined for an answer without a body. */
export type OwnHandler = (call: OwnCall) => Promise<unknown> | unknown;
