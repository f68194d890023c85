import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WaitCause } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import type { PoolReservation } from "../api/allotments.ts";
import { Arena, type Sender, type TestAgent, tokenOf } from "../testing/arena.ts";

const withGpu = { equals: { gpu: "true" }, exists: [], absent: [] };
const labels = { gpu: "true" };
const requiringGpu = { placement: { require: withGpu } };

/** Reserves `amount` slots of agents with the label. 0 removes the reservation. */
function reserve(arena: Arena, amount: number, more: Partial<PoolReservation> = {}): void {
  const reservation = {
    reservationId: "night",
    amounts: { slots: amount },
    agents: withGpu,
    toMs: 2_000_000,
  };
  const reservations = amount === 0 ? [] : [{ ...reservation, sessions: undefined, ...more }];
  arena.pool.allot("default", { parts: [], reservations }, arena.nowMs);
}

function offer(sender: Sender, number: number, isMine: boolean, profile: object = {}): void {
  const share = { key: isMine ? "mine" : "others", weight: 1, reservationIds: isMine ? ["night"] : [] };
  sender.offer(number, profile, { share });
}

describe("a reservation on agents with a label", () => {
  it("is kept free for tasks that name it, and other tasks go elsewhere", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const [gpu, plain] = [arena.agent("gpu", { slots: 2, labels }), arena.agent("plain", { slots: 2 })];
    reserve(arena, 1);
    for (const number of [1, 2, 3, 4]) offer(sender, number, false);
    arena.turn();
    assert.deepEqual([gpu.taskNumbers.length, plain.taskNumbers.length], [1, 2]);
    offer(sender, 11, true, requiringGpu);
    arena.turn();
    assert.deepEqual(gpu.taskNumbers.slice(1), [11]);
    reserve(arena, 0);
    gpu.sendResult(11);
    arena.turn();
    assert.equal(
      gpu.taskNumbers.length + plain.taskNumbers.length,
      5,
      "waiting tasks continue when nothing is reserved any more",
    );
  });

  it("keeps no task waiting behind tasks that may not use it, even if those are older or more urgent", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const gpu = arena.agent("gpu", { slots: 1, labels });
    reserve(arena, 1);
    sender.offer([1, 2, 3], requiringGpu, { priority: 9 });
    offer(sender, 11, true, requiringGpu);
    arena.turn();
    assert.deepEqual(gpu.taskNumbers, [11]);
  });

  it("takes nothing from running tasks, and is granted when they end", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const gpu = arena.agent("gpu", { slots: 1, labels });
    for (const number of [1, 2]) offer(sender, number, false);
    offer(sender, 11, true);
    arena.turn();
    reserve(arena, 1);
    arena.turn();
    assert.deepEqual(gpu.taskNumbers, [1]);
    gpu.sendResult(1);
    arena.turn();
    assert.deepEqual(gpu.taskNumbers, [1, 11]);
  });

  it("is evaluated again when another agent with the label becomes free", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const gpu = arena.agent("gpu", { slots: 1, labels });
    const other = arena.agent("other", { slots: 1, labels, capabilities: ["other@1.0.0"] });
    // The pool as a whole has enough slots.
    arena.agent("third", { slots: 9, capabilities: ["third@1.0.0"] });
    reserve(arena, 1);
    sender.offer(1, { capability: "other" });
    arena.turn();
    sender.offer(2, requiringGpu);
    arena.turn();
    assert.deepEqual([other.taskNumbers, gpu.taskNumbers], [[1], []]);
    other.sendResult(1);
    arena.turn();
    assert.deepEqual(gpu.taskNumbers, [2]);
  });

  it("is named in the explanation of waiting tasks, with the labels, also while it is in use", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("gpu", { slots: 1, labels });
    reserve(arena, 1);
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
      const reason = isInUse ? "all its slots are in use" : "what it has is set aside for others";
      assert.equal(candidates[0]?.reason, reason);
    }
  });

  it("is hidden from other namespaces, whose tasks may not use it either", () => {
    const arena = new Arena();
    const sender = arena.sender();
    const gpu = arena.agent("gpu", { slots: 1, labels });
    reserve(arena, 1, { sessions: { equals: {}, exists: [], absent: [] } });
    sender.offer(1, { namespace: "zebra" });
    arena.turn();
    assert.deepEqual(gpu.taskNumbers, []);
    const explanation = arena.pool.explain(tokenOf(1), arena.nowMs);
    assert.match(
      explanation?.waits[0]?.message ?? "",
      /^some of the slots of the pool default is set aside for others$/,
    );
    assert.doesNotMatch(JSON.stringify(explanation), /night/);
  });

  it("is counted separately, with the parties that compete for it", () => {
    const arena = new Arena();
    const sender = arena.sender();
    arena.agent("gpu", { slots: 1, labels });
    arena.agent("plain", { slots: 4, capabilities: ["other@1.0.0"] });
    reserve(arena, 1);
    for (const [number, isMine] of [
      [1, false],
      [11, true],
      [12, true],
    ] as const)
      offer(sender, number, isMine, requiringGpu);
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

  it("is never granted to other tasks, and blocks no task that may run, as a fresh count confirms at every step", () => {
    const steps = fc.array(
      fc.record({
        kind: fc.constantFrom("offer", "offer", "offer", "answer", "answer", "tell", "lose"),
        isMine: fc.boolean(),
        needsGpu: fc.boolean(),
        amount: fc.nat(3),
        at: fc.nat(2),
      }),
      { maxLength: 50 },
    );
    fc.assert(
      fc.property(steps, (operations) => play(operations)),
      { numRuns: 200 },
    );
  });
});

