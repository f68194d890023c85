import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AwaitedAgent, ListLinksReply } from "@tutti/contracts/swarm/v1";
import { VirtualTime } from "@tutti/kernel/testing";
import type { Pool } from "@tutti/matching";
import type { ReleaseListener } from "../pools/pool-directory.ts";
import { type ListedLinks, RollCalls, type RollCallsParts } from "./call-roll.ts";
import { LinkRoll } from "./roll.ts";

const settleMs = 1_000;
const place = { namespace: "default", pool: "default" };
const agent = (agentId: string, incarnation = "", tokens: Uint8Array[] = []): AwaitedAgent =>
  AwaitedAgent.fromPartial({ ...place, agentId, incarnation, tokens });
const token = (byte: number) => new Uint8Array(16).fill(byte);
const textOf = ({ agentId, tokens }: AwaitedAgent): string =>
  [agentId, ...tokens.map(([first]) => first)].join(" ");

/** One process of the service, which gains and loses partition 1. The others answer as given. */
function dependencies(others: Readonly<Record<string, () => AsyncIterable<ListLinksReply>>> = {}) {
  const time = new VirtualTime();
  const acquired: ((partition: number, epoch: number) => void)[] = [];
  const released: ((partition: number, epoch: number) => void)[] = [];
  const listeners: ReleaseListener[] = [];
  const tenancy = {
    onAcquired: (listener: (partition: number, epoch: number) => void) => void acquired.push(listener),
    onReleased: (listener: (partition: number, epoch: number) => void) => void released.push(listener),
    nameIn: () => "default",
    partitionOf: () => 1,
  };
  const listLinks = (_: unknown, { instance = "" } = {}) => others[instance]?.() as ListedLinks;
  const mesh = {
    othersOf: () => Object.keys(others).map((id) => ({ id, service: "swarm", address: id, draining: false })),
  };
  const parts: RollCallsParts = { mesh, dispatch: { listLinks }, tenancy, roll: () => roll };
  const calls = new RollCalls(parts);
  const pools = {
    onReleased(listener: ReleaseListener) {
      listeners.push(listener);
      return () => {};
    },
  };
  const roll: LinkRoll = new LinkRoll({
    ...{ pools, tenancy, calls, relays: { all: [] }, settleMs },
    now: () => time.monotonic(),
  });
  const reported: string[][] = [];
  roll.onReleased((_, __, agents) => reported.push(agents.map(textOf)));
  return {
    ...{ time, calls, notified: reported },
    acquire(epoch: number) {
      for (const listener of acquired) listener(1, epoch);
    },
    release(epoch: number, agentIds: readonly string[]) {
      const attendance = () =>
        agentIds.map((agentId) => ({ agentId, incarnation: "1", isPolled: false, tokens: [token(9)] }));
      for (const listener of listeners)
        listener({ namespace: "default", name: "default", attendance } as never, undefined);
      for (const listener of released) listener(1, epoch);
    },
    /** Returns the awaited agents. Undefined while they are unknown. */
    async awaited(epoch: number): Promise<string[] | undefined> {
      let found: ReadonlyMap<string, AwaitedAgent> | undefined;
      void calls.of({ namespace: "default", name: "default", epoch } as Pool).then((all) => {
        found = all;
      });
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      return found && [...found.values()].map(textOf).sort();
    },
  };
}

async function* replying(ownedEpoch: number, ...agentIds: readonly string[]) {
  const links = agentIds.map((agentId) => ({ hello: { namespace: "default", agentId } }));
  yield ListLinksReply.fromPartial({ links, ownedEpoch });
}

async function* nothing(): AsyncGenerator<ListLinksReply> {
  yield await Promise.reject(new Error("it ends"));
}

describe("the list of agents that a moved pool expects", () => {
  it("is known as soon as the previous owner reports it, even before the owner table arrives", async () => {
    const { calls, acquire, awaited } = dependencies();
    calls.ownerReported(1, 4, [agent("a"), agent("b")]);
    acquire(5);
    assert.deepEqual(await awaited(5), ["a", "b"]);
  });

  it("joins the answers of the previous owner and of other hosts, even if a process does not answer", async () => {
    const { acquire, awaited } = dependencies({
      before: () => replying(4, "a"),
      host: () => replying(0, "b"),
      gone: nothing,
    });
    acquire(5);
    assert.deepEqual(await awaited(5), ["a", "b"]);
  });

  it("is unknown if the previous owner does not answer, even if an earlier owner does", async () => {
    const { calls, acquire, awaited } = dependencies({ gone: nothing, earlier: () => replying(3, "a") });
    acquire(5);
    calls.ownerReported(1, 3, [agent("a")]);
    assert.equal(await awaited(5), undefined);
  });

  it("has the tokens that any process knows of the last incarnation of an agent", async () => {
    const { calls, acquire, awaited } = dependencies();
    const links = [
      { agentId: "a", incarnation: "1", tokens: [token(1)] },
      { agentId: "a", incarnation: "2", tokens: [token(2)] },
      { agentId: "a", incarnation: "2", tokens: [token(3)] },
      { agentId: "a", incarnation: "1", tokens: [token(4)] },
      { agentId: "b", incarnation: "1", tokens: [] },
    ];
    calls.ownerReported(
      1,
      4,
      links.map(({ agentId, incarnation, tokens }) => agent(agentId, incarnation, tokens)),
    );
    acquire(5);
    assert.deepEqual(await awaited(5), ["a 2 3", "b"]);
  });

  it("becomes known when the previous owner reports late", async () => {
    const { calls, acquire, awaited } = dependencies({ gone: nothing });
    acquire(5);
    assert.equal(await awaited(5), undefined);
    calls.ownerReported(1, 4, []);
    assert.deepEqual(await awaited(5), []);
  });
});

describe("the list of agents of a released pool", () => {
  it("names the first owner", () => {
    const { acquire, release, notified } = dependencies();
    acquire(1);
    release(1, ["a"]);
    assert.deepEqual(notified, [["a 9"]]);
  });

  it("contains the agents that had joined, and the agents that were still expected", () => {
    const { calls, acquire, release, notified } = dependencies();
    calls.ownerReported(1, 4, [agent("late", "1", [token(5)])]);
    acquire(5);
    release(5, ["here"]);
    assert.deepEqual(notified, [["late 5", "here 9"]]);
  });

  it("is not sent by an owner that does not know yet which agents to expect", () => {
    const { acquire, release, notified } = dependencies({ gone: nothing });
    acquire(5);
    release(5, ["here"]);
    assert.deepEqual(notified, []);
  });

  it("names the owner that waited for them in vain", () => {
    const { acquire, time, release, notified } = dependencies({ gone: nothing });
    acquire(5);
    time.advance(settleMs);
    release(5, ["here"]);
    assert.deepEqual(notified, [["here 9"]]);
  });
});
