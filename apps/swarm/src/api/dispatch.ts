/** Where tasks are offered, and where hosts relay the links of agents whose pools are owned here. */
import { dispatchService } from "@tutti/contracts/swarm/v1";
import type { Handlers } from "@tutti/mesh";
import { type RelayDesk, serveRelay } from "../links/relay/relay-stream.ts";
import { type OfferDesk, serveOffers } from "../offers/offer-stream.ts";

const { offer, relay } = dispatchService.methods;

/** The part of the contract that is served. */
export const servedDispatchService = { ...dispatchService, methods: { offer, relay } };

export function dispatchHandlers(
  offers: OfferDesk,
  relays: RelayDesk,
): Handlers<typeof servedDispatchService> {
  return {
    offer: (requests, context) => serveOffers(offers, requests, context),
    relay: (requests, context) => serveRelay(relays, requests, context),
  };
}