interface Step {
  readonly kind: string;
  readonly isMine: boolean;
  readonly needsGpu: boolean;
  readonly amount: number;
  readonly at: number;
}

interface Offered {
  readonly isMine: boolean;
  readonly needsGpu: boolean;
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
    const { kind, isMine, needsGpu, at } = step;
    if (kind === "offer") {
      const number = tasks.size + 1;
      tasks.set(number, { isMine, needsGpu, agent: undefined, hasEnded: false });
      offer(sender, number, isMine, needsGpu ? requiringGpu : {});
    } else if (kind === "answer") {
      const [number, task] = [...tasks].find(([, task]) => task.agent === at && !task.hasEnded) ?? [];
      if (number === undefined || task === undefined) continue;
      task.hasEnded = true;
      agents[at]?.sendResult(number);
    } else if (kind === "lose") {
      for (const task of tasks.values()) if (task.agent === at) task.hasEnded = true;
      agents[at]?.link.terminate("killed", arena.nowMs);
      agents[at] = join(at);
    } else {
      amount = step.amount;
      reserve(arena, amount);
    }
    const before = [...tasks.values()].filter((task) => task.agent !== undefined);
    arena.turn();
    agents.forEach((agent, place) => {
      for (const number of agent.taskNumbers) {
        const task = tasks.get(number);
        if (task !== undefined) task.agent ??= place;
      }
    });
    const started = [...tasks.values()].filter((task) => task.agent !== undefined && !before.includes(task));
    check([...tasks.values()], amount, started);
  }
}

/** Checks what may start, counted from nothing. */
function check(tasks: readonly Offered[], reserved: number, started: readonly Offered[]): void {
  const isGpu = (place: number | undefined) => place !== undefined && places[place]?.isGpu === true;
  const held = (isMine: boolean, isThere: boolean) =>
    tasks.filter(
      (task) =>
        task.agent !== undefined &&
        !task.hasEnded &&
        task.isMine === isMine &&
        (!isThere || isGpu(task.agent)),
    ).length;
  const [there, all] = [2, 4];
  const amount = Math.min(reserved, there);
  const roomThere = (isMine: boolean) => {
    const remaining = there - held(false, true);
    return isMine
      ? Math.max(reserved - held(true, true), remaining - held(true, true))
      : remaining - Math.max(reserved, held(true, true));
  };
  const roomInAll = (isMine: boolean) => {
    const remaining = all - held(false, false);
    return isMine
      ? Math.max(amount - held(true, false), remaining - held(true, false))
      : remaining - Math.max(amount, held(true, false));
  };
  for (const task of tasks) {
    if (task.agent !== undefined || task.hasEnded) continue;
    if (reserved > 0 && roomInAll(task.isMine) < 1) continue;
    for (const [place, { slots, isGpu: hasGpu }] of places.entries()) {
      const used = tasks.filter((task) => task.agent === place && !task.hasEnded).length;
      const mayStart = used < slots && (hasGpu || !task.needsGpu);
      if (mayStart && !(reserved > 0 && hasGpu && roomThere(task.isMine) < 1))
        assert.fail(`one of ${task.isMine ? "mine" : "others"} waits, and place ${place} has room for it`);
    }
  }
  const hasTaken = started.some(({ isMine, agent }) => !isMine && isGpu(agent));
  if (reserved > 0 && hasTaken) assert.ok(roomThere(false) >= 0, "others have what is set aside");
}
