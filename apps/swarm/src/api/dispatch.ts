/**
 * Where tasks are offered. Every agent is linked to the process that owns its pool, so there are no links to be relayed
 * and none to be asked for elsewhere: that part of the contract is not served, and whoever calls it is told so.
 */
import { dispatchService } from "@tutti/contracts/swarm/v1";
import type { Handlers } from "@tutti/mesh";
import { type OfferDesk, serveOffers } from "../offers/offer-stream.ts";

const { offer } = dispatchService.methods;

/** The part of the contract that is served. */
export const servedDispatchService = { ...dispatchService, methods: { offer } };

export function dispatchHandlers(desk: OfferDesk): Handlers<typeof servedDispatchService> {
  return { offer: (requests, context) => serveOffers(desk, requests, context) };
}
