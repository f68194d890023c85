/** A worker that follows a test, and a second one that works normally, to check that it is not affected. */
import assert from "node:assert/strict";
import type { HostFrame } from "@tutti/contracts/agent/v1";
import type { OfferReply } from "@tutti/contracts/swarm/v1";
import { type AgentHello, type AgentStream, done, numberOf, RawAgent, token } from "./raw-agent.ts";
import { Sender } from "./sender.ts";
import { SwarmHost } from "./swarm-host.ts";

export const assignedIn = ({ assignments }: HostFrame) => (assignments.length > 0 ? assignments : undefined);
export const resultIn = ({ results }: OfferReply) => results[0];
export const durableIn = ({ resultsDurable }: HostFrame) => resultsDurable || undefined;

export interface Room {
  readonly namespace: string;
  readonly hello: AgentHello;
  readonly sender: Sender;
  readonly bad: AgentStream;
  readonly linkId: string;
}

/** A swarm with rooms: separate namespaces, each with a worker of two slots and a sender with tasks for it. */
export class Workshop implements AsyncDisposable {
  readonly swarm: SwarmHost;
  readonly raw: RawAgent;
  #names = 0;

  private constructor(swarm: SwarmHost) {
    this.swarm = swarm;
    this.raw = new RawAgent(swarm.address);
  }

  static async open(): Promise<Workshop> {
    return new Workshop(await SwarmHost.start());
  }

  async room(): Promise<Room> {
    const namespace = `room-${++this.#names}`;
    const hello: AgentHello = {
      namespace,
      agentId: "bad",
      offering: { capabilities: [{ name: "test.echo", version: "1.0.0" }], slots: 2 },
    };
    const sender = new Sender(this.swarm.host.mesh, { namespace });
    const bad = await this.raw.link(hello);
    bad.stream.send({ sequence: 1, credit: 2 });
    return { namespace, hello, sender, bad: bad.stream, linkId: bad.welcome.linkId };
  }

  async goodNeighbour({ namespace, sender }: Room): Promise<void> {
    const { stream } = await this.raw.link({
      ...{ namespace, agentId: "good" },
      offering: { capabilities: [{ name: "test.good", version: "1.0.0" }], slots: 1 },
    });
    stream.send({ sequence: 1, credit: 1 });
    sender.offer([1_000_077], { profile: { number: 9, capability: "test.good" } });
    const [task] = await stream.next("an assignment of the good one", assignedIn);
    stream.send({ sequence: 2, results: [done(numberOf(task?.token ?? token(0)))] });
    await sender.next("the good one's result", (reply) =>
      reply.results.find((result) => numberOf(result.token) === 1_000_077),
    );
    assert.equal(stream.isOver, false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.raw[Symbol.dispose]();
    await this.swarm[Symbol.asyncDispose]();
  }
}
