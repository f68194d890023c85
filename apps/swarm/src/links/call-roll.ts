/**
 * Asks all processes of the service which agents are to come to the pools that move here.
 *
 * 1. They are asked as soon as it is known that a partition is to be owned here: who owned it before may be about to end.
 * 2. It is not known of all agents as long as that one has not answered: it may have been killed.
 */
import { defaultNamespace } from "@tutti/contracts/rpc";
import type { dispatchService, ListLinksReply } from "@tutti/contracts/swarm/v1";
import type { Client, Mesh } from "@tutti/mesh";
import type { RollCall } from "../pools/settling.ts";
import type { PoolTenancy } from "../pools/tenancy.ts";
import type { LinkRoll } from "./roll.ts";

export interface RollCallParts {
  readonly mesh: Pick<Mesh, "othersOf">;
  readonly dispatch: Pick<Client<typeof dispatchService>, "listLinks">;
  readonly tenancy: Pick<PoolTenancy, "onTaken" | "nameIn" | "partitionOf">;
  readonly roll: () => Pick<LinkRoll, "replies">;
}

interface Asked {
  readonly epoch: number;
  readonly replies: Promise<readonly ListLinksReply[]>;
}

const firstEpoch = 1;
const answerMs = 5_000;

export function rollCall({ mesh, dispatch, tenancy, roll }: RollCallParts): RollCall {
  const asked = new Map<number, Asked>();
  const ask = async (partition: number, epoch: number): Promise<readonly ListLinksReply[]> => {
    const namespace = defaultNamespace;
    const request = { namespace, pool: tenancy.nameIn(namespace, partition), epoch };
    const all = mesh.othersOf("swarm").map(async ({ id: instance }) => {
      const replies: ListLinksReply[] = [];
      const options = { instance, timeoutMs: answerMs };
      for await (const reply of dispatch.listLinks(request, options)) replies.push(reply);
      return replies;
    });
    return (await Promise.all(all)).flat();
  };
  tenancy.onTaken((partition, epoch) => {
    asked.delete(partition);
    if (epoch === firstEpoch) return;
    const replies = ask(partition, epoch);
    // Whoever opens a pool there hears of it.
    replies.catch(() => {});
    asked.set(partition, { epoch, replies });
  });
  return async ({ namespace, name, epoch }) => {
    const known = asked.get(tenancy.partitionOf(namespace, name));
    if (known?.epoch !== epoch) return undefined;
    const replies = [...(await known.replies), ...roll().replies(namespace, name)];
    if (!replies.some(({ ownedEpoch }) => ownedEpoch === epoch - 1)) return undefined;
    const hellos = replies.flatMap(({ links }) => links.map(({ hello }) => hello));
    const own = hellos.filter(
      (hello) => (hello?.namespace || defaultNamespace) === namespace && (hello?.pool || "default") === name,
    );
    return new Set(own.map((hello) => hello?.agentId ?? ""));
  };
}
