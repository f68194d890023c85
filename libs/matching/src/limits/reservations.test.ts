import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Arena, type TestAgent } from "../testing/arena.ts";
import type { ReservedStarts } from "./room.ts";

interface Rate {
  readonly count: number;
  readonly perMs: number;
  readonly burst: number;
}

/** A store of reservations that outlives the owners of a pool. It confirms on command. */
class Store {
  readonly requests: (readonly ReservedStarts[])[] = [];
  readonly stored = new Map<string, ReservedStarts>();
  openedMs = 1_790_000_000_000;

  owner(): { readonly arena: Arena; readonly agent: TestAgent; readonly offer: Offer } {
    const arena = new Arena({}, 1, undefined, undefined, "default", "default", {
      openedMs: this.openedMs,
      reservedStarts: new Map(this.stored),
      reserve: (starts) => void this.requests.push(starts),
    });
    const sender = arena.sender();
    const agent = arena.agent("a", { slots: 999, credit: 999 });
    const offer: Offer = (numbers, rate, more = {}) =>
      sender.offer(numbers, {}, { limits: [{ key: "mail", rate }], ...more });
    return { arena, agent, offer };
  }

  /** Stores and confirms all requests, with a turn after each. */
  confirm({ pool, nowMs }: Arena): void {
    for (let starts = this.requests.shift(); starts !== undefined; starts = this.requests.shift()) {
      for (const reserved of starts) this.stored.set(reserved.limit, reserved);
      pool.confirmReserved(starts, nowMs);
      pool.turn(nowMs);
    }
  }

  /** Lets time pass, and confirms every request at once. */
  pass(arena: Arena, byMs: number): void {
    const untilMs = arena.nowMs + byMs;
    for (let dueMs = arena.nowMs; dueMs <= untilMs; dueMs = arena.pool.nextDueMs) {
      arena.nowMs = Math.max(arena.nowMs, dueMs);
      arena.turn();
      this.confirm(arena);
    }
    arena.nowMs = untilMs;
    arena.turn();
    this.confirm(arena);
    this.openedMs = untilMs;
  }
}

type Offer = (
  numbers: number | number[],
  rate: Rate,
  more?: Parameters<ReturnType<Arena["sender"]>["offer"]>[2],
) => void;

const slow = { count: 1, perMs: 10_000, burst: 1 };
const mails = { count: 6, perMs: 60_000, burst: 3 };

describe("the starts that a rate counts", () => {
  it("are durable before they happen", () => {
    const store = new Store();
    const { arena, agent, offer } = store.owner();
    offer([1, 2, 3, 4], mails);
    arena.turn();
    arena.pass(5_000);
    assert.deepEqual(agent.taskNumbers, []);
    assert.deepEqual(store.requests, [
      [{ limit: "default\nmail", untilMs: store.openedMs + 30_000, partMs: 10_000 }],
    ]);
    store.confirm(arena);
    assert.deepEqual(agent.taskNumbers, [1, 2, 3]);
  });

  it("are counted by the next owner, also if they were not used", () => {
    const store = new Store();
    const first = store.owner();
    first.offer([1, 2], slow);
    store.pass(first.arena, 4_000);
    assert.deepEqual(first.agent.taskNumbers, [1]);

    const second = store.owner();
    second.offer([2, 3], slow);
    store.pass(second.arena, 5_999);
    assert.deepEqual(second.agent.taskNumbers, []);
    store.pass(second.arena, 2);
    assert.deepEqual(second.agent.taskNumbers, [2]);
  });

  it("continue at the rate without gaps, with few requests", () => {
    const store = new Store();
    const { arena, agent, offer } = store.owner();
    const numbers = Array.from({ length: 400 }, (_, at) => at + 1);
    let requests = 0;
    const count = store.confirm.bind(store);
    store.confirm = (each) => {
      requests += store.requests.length;
      count(each);
    };
    offer(numbers, { count: 50, perMs: 1_000, burst: 100 });
    store.pass(arena, 6_001);
    assert.deepEqual(agent.taskNumbers, numbers);
    assert.ok(requests <= 10, `${requests} requests`);
  });

  it("are converted if the next owner has another rate", () => {
    const store = new Store();
    const first = store.owner();
    first.offer(1, slow);
    store.pass(first.arena, 0);

    const second = store.owner();
    second.offer(2, { count: 1, perMs: 5_000, burst: 1 });
    store.pass(second.arena, 4_999);
    assert.deepEqual(second.agent.taskNumbers, []);
    store.pass(second.arena, 2);
    assert.deepEqual(second.agent.taskNumbers, [2]);
  });

  it("need another reservation after the rate has changed while one was stored", () => {
    const store = new Store();
    const { arena, agent, offer } = store.owner();
    offer(1, slow);
    arena.turn();
    arena.pool.setLimit({ key: "mail", maxConcurrent: 0, rate: mails, description: "" }, arena.nowMs);
    offer(2, mails);
    arena.turn();
    store.confirm(arena);
    assert.deepEqual(agent.taskNumbers, [1, 2]);
    assert.deepEqual([...store.stored.values()].map(({ partMs }) => partMs).includes(10_000), true);
  });

  it("are not stored if the rate is full again within a second: the next owner starts it empty", () => {
    const store = new Store();
    const brief = { count: 4, perMs: 1_000, burst: 2 };
    const first = store.owner();
    first.offer([1, 2], brief);
    store.pass(first.arena, 600);
    assert.deepEqual(first.agent.taskNumbers, [1, 2]);

    const second = store.owner();
    second.offer([3, 4, 5], brief);
    store.pass(second.arena, 249);
    assert.deepEqual(second.agent.taskNumbers, []);
    store.pass(second.arena, 752);
    assert.deepEqual(second.agent.taskNumbers, [3, 4, 5]);
    assert.deepEqual([...store.stored], []);
  });

  it("of a gang are reserved together", () => {
    const store = new Store();
    const { arena, agent, offer } = store.owner();
    offer([1, 2, 3], mails, { gang: { name: "build", size: 3 } });
    arena.turn();
    store.confirm(arena);
    assert.deepEqual(agent.taskNumbers, [1, 2, 3]);
  });
});
