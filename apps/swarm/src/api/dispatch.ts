/** Where tasks are offered, and where hosts relay the links of agents whose pools are owned here. */
import { defaultNamespace } from "@tutti/contracts/rpc";
import type { dispatchService, ListLinksReply, ListLinksRequest } from "@tutti/contracts/swarm/v1";
import type { Handlers } from "@tutti/mesh";
import { swarmErrors } from "../errors.ts";
import { type RelayDesk, serveRelay } from "../links/relay/relay-stream.ts";
import type { LinkRoll } from "../links/roll.ts";
import { type OfferDesk, serveOffers } from "../offers/offer-stream.ts";
import { defaultPool } from "../pools/pool-directory.ts";
import type { PoolTenancy } from "../pools/tenancy.ts";

interface RollDesk {
  readonly roll: LinkRoll;
  readonly tenancy: Pick<PoolTenancy, "epochOf">;
}

export function dispatchHandlers(
  offers: OfferDesk,
  relays: RelayDesk,
  rolls: RollDesk,
): Handlers<typeof dispatchService> {
  return {
    offer: (requests, context) => serveOffers(offers, requests, context),
    relay: (requests, context) => serveRelay(relays, requests, context),
    listLinks: (request) => listLinks(rolls, request),
  };
}

async function* listLinks(
  { roll, tenancy }: RollDesk,
  { namespace: of, pool, epoch }: ListLinksRequest,
): AsyncGenerator<ListLinksReply> {
  const namespace = of || defaultNamespace;
  const name = pool || defaultPool;
  const known = tenancy.epochOf(namespace, name);
  if (known > epoch) throw swarmErrors.poolMovedOn({ pool: name, found: epoch, known });
  yield* roll.replies(namespace, name);
}
