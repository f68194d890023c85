import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaitCause } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import type { SetAsideTold } from "../api/allotments.ts";
import { Arena, type Sender, type TestAgent, tokenOf } from "../testing/arena.ts";

const withGpu = { equals: { gpu: "true" }, exists: [], absent: [] };
const labels = { gpu: "true" };
const askingForGpu = { placement: { require: withGpu } };

/** Reserves `amount` slots of agents with the label. 0 removes the reservation. */
function setAside(arena: Arena, amount: number, more: Partial<SetAsideTold> = {}): void {
  const told = { reservationId: "night", amounts: { slots: amount }, agents: withGpu, toMs: 2_000_000 };
  const reservations = amount === 0 ? [] : [{ ...told, sessions: undefined, ...more }];
  arena.pool.allot("default", { parts: [], reservations }, arena.nowMs);
}

function offer(sender: Sender, number: number, isMine: boolean, profile: object = {}): void {
  const share = { key: isMine ? "mine" : "others", weight: 1, reservationIds: isMine ? ["night"] : [] };
  sender.offer(number, profile, { share });
}

describe("what is set aside of agents with a label", () => {
  it("is kept free for those that name it, and others go elsewhere", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const [gpu, plain] = [arena.agent("gpu", { slots: 2, labels }), arena.agent("plain", { slots: 2 })];
    setAside(arena, 1);
    for (const number of [1, 2, 3, 4]) offer(sender, number, false);
    arena.turn();
    assert.deepEqual([gpu.given.length, plain.given.length], [1, 2]);
    offer(sender, 11, true, askingForGpu);
    arena.turn();
    assert.deepEqual(gpu.given.slice(1), [11]);
    setAside(arena, 0);
    gpu.answer(11);
    arena.turn();
    assert.equal(
      gpu.given.length + plain.given.length,
      5,
      "waiting tasks continue when nothing is reserved any more",
    );
  });

  it("keeps no task behind others that may not have it, even if they came first or are more urgent", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const gpu = arena.agent("gpu", { slots: 1, labels });
    setAside(arena, 1);
    sender.offer([1, 2, 3], askingForGpu, { priority: 9 });
    offer(sender, 11, true, askingForGpu);
    arena.turn();
    assert.deepEqual(gpu.given, [11]);
  });

  it("takes nothing from running work, and is granted when that ends", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const gpu = arena.agent("gpu", { slots: 1, labels });
    for (const number of [1, 2]) offer(sender, number, false);
    offer(sender, 11, true);
    arena.turn();
    setAside(arena, 1);
    arena.turn();
    assert.deepEqual(gpu.given, [1]);
    gpu.answer(1);
    arena.turn();
    assert.deepEqual(gpu.given, [1, 11]);
  });

  it("is looked at again where nothing has ended, when others give back what they had elsewhere", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const gpu = arena.agent("gpu", { slots: 1, labels });
    const other = arena.agent("other", { slots: 1, labels, does: ["other@1.0.0"] });
    // The pool as a whole has enough slots.
    arena.agent("third", { slots: 9, does: ["third@1.0.0"] });
    setAside(arena, 1);
    sender.offer(1, { capability: "other" });
    arena.turn();
    sender.offer(2, askingForGpu);
    arena.turn();
    assert.deepEqual([other.given, gpu.given], [[1], []]);
    other.answer(1);
    arena.turn();
    assert.deepEqual(gpu.given, [2]);
  });

  it("is named in the explanation of waiting tasks, with the labels, also while it is in use", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("gpu", { slots: 1, labels });
    setAside(arena, 1);
    offer(sender, 1, false);
    for (const isInUse of [false, true]) {
      if (isInUse) offer(sender, 11, true);
      arena.turn();
      const { waits, candidates } = arena.pool.explain(tokenOf(1), arena.nowMs) ?? assert.fail();
      assert.equal(waits[0]?.cause, WaitCause.WAIT_CAUSE_LOCK);
      assert.match(
        waits[0]?.message ?? "",
        /^the reservation night holds 1 slot until .*Z, of agents with gpu=true: of 1 slot (there )?others have 0(, by mine 1)?$/,
      );
      const reason = isInUse ? "all its slots are taken" : "what it has is set aside for others";
      assert.equal(candidates[0]?.reason, reason);
    }
  });

  it("says nothing of it to other namespaces, whose tasks may not have it either", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const gpu = arena.agent("gpu", { slots: 1, labels });
    setAside(arena, 1, { sessions: { equals: {}, exists: [], absent: [] } });
    sender.offer(1, { namespace: "zebra" });
    arena.turn();
    assert.deepEqual(gpu.given, []);
    const explanation = arena.pool.explain(tokenOf(1), arena.nowMs);
    assert.match(
      explanation?.waits[0]?.message ?? "",
      /^some of the slots of the pool default is set aside for others$/,
    );
    assert.doesNotMatch(JSON.stringify(explanation), /night/);
  });

  it("is counted apart, with who contends there", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("gpu", { slots: 1, labels });
    arena.agent("plain", { slots: 4, does: ["other@1.0.0"] });
    setAside(arena, 1);
    for (const [number, isMine] of [
      [1, false],
      [11, true],
      [12, true],
    ] as const)
      offer(sender, number, isMine, askingForGpu);
    sender.offer([21], { capability: "other" });
    arena.turn();
    const { resources, groups } = arena.pool.use();
    assert.deepEqual(resources, [{ name: "slots", capacity: 5, used: 2, wanted: 2 }]);
    assert.deepEqual(groups, [
      {
        agents: withGpu,
        resources: [{ name: "slots", capacity: 1, used: 1, wanted: 2 }],
        shares: [
          { namespace: "default", key: "mine", weight: 1, used: { slots: 1 }, wanted: { slots: 1 } },
          { namespace: "default", key: "others", weight: 1, used: {}, wanted: { slots: 1 } },
        ],
      },
    ]);
    const absent = { equals: { zone: "x" }, exists: [], absent: [] };
    const [first] = arena.pool.use(absent).groups;
    assert.deepEqual(first, {
      agents: absent,
      resources: [{ name: "slots", capacity: 0, used: 0, wanted: 0 }],
      shares: [],
    });
  });

  it("is never granted to others, and keeps no task waiting that may go, as a fresh count shows at every step", () => {
    const steps = fc.array(
      fc.record({
        kind: fc.constantFrom("offer", "offer", "offer", "answer", "answer", "tell", "lose"),
        isMine: fc.boolean(),
        asksForGpu: fc.boolean(),
        amount: fc.nat(3),
        at: fc.nat(2),
      }),
      { maxLength: 50 },
    );
    fc.assert(
      fc.property(steps, (told) => play(told)),
      { numRuns: 200 },
    );
  });
});

