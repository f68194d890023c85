/** Random stories: the same messages to the pool and to the model. */
import assert from "node:assert/strict";
import { Hold } from "@tutti/contracts/agent/v1";
import { ErrorDetail } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import { Arena, type Sender, tokenOf } from "../src/testing/arena.ts";
import { ageingMs, limitMax, Model, type ModelAgent, type ModelProfile, type ModelTask } from "./model.ts";

const capabilities = ["cut@1.0.0", "cut@2.1.0", "glue@1.0.0"] as const;
const zones = ["", "east", "west"] as const;
const agentIds = ["a", "b", "c", "d"] as const;

const profiles: fc.Arbitrary<ModelProfile> = fc.record({
  namespace: fc.constantFrom("default", "blue"),
  capability: fc.constantFrom("cut", "glue", "nobody"),
  major: fc.constantFrom(0, 0, 2),
  zone: fc.constantFrom(...zones),
  gpu: fc.constantFrom(0, 0, 0, 2),
});

const some = fc.nat(1_000);
const names = fc.subarray([...agentIds], { maxLength: 2 });
const noNames = fc.constant([]);

const offerStep = fc.record({
  kind: fc.constant("offer" as const),
  profile: profiles,
  count: fc.integer({ min: 1, max: 4 }),
  waitedMs: fc.constantFrom(0, 0, 90_000),
  priority: fc.constantFrom(0, 0, 1, -2),
  limit: fc.constantFrom("", "", "key", "other"),
  only: fc.oneof({ weight: 4, arbitrary: noNames }, { weight: 1, arbitrary: names }),
  not: fc.oneof({ weight: 4, arbitrary: noNames }, { weight: 1, arbitrary: names }),
  sender: fc.nat(1),
});

const joinStep = fc.record({
  kind: fc.constant("join" as const),
  id: fc.constantFrom(...agentIds),
  does: fc.subarray([...capabilities], { minLength: 1 }),
  zone: fc.constantFrom(...zones),
  slots: fc.integer({ min: 1, max: 3 }),
  gpu: fc.constantFrom(0, 2, 3),
  credit: fc.constantFrom(0, 1, 50),
});

export const steps = fc.oneof(
  { weight: 8, arbitrary: offerStep },
  { weight: 5, arbitrary: joinStep },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("answer" as const), at: some, well: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "busy",
        "leave",
        "cut",
        "resume",
        "hold",
        "release",
        "drain",
        "credit",
        "reoffer",
        "cancel",
        "recall",
        "prioritize",
        "strange",
      ),
      at: some,
      by: fc.integer({ min: -2, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("durable" as const),
      sender: fc.nat(1),
      upTo: some,
      beyond: some,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("break" as const), sender: fc.nat(1), back: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), byMs: fc.constantFrom(1, 500, 8_000) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("turn" as const) }) },
);

export type Step = typeof steps extends fc.Arbitrary<infer S> ? S : never;

interface Side {
  real: Sender;
  isDisconnected: boolean;
  readonly tasks: Set<ModelTask>;
  /** Results in the order reported on the present stream, and whether each is durable. */
  reported: { readonly task: ModelTask; durable: boolean }[];
  returnedCount: number;
  incarnation: number;
}

export class Story {
  readonly arena: Arena;
  readonly #sendersAreHere: boolean;
  readonly model: Model;
  readonly #sides: [Side, Side];
  #numbers = 0;
  /** The expected messages to each sender: results, and returned offers. */
  readonly #expected = new Map<ModelTask, string>();
  readonly #expectedReturns = new Set<number>();

  constructor(seed: number) {
    this.arena = new Arena({ adaptiveConcurrency: false, ageingMs }, seed);
    this.#sendersAreHere = seed % 2 === 0;
    this.model = new Model(this.arena);
    this.#sides = [this.#side("one"), this.#side("two")];
  }

  apply(step: Step): void {
    switch (step.kind) {
      case "offer":
        this.#offer(step);
        break;
      case "join":
        this.#join(step);
        break;
      case "answer": {
        const task = this.#working(step.at);
        if (task !== undefined) this.#finishTask(task, step.well);
        break;
      }
      case "durable":
        this.#durable(step.sender, step.upTo, step.beyond);
        break;
      case "break":
        this.#break(step.sender, step.back);
        break;
      case "pass":
        this.#pass(step.byMs);
        break;
      case "turn":
        this.turn();
        break;
      default:
        this.#applyRare(step.kind, step.at, step.by);
    }
  }

