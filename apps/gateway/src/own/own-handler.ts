/** What answers a route of the gateway itself. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Caller } from "../access/access.ts";

interface OwnAsked {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Undefined on routes that are open. */
  readonly caller: Caller | undefined;
}

/** Gives what is answered. Undefined answers without a body. */
export type OwnHandler = (call: OwnAsked) => Promise<unknown> | unknown;