interface Step {
  readonly kind: string;
  readonly isMine: boolean;
  readonly asksForGpu: boolean;
  readonly amount: number;
  readonly at: number;
}

interface Offered {
  readonly isMine: boolean;
  readonly asksForGpu: boolean;
  agent: number | undefined;
  hasEnded: boolean;
}

/** Two slots with the label at two agents, two without at one. */
const places = [
  { slots: 1, isGpu: true },
  { slots: 1, isGpu: true },
  { slots: 2, isGpu: false },
];

function play(steps: readonly Step[]): void {
  const arena = new Arena();
  const sender = arena.sender();
  let joined = 0;
  const join = (at: number): TestAgent => {
    const { slots = 0, isGpu = false } = places[at] ?? {};
    return arena.agent(`a${at}-${++joined}`, { slots, credit: 1_000, labels: isGpu ? labels : {} });
  };
  const agents = places.map((_, at) => join(at));
  const tasks = new Map<number, Offered>();
  let amount = 0;
  for (const step of steps) {
    const { kind, isMine, asksForGpu, at } = step;
    if (kind === "offer") {
      const number = tasks.size + 1;
      tasks.set(number, { isMine, asksForGpu, agent: undefined, hasEnded: false });
      offer(sender, number, isMine, asksForGpu ? askingForGpu : {});
    } else if (kind === "answer") {
      const [number, task] = [...tasks].find(([, one]) => one.agent === at && !one.hasEnded) ?? [];
      if (number === undefined || task === undefined) continue;
      task.hasEnded = true;
      agents[at]?.answer(number);
    } else if (kind === "lose") {
      for (const task of tasks.values()) if (task.agent === at) task.hasEnded = true;
      agents[at]?.link.end("killed", arena.nowMs);
      agents[at] = join(at);
    } else {
      amount = step.amount;
      setAside(arena, amount);
    }
    const before = [...tasks.values()].filter((task) => task.agent !== undefined);
    arena.turn();
    agents.forEach((agent, place) => {
      for (const number of agent.given) {
        const task = tasks.get(number);
        if (task !== undefined) task.agent ??= place;
      }
    });
    const begun = [...tasks.values()].filter((task) => task.agent !== undefined && !before.includes(task));
    look([...tasks.values()], amount, begun);
  }
}

/** Checks what may start, counted from nothing. */
function look(tasks: readonly Offered[], wanted: number, begun: readonly Offered[]): void {
  const isGpu = (place: number | undefined) => place !== undefined && places[place]?.isGpu === true;
  const held = (isMine: boolean, isThere: boolean) =>
    tasks.filter(
      (one) =>
        one.agent !== undefined && !one.hasEnded && one.isMine === isMine && (!isThere || isGpu(one.agent)),
    ).length;
  const [there, all] = [2, 4];
  const amount = Math.min(wanted, there);
  const roomThere = (isMine: boolean) => {
    const left = there - held(false, true);
    return isMine
      ? Math.max(wanted - held(true, true), left - held(true, true))
      : left - Math.max(wanted, held(true, true));
  };
  const roomInAll = (isMine: boolean) => {
    const left = all - held(false, false);
    return isMine
      ? Math.max(amount - held(true, false), left - held(true, false))
      : left - Math.max(amount, held(true, false));
  };
  for (const task of tasks) {
    if (task.agent !== undefined || task.hasEnded) continue;
    if (wanted > 0 && roomInAll(task.isMine) < 1) continue;
    for (const [place, { slots, isGpu: hasGpu }] of places.entries()) {
      const used = tasks.filter((one) => one.agent === place && !one.hasEnded).length;
      const mayGo = used < slots && (hasGpu || !task.asksForGpu);
      if (mayGo && !(wanted > 0 && hasGpu && roomThere(task.isMine) < 1))
        assert.fail(`one of ${task.isMine ? "mine" : "others"} waits, and place ${place} has room for it`);
    }
  }
  const hasTaken = begun.some(({ isMine, agent }) => !isMine && isGpu(agent));
  if (wanted > 0 && hasTaken) assert.ok(roomThere(false) >= 0, "others have what is set aside");
}