  turn(): void {
    this.arena.turn();
    this.model.learn();
    this.#checkReceived();
    this.model.checkDurable();
    this.model.checkStatus();
  }

  /** All senders return, every agent answers, all results become durable: then nothing may be left. */
  finish(): void {
    for (const side of [0, 1]) if (this.#sides[side]?.isDisconnected === true) this.#reconnect(side);
    this.turn();
    for (let round = 0; round < 50; round++) {
      for (const task of this.model.tasks) if (task.stage === "working") this.#finishTask(task, true);
      this.#pass(8_000);
    }
    for (const side of [0, 1]) this.#durable(side, 1_000_000, 0);
    for (const task of this.model.tasks) if (task.stage === "waiting") this.#cancel(task);
    this.turn();
    const { queued, running } = this.arena.pool.status(this.arena.nowMs);
    assert.deepEqual([queued, running], [0, 0]);
    assert.deepEqual(this.arena.pool.limits(this.arena.nowMs), []);
    for (const task of this.model.tasks)
      assert.equal(this.arena.pool.explain(tokenOf(task.number), this.arena.nowMs), undefined);
  }

  #side(name: string): Side {
    const real = this.arena.sender(name, this.#sendersAreHere);
    return { real, isDisconnected: false, tasks: new Set(), reported: [], returnedCount: 0, incarnation: 1 };
  }

  #sideOf(task: ModelTask): Side | undefined {
    return this.#sides.find(({ tasks }) => tasks.has(task));
  }

