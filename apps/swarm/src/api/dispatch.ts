/** Receives offers of tasks, relayed links to pools that are owned here, and reports between owners. */
import { defaultNamespace } from "@tutti/contracts/rpc";
import {
  type AwaitedAgent,
  type dispatchService,
  type ListLinksReply,
  type ListLinksRequest,
  TellLinksReply,
  type TellLinksRequest,
} from "@tutti/contracts/swarm/v1";
import type { Handlers } from "@tutti/mesh";
import { swarmErrors } from "../errors.ts";
import type { RollCalls } from "../links/call-roll.ts";
import { type RelayDependencies, serveRelay } from "../links/relay/relay-stream.ts";
import type { LinkRoll } from "../links/roll.ts";
import { type OfferDependencies, serveOffers } from "../offers/offer-stream.ts";
import { defaultPool } from "../pools/pool-directory.ts";
import type { PoolTenancy } from "../pools/tenancy.ts";

/** Maximum number of agents in all pools of a partition. */
const reportedAgentsMax = 1_000_000;

export interface RollDependencies {
  readonly roll: LinkRoll;
  readonly calls: Pick<RollCalls, "ownerReported">;
  readonly tenancy: Pick<PoolTenancy, "epochOf" | "partitionOf">;
}

export function dispatchHandlers(
  offers: OfferDependencies,
  relays: RelayDependencies,
  rolls: RollDependencies,
): Handlers<typeof dispatchService> {
  return {
    offer: (requests, context) => serveOffers(offers, requests, context),
    relay: (requests, context) => serveRelay(relays, requests, context),
    listLinks: (request) => listLinks(rolls, request),
    tellLinks: (requests) => tellLinks(rolls, requests),
  };
}

async function* listLinks(
  { roll, tenancy }: RollDependencies,
  { namespace: of, pool, epoch }: ListLinksRequest,
): AsyncGenerator<ListLinksReply> {
  const namespace = of || defaultNamespace;
  const name = pool || defaultPool;
  requireNewest({ tenancy }, namespace, name, epoch);
  yield* roll.replies(namespace, name);
}

async function tellLinks(
  { calls, tenancy }: RollDependencies,
  requests: AsyncIterable<TellLinksRequest>,
): Promise<TellLinksReply> {
  const agents: AwaitedAgent[] = [];
  let place: { readonly partition: number; readonly ownedEpoch: number } | undefined;
  for await (const request of requests) {
    const { namespace: of, pool, ownedEpoch, complete } = request;
    if (place === undefined) {
      const namespace = of || defaultNamespace;
      const name = pool || defaultPool;
      requireNewest({ tenancy }, namespace, name, ownedEpoch + 1);
      place = { partition: tenancy.partitionOf(namespace, name), ownedEpoch };
    }
    agents.push(...request.agents);
    if (agents.length > reportedAgentsMax) throw swarmErrors.rollTooLong({ limit: reportedAgentsMax });
    if (complete) {
      calls.ownerReported(place.partition, place.ownedEpoch, agents);
      return TellLinksReply.create();
    }
  }
  throw swarmErrors.rollIncomplete({ agents: agents.length });
}

/** Throws if this process knows of an owner in a later epoch. */
function requireNewest(
  { tenancy }: { readonly tenancy: Pick<PoolTenancy, "epochOf"> },
  namespace: string,
  pool: string,
  found: number,
): void {
  const known = tenancy.epochOf(namespace, pool);
  if (known > found) throw swarmErrors.poolMovedOn({ pool, found, known });
}
