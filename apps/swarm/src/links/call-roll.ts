/**
 * The agents that are expected at pools that move here, as reported by the previous owner.
 *
 * 1. The previous owner reports them when it releases the pools. It is asked too, with all processes of the
 *    service, as soon as this process learns that it will own a partition. The first report counts.
 * 2. They are unknown until the previous owner has reported: it may have been killed. Other processes need
 *    not answer: the agents that they relay were in its pools.
 * 3. An agent that one owner expects is expected by the next owner too.
 */
import { defaultNamespace } from "@tutti/contracts/rpc";
import {
  AwaitedAgent,
  type dispatchService,
  type LinkOpened,
  type ListLinksReply,
} from "@tutti/contracts/swarm/v1";
import type { Client, Mesh } from "@tutti/mesh";
import { defaultPool } from "../pools/pool-directory.ts";
import type { RollCall } from "../pools/settling.ts";
import type { PoolTenancy } from "../pools/tenancy.ts";

export type ListedLinks = ReturnType<Client<typeof dispatchService>["listLinks"]>;

export interface RollCallsParts {
  readonly mesh: Pick<Mesh, "othersOf">;
  readonly dispatch: Pick<Client<typeof dispatchService>, "listLinks">;
  readonly tenancy: Pick<PoolTenancy, "onAcquired" | "nameIn" | "partitionOf">;
  readonly roll: () => KnownAgents;
}

/** The known agents of the pools of each partition. */
interface KnownAgents {
  agentsOf(partition: number): readonly AwaitedAgent[];
  expect(partition: number, agents: readonly AwaitedAgent[]): void;
}

interface Call {
  readonly epoch: number;
  readonly known: PromiseWithResolvers<void>;
  isKnown: boolean;
}

const firstEpoch = 1;
const answerMs = 5_000;

export class RollCalls {
  readonly #parts: RollCallsParts;
  /** The last call of each partition. */
  readonly #calls = new Map<number, Call>();

  constructor(parts: RollCallsParts) {
    this.#parts = parts;
    parts.tenancy.onAcquired((partition, epoch) => {
      if (epoch > firstEpoch) void this.#request(partition, this.#callOf(partition, epoch));
    });
  }

  readonly of: RollCall = async ({ namespace, name, epoch }) => {
    const partition = this.#parts.tenancy.partitionOf(namespace, name);
    const call = this.#calls.get(partition);
    if (call?.epoch !== epoch) return undefined;
    await call.known.promise;
    const all = this.#parts.roll().agentsOf(partition);
    const own = all.filter((agent) => agent.namespace === namespace && agent.pool === name);
    return merged(own);
  };

  /** Returns whether the agents of a partition before an epoch are known. */
  isKnown(partition: number, epoch: number): boolean {
    const call = this.#calls.get(partition);
    return epoch === firstEpoch || (call?.epoch === epoch && call.isKnown);
  }

  /** Accepts the report of the previous owner. It may arrive before the table names this process. */
  ownerReported(partition: number, ownedEpoch: number, agents: readonly AwaitedAgent[]): void {
    const epoch = ownedEpoch + 1;
    if ((this.#calls.get(partition)?.epoch ?? 0) > epoch) return;
    this.#know(partition, this.#callOf(partition, epoch), agents);
  }

  #callOf(partition: number, epoch: number): Call {
    const known = this.#calls.get(partition);
    if (known?.epoch === epoch) return known;
    const call: Call = { epoch, known: Promise.withResolvers(), isKnown: false };
    this.#calls.set(partition, call);
    return call;
  }

  #know(partition: number, call: Call, agents: readonly AwaitedAgent[]): void {
    if (!call.isKnown) this.#parts.roll().expect(partition, agents);
    call.isKnown = true;
    call.known.resolve();
  }

  async #request(partition: number, call: Call): Promise<void> {
    if (call.isKnown) return;
    const { mesh, dispatch, tenancy } = this.#parts;
    const namespace = defaultNamespace;
    const request = { namespace, pool: tenancy.nameIn(namespace, partition), epoch: call.epoch };
    const requests = mesh.othersOf("swarm").map(async ({ id: instance }) => {
      const replies: ListLinksReply[] = [];
      const options = { instance, timeoutMs: answerMs };
      for await (const reply of dispatch.listLinks(request, options)) replies.push(reply);
      return replies;
    });
    const answers = await Promise.allSettled(requests);
    const replies = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    if (!replies.some(({ ownedEpoch }) => ownedEpoch === call.epoch - 1)) return;
    this.#know(partition, call, replies.flatMap(({ links }) => links).map(awaited));
  }
}

/** Returns the agent of a link, open or past. */
export function awaited({ hello, tokens }: LinkOpened): AwaitedAgent {
  return AwaitedAgent.create({
    namespace: hello?.namespace || defaultNamespace,
    pool: hello?.pool || defaultPool,
    agentId: hello?.agentId ?? "",
    incarnation: hello?.incarnation ?? "",
    tokens,
  });
}

/** Merges the reports of several processes. Of the last incarnation of an agent each token counts. */
function merged(agents: readonly AwaitedAgent[]): ReadonlyMap<string, AwaitedAgent> {
  const byId = new Map<string, AwaitedAgent>();
  for (const agent of agents) {
    const known = byId.get(agent.agentId);
    if (known !== undefined && known.incarnation > agent.incarnation) continue;
    const isSame = known?.incarnation === agent.incarnation;
    byId.set(agent.agentId, isSame ? { ...agent, tokens: [...known.tokens, ...agent.tokens] } : agent);
  }
  return byId;
}