  #working(at: number): ModelTask | undefined {
    const working = this.model.tasks.filter(
      ({ stage, agent }) => stage === "working" && agent?.isDisconnected === false,
    );
    return working[at % Math.max(1, working.length)];
  }

  #offer(step: Extract<Step, { kind: "offer" }>): void {
    const side = this.#sides[step.sender];
    if (side === undefined || side.isDisconnected) return;
    const { profile, limit, only, not, priority, waitedMs } = step;
    for (let added = 0; added < step.count; added++) {
      const number = ++this.#numbers;
      const task: ModelTask = {
        number,
        profile,
        limit,
        only,
        not,
        priority,
        readyMs: this.arena.nowMs - waitedMs,
        order: number,
        stage: "waiting",
        agent: undefined,
      };
      this.model.tasks.push(task);
      side.tasks.add(task);
      this.#send(side, task, waitedMs);
    }
  }

  #send(side: Side, { number, profile, limit, only, not, priority }: ModelTask, waitedMs: number): void {
    const { namespace, capability, major, zone, gpu } = profile;
    const require = zone === "" ? undefined : { equals: { zone }, exists: [], absent: [] };
    side.real.offer(
      number,
      {
        namespace,
        capability,
        versionRange: major === 0 ? "" : `>=${major}`,
        placement: require === undefined ? undefined : { require },
        resources: gpu === 0 ? {} : { gpu },
      },
      {
        priority,
        waitedMs,
        onlyAgents: [...only],
        notAgents: [...not],
        limits: limit === "" ? [] : [{ key: limit, maxConcurrent: limitMax }],
      },
    );
  }

  /** In a story, agents join and leave at any rate. The penalty for that is tested apart. */
  #forgive(id: string): void {
    const { pool, nowMs } = this.arena;
    pool.release(id, "", nowMs);
    const isHeld = this.model.agents.findLast((each) => each.id === id)?.held === true;
    if (isHeld) pool.hold(id, { hold: Hold.HOLD_PAUSED, reason: "held", forMs: 0 }, nowMs);
  }

  #join({ id, does, zone, slots, gpu, credit }: Extract<Step, { kind: "join" }>): void {
    const before = this.model.present.find((each) => each.id === id);
    if (before !== undefined)
      for (const number of this.model.removeAgent(before)) this.#expect(number, "matching.lost");
    const incarnation = String(this.model.agents.length).padStart(5, "0");
    const labels: Record<string, string> = zone === "" ? {} : { zone };
    const options = { capabilities: does, labels, slots, resources: { gpu }, credit, incarnation };
    this.#forgive(id);
    const real = this.arena.agent(id, options);
    this.model.agents.push({
      id,
      real,
      capabilities: does,
      zone,
      slots,
      gpu,
      credit,
      // A hold applies to the next incarnation too.
      held: before?.held ?? this.model.agents.findLast((each) => each.id === id)?.held ?? false,
      isDisconnected: false,
      draining: false,
      slowFromMs: 0,
      slowUntilMs: 0,
      here: true,
      results: [],
      read: { assigned: 0 },
    });
  }

  #finishTask(task: ModelTask, well: boolean): void {
    const { agent } = task;
    if (agent === undefined) return;
    agent.results.push({ number: task.number, settled: false });
    const error = ErrorDetail.fromPartial({ code: "mine" });
    agent.real.sendResult(task.number, well ? undefined : { $case: "failed", value: error });
    this.model.endTask(task.number);
    this.#expect(task.number, well ? "inlineOutput" : "mine");
  }

  #expect(number: number, outcome: string): void {
    this.#expected.set(this.model.task(number), outcome);
  }

  #applyRare(kind: string, at: number, by: number): void {
    const { nowMs } = this.arena;
    const { present } = this.model;
    const agent = present[at % Math.max(1, present.length)];
    if (kind === "cancel" || kind === "recall" || kind === "prioritize") this.#order(kind, at, by);
    else if (kind === "busy") this.#busy(at);
    else if (agent === undefined) return;
    else if (kind === "leave") {
      agent.real.link.terminate("pulled", nowMs);
      for (const number of this.model.removeAgent(agent)) this.#expect(number, "matching.lost");
    } else if (kind === "cut") {
      agent.real.link.markDisconnected(nowMs);
      agent.isDisconnected = true;
    } else if (kind === "resume") {
      agent.real.link.resume(nowMs);
      agent.isDisconnected = false;
    } else if (kind === "hold") {
      this.arena.pool.hold(agent.id, { hold: Hold.HOLD_PAUSED, reason: "test", forMs: 0 }, nowMs);
      agent.held = true;
    } else if (kind === "release") {
      this.arena.pool.release(agent.id, "test", nowMs);
      agent.held = false;
    } else if (agent.isDisconnected) return;
    else this.#applyToAgent(kind, agent, by);
  }

  #applyToAgent(kind: string, agent: ModelAgent, by: number): void {
    if (kind === "drain") {
      agent.real.sendFrame({ drain: { reason: "test", deadlineMs: 0 } });
      agent.draining = true;
      agent.credit = 0;
    } else if (kind === "credit") {
      agent.real.sendFrame({ credit: 2 });
      agent.credit += 2;
    } else if (kind === "reoffer") {
      agent.slots = Math.max(1, 2 + by);
      agent.zone = by > 0 ? "east" : "";
      const labels: Record<string, string> = by > 0 ? { zone: "east" } : {};
      const capabilities = agent.capabilities.map((offered) => {
        const [name = "", version = ""] = offered.split("@");
        return { name, version };
      });
      agent.real.sendFrame({
        offering: { capabilities, labels, slots: agent.slots, resources: { gpu: agent.gpu } },
      });
    } else if (kind === "strange") {
      // An answer without a question.
      const theirs = this.model.tasks.find((task) => task.agent !== agent && task.stage !== "ended");
      if (theirs === undefined) return;
      agent.results.push({ number: theirs.number, settled: true });
      agent.real.sendResult(theirs.number);
    }
  }

  #busy(at: number): void {
    const task = this.#working(at);
    const agent = task?.agent;
    if (task === undefined || agent === undefined) return;
    agent.results.push({ number: task.number, settled: true });
    agent.real.busy(task.number, 1_000);
    agent.slowFromMs = this.arena.nowMs + 1_000;
    agent.slowUntilMs = this.arena.nowMs + 30_000;
    task.stage = this.#sideOf(task)?.isDisconnected === true ? "away" : "waiting";
    task.agent = undefined;
  }

  #order(kind: string, at: number, by: number): void {
    const { tasks } = this.model;
    const task = tasks[at % Math.max(1, tasks.length)];
    if (task === undefined) return;
    const side = this.#sideOf(task);
    if (side === undefined || side.isDisconnected) return;
    if (kind === "cancel") this.#cancel(task);
    else if (kind === "recall") {
      if (task.stage !== "waiting" && task.stage !== "working") return;
      side.real.request({ recalls: [tokenOf(task.number)] });
      if (task.stage === "working") return;
      task.stage = "gone";
      this.#expectedReturns.add(task.number);
    } else if (task.stage === "waiting") {
      task.priority += by;
      side.real.request({ priorities: [{ token: tokenOf(task.number), priority: task.priority }] });
    }
  }

  #cancel(task: ModelTask): void {
    this.#sideOf(task)?.real.request({
      cancels: [{ token: tokenOf(task.number), reason: "test", graceMs: 0 }],
    });
    for (const agent of this.model.agents)
      for (const result of agent.results) if (result.number === task.number) result.settled = true;
    task.stage = "gone";
    task.agent = undefined;
    this.#expected.delete(task);
  }

  #durable(at: number, upTo: number, beyond: number): void {
    const side = this.#sides[at];
    if (side === undefined || side.isDisconnected) return;
    const { reported } = side;
    const until = Math.min(reported.length, upTo);
    const also =
      until < reported.length && beyond > 500 ? [until + 1 + (beyond % (reported.length - until))] : [];
    side.real.durable(until, also);
    for (const [place, entry] of reported.entries()) {
      if (place >= until && !also.includes(place + 1)) continue;
      entry.durable = true;
      for (const agent of this.model.agents)
        for (const result of agent.results) if (result.number === entry.task.number) result.settled = true;
    }
  }

  #break(at: number, isReconnecting: boolean): void {
    const side = this.#sides[at];
    if (side === undefined) return;
    if (side.isDisconnected) {
      if (isReconnecting) this.#reconnect(at);
      return;
    }
    side.real.stream.close(this.arena.nowMs);
    side.isDisconnected = true;
    for (const task of side.tasks) if (task.stage === "waiting") task.stage = "away";
    // Results that are not durable are reported again.
    for (const { task, durable } of side.reported)
      if (!durable && task.stage === "ended") this.#expected.set(task, "again");
    side.reported = [];
    side.real.received.results = [];
    side.real.received.returned = [];
    side.returnedCount = 0;
  }

  #reconnect(at: number): void {
    const side = this.#sides[at];
    if (side === undefined) return;
    side.real = this.arena.sender(`again-${side.incarnation++}`, this.#sendersAreHere);
    side.returnedCount = 0;
    side.isDisconnected = false;
    for (const task of side.tasks) {
      const isExpected = this.#expected.has(task);
      if (task.stage === "gone" || (task.stage === "ended" && !isExpected)) continue;
      if (task.stage === "away") task.stage = "waiting";
      this.#send(side, task, this.arena.nowMs - task.readyMs);
    }
  }

  #pass(byMs: number): void {
    this.arena.nowMs += byMs;
    for (const agent of this.model.present) {
      if (agent.isDisconnected) {
        agent.real.link.resume(this.arena.nowMs);
        agent.isDisconnected = false;
      }
      agent.real.sendFrame({ heartbeat: { freeSlots: 0, attempts: 0, freeResources: {} } });
    }
    this.turn();
  }

  /** Checks that senders received exactly the expected messages, once. */
  #checkReceived(): void {
    for (const side of this.#sides) {
      for (const [number, outcome] of side.real.results.slice(side.reported.length)) {
        const task = this.model.task(number);
        // A message that crossed the cancellation is allowed.
        const expected = task.stage === "gone" ? outcome : this.#expected.get(task);
        assert.ok(
          expected === outcome || expected === "again",
          `${number}: expected ${expected}, was told ${outcome}`,
        );
        this.#expected.delete(task);
        side.reported.push({ task, durable: false });
      }
      for (const number of side.real.returned.slice(side.returnedCount)) {
        assert.ok(this.#expectedReturns.delete(number), `${number} was returned as expected`);
        side.returnedCount++;
      }
      if (side.isDisconnected) continue;
      for (const [task, outcome] of this.#expected)
        assert.ok(!side.tasks.has(task), `the sender of ${task.number} is told ${outcome}`);
    }
  }
}
