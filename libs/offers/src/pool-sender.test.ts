import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentFrame, type Assign, Hello, type HostFrame } from "@tutti/contracts/agent/v1";
import { OfferReply, OfferRequest } from "@tutti/contracts/swarm/v1";
import type { ErrorDetail } from "@tutti/contracts/types/v1";
import { checkText } from "@tutti/definitions";
import { isRefusal } from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import { type OfferTask, RunPlan } from "@tutti/machine-run";
import {
  type OfferStream,
  openOfferStream,
  openPool,
  type Pool,
  type PoolSettings,
  profilesPerStreamMax,
} from "@tutti/matching";
import { type EffectToken, TokenCipher, tokenKeyBytes } from "@tutti/runtime";
import type { OfferEntry } from "./entry.ts";
import { GangStarts } from "./gang-starts.ts";
import { PoolSender } from "./pool-sender.ts";
import type { EndedAttempt, Settlement } from "./settlement.ts";
import { WireTokens } from "./wire-tokens.ts";

const source = "workflow: order\ntasks: {charge: {uses: pay.charge}}\n";
const { definition } = checkText({ format: "yaml", text: source, fileName: "order.yaml" });
assert.ok(definition?.plan !== undefined);
const profile = new RunPlan(definition.plan, definition.hash).profile(0, "", false);

const facts = (priority: number) => ({ labels: {}, priority, dueMs: 0 });

function effectOf(given: Partial<OfferTask> = {}): OfferTask {
  return {
    kind: "offer_task",
    profile,
    taskId: "charge",
    input: undefined,
    attempt: 1,
    readyMs: 0,
    totalDueMs: 0,
    details: undefined,
    saved: undefined,
    facts: facts(0),
    onlyAgents: [],
    notAgents: [],
    ...given,
  };
}

const tokenOf = (number: number): EffectToken => ({
  partition: 0,
  incarnation: number,
  number: 4,
  attempt: 1,
});

const cipher = new TokenCipher(new Uint8Array(tokenKeyBytes));

/** A sender and its pool, a stream between them that can break, and an agent. */
class Counter implements Settlement {
  readonly time = new VirtualTime();
  readonly pool: Pool;
  readonly tokens: WireTokens;
  readonly sender: PoolSender;
  /** Numbers of the attempts that ended, in their order, and of refused ones. */
  readonly results: number[] = [];
  readonly begunBy: string[] = [];
  readonly refusals: ErrorDetail[] = [];
  /** Names of the tasks of the sent profiles. */
  readonly profilesSaid: string[] = [];
  /** Ends that are confirmed by hand, if a test wants that. */
  readonly undurable: (() => void)[] = [];
  isHolding = false;
  /** Questions of the pool about attempts that are not wanted from here, with the reports of that. */
  readonly requests: number[] = [];
  readonly unwanted: (() => void)[] = [];
  #stream: OfferStream | undefined;

  /**
   * @param beside shares its pool, its worker and its clock, and is of another service
   * @param tokens the tokens of `beside` if that is of the same service
   */
  constructor(settings: Partial<PoolSettings> = {}, beside?: Counter, tokens?: WireTokens) {
    const { time } = this;
    this.tokens = tokens ?? new WireTokens(beside === undefined ? "workflow" : "swarm", cipher);
    this.pool =
      beside?.pool ??
      openPool({
        ...{ namespace: "default", name: "default", owner: "swarm-1", epoch: 1, chance: seededChance(1) },
        ...{ openedMs: time.now(), settings: { claimMs: 0, ...settings } },
      });
    this.sender = new PoolSender({
      settlement: this,
      tokens: this.tokens,
      workKind: "run",
      timers: time,
      nowMs: () => time.now(),
      wake: () => {},
      tableSeed: 1,
      gangs: new GangStarts(),
    });
    this.connect();
  }

  /** Opens a new stream. Closes the previous one. */
  connect(): void {
    this.#stream?.close(this.time.now());
    const stream = openOfferStream("workflow-1", {
      send: (reply) => this.sender.take(OfferReply.decode(OfferReply.encode(reply).finish())),
    });
    assert.equal(stream.open(1, this.pool), undefined);
    this.#stream = stream;
    this.sender.open();
    // The welcome states the window of the pool.
    this.pool.turn(this.time.now());
  }

  offer(number: number, given: Partial<OfferTask> = {}, namespace = "default"): void {
    const token = tokenOf(number);
    const key = { namespace, kind: "run", id: `run-${number}` };
    const effect = effectOf({ readyMs: this.time.now(), ...given });
    this.sender.offer({ token, key, cause: undefined }, effect);
  }

  withdraw(number: number): void {
    this.sender.withdraw(this.tokens.write(tokenOf(number)));
  }

  release(number: number): void {
    this.sender.release(this.tokens.write(tokenOf(number)));
  }

  /** Exchanges all waiting messages, in both directions. */
  speak(): void {
    for (let rounds = 0; rounds < 1_000; rounds++) {
      const request = this.sender.next();
      for (const { definitionTask } of request?.profiles ?? []) this.profilesSaid.push(definitionTask);
      if (request !== undefined)
        assert.equal(
          this.#stream?.take(OfferRequest.decode(OfferRequest.encode(request).finish()), this.time.now()),
          undefined,
        );
      const assigned = this.pool.turn(this.time.now());
      if (request === undefined && assigned === 0) return;
    }
    assert.fail("expected an end of the messages");
  }

  result({ result, agent }: EndedAttempt, isDurable: () => void): void {
    assert.equal(agent, "worker");
    this.results.push(this.tokens.read(result.token).incarnation);
    if (this.isHolding) this.undurable.push(isDurable);
    else isDurable();
  }

  started({ token }: OfferEntry, agent: string): void {
    this.begunBy.push(`${token.incarnation} ${agent}`);
  }

  unclaimed(token: Uint8Array, isUnwanted: () => void): void {
    this.requests.push(this.tokens.read(token).incarnation);
    this.unwanted.push(isUnwanted);
  }

  progress(): void {}
  partialOutput(): void {}

  refused(_: OfferEntry, error: ErrorDetail): void {
    this.refusals.push(error);
  }
}

/** Executes its tasks at once, or on request. */
class Worker {
  readonly #counter: Counter;
  readonly given: Assign[] = [];
  durable = 0;
  cancelled = 0;
  readonly #link;

  constructor(counter: Counter, slots: number) {
    this.#counter = counter;
    const capabilities = [{ name: "pay.charge", version: "1.0.0" }];
    const hello = Hello.fromPartial({
      agentId: "worker",
      incarnation: "1",
      offering: { capabilities, slots },
    });
    const outlet = { send: (frame: HostFrame) => this.#hear(structuredClone(frame)), end() {} };
    const joined = counter.pool.join(hello, "swarm-1", outlet, counter.time.now());
    assert.ok(!isRefusal(joined));
    this.#link = joined.link;
    this.grant(slots);
  }

  grant(credit: number): void {
    this.#link.take(AgentFrame.fromPartial({ credit }), this.#counter.time.now());
  }

  /** Ends all its tasks. */
  work(): void {
    const results = this.given
      .splice(0)
      .map(
        ({ token }) => ({ token, outcome: { $case: "inlineOutput", value: new Uint8Array([49]) } }) as const,
      );
    this.#link.take(AgentFrame.fromPartial({ results, credit: results.length }), this.#counter.time.now());
  }

  #hear(frame: HostFrame): void {
    this.given.push(...frame.assignments);
    this.durable = Math.max(this.durable, frame.resultsDurable);
    this.cancelled += frame.cancels.length;
  }
}

describe("what a pool is offered", () => {
  it("never more than its window: all of it is done, each once, and known to be durable", () => {
    const counter = new Counter({ window: 16 });
    const worker = new Worker(counter, 8);
    for (let number = 1; number <= 200; number++) counter.offer(number);
    for (let rounds = 0; counter.results.length < 200 && rounds < 1_000; rounds++) {
      counter.speak();
      assert.ok(counter.pool.status(counter.time.now()).queued <= 16);
      worker.work();
      counter.speak();
    }
    assert.deepEqual(
      [...counter.results].sort((one, other) => one - other),
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
    counter.speak();
    assert.equal(worker.durable, 200);
    // A result settles its own attempt without a withdrawal.
    assert.equal(counter.sender.size, 0);
  });

  it("may be of more kinds than a pool takes on a stream: all of it is done, and equal profiles are sent once", () => {
    const kinds = profilesPerStreamMax + 500;
    const { placement } = profile;
    const profileOf = (definitionTask: string) => ({ ...profile, placement, definitionTask });
    const counter = new Counter();
    const worker = new Worker(counter, 512);
    for (let number = 1; number <= kinds; number++) {
      counter.offer(number, { profile: profileOf(`task-${number}`) });
      counter.offer(kinds + number, { profile: profileOf("alike") });
    }
    const done = () => counter.results.length;
    for (let before = -1; done() > before || done() === 0; ) {
      before = done();
      counter.speak();
      worker.work();
      counter.speak();
    }
    assert.equal(done(), 2 * kinds);
    assert.equal(counter.profilesSaid.filter((task) => task === "alike").length, 1);
  });

  it("is not taken for an attempt of another service that has the same numbers", () => {
    const runs = new Counter();
    const missions = new Counter({}, runs);
    const worker = new Worker(runs, 2);
    runs.offer(1);
    missions.offer(1);
    runs.speak();
    missions.speak();
    worker.work();
    runs.speak();
    missions.speak();
    assert.deepEqual([runs.results.length, missions.results.length], [1, 1]);
    const [mine, theirs] = [new WireTokens("workflow", cipher), new WireTokens("swarm", cipher)];
    assert.deepEqual(theirs.read(theirs.write(tokenOf(1))), tokenOf(1));
    assert.equal(mine.read(theirs.write(tokenOf(1))).incarnation, 0);
    assert.equal(theirs.read(mine.write(tokenOf(1))).incarnation, 0);
    for (const bytes of [new Uint8Array(0), new Uint8Array(15), new Uint8Array(16), new Uint8Array(17)])
      assert.equal(mine.read(bytes).incarnation, 0);
  });

  it("is offered again on a new stream, and done once although it was running", () => {
    const counter = new Counter();
    const worker = new Worker(counter, 2);
    for (let number = 1; number <= 4; number++) counter.offer(number);
    counter.speak();
    assert.equal(worker.given.length, 2);
    counter.connect();
    counter.speak();
    worker.work();
    counter.speak();
    worker.work();
    counter.speak();
    assert.deepEqual([...counter.results].sort(), [1, 2, 3, 4]);
    assert.equal(counter.pool.status(counter.time.now()).queued, 0);
  });

  it("a result that did not become durable comes again after the stream broke", () => {
    const counter = new Counter();
    const worker = new Worker(counter, 1);
    counter.isHolding = true;
    counter.offer(1);
    counter.speak();
    worker.work();
    counter.speak();
    assert.deepEqual([counter.results, worker.durable], [[1], 0]);
    counter.connect();
    // The runtime has lost the result, and requests the attempt again.
    counter.isHolding = false;
    counter.offer(1);
    counter.speak();
    assert.deepEqual([counter.results, worker.durable], [[1, 1], 1]);
    // Messages of the former stream do not count any more.
    counter.undurable[0]?.();
    counter.speak();
    assert.equal(worker.durable, 1);
  });

  it("is not done again when it was asked for once more before its result was known to be durable", () => {
    const counter = new Counter();
    const worker = new Worker(counter, 1);
    counter.isHolding = true;
    counter.offer(1);
    counter.speak();
    worker.work();
    counter.speak();
    // The partition is loaded again. The results from before its stop are sent once more, and accepted.
    counter.offer(1);
    counter.speak();
    for (const toldDurable of counter.undurable) toldDurable();
    counter.speak();
    assert.deepEqual(counter.results, [1, 1]);
    assert.deepEqual([counter.sender.size, counter.sender.waiting, worker.durable], [0, 0, 1]);
    counter.connect();
    counter.speak();
    assert.deepEqual(worker.given, []);
  });

  it("what is no longer wanted leaves the pool, and home", () => {
    const counter = new Counter({ window: 1 });
    counter.offer(1);
    counter.offer(2);
    counter.speak();
    assert.equal(counter.sender.waiting, 1);
    counter.withdraw(1);
    counter.withdraw(2);
    counter.speak();
    assert.deepEqual([counter.sender.size, counter.pool.status(counter.time.now()).queued], [0, 0]);
    const worker = new Worker(counter, 4);
    counter.speak();
    assert.deepEqual(worker.given, []);
  });

  it("a released task is done once: its next owner gets the result, and a task at home goes nowhere", () => {
    const counter = new Counter({ window: 2 });
    const worker = new Worker(counter, 1);
    for (const number of [1, 2, 3]) counter.offer(number);
    counter.speak();
    for (const number of [1, 2, 3]) counter.release(number);
    counter.speak();
    assert.deepEqual([worker.given.length, worker.cancelled], [1, 0]);
    worker.work();
    counter.speak();
    assert.deepEqual([counter.results, worker.given, worker.durable], [[], [], 0]);
    const next = new Counter({}, counter, counter.tokens);
    for (const number of [1, 2, 3]) next.offer(number);
    next.speak();
    assert.deepEqual(next.results, [1]);
    worker.work();
    next.speak();
    worker.work();
    next.speak();
    next.speak();
    assert.deepEqual([next.results, worker.durable], [[1, 2, 3], 3]);
  });

  it("a released task whose result may not be durable is done once: its next owner gets the result", () => {
    const counter = new Counter();
    const worker = new Worker(counter, 1);
    counter.offer(1);
    counter.speak();
    counter.isHolding = true;
    worker.work();
    counter.speak();
    counter.release(1);
    counter.speak();
    assert.equal(worker.durable, 0);
    const next = new Counter({}, counter, counter.tokens);
    next.offer(1);
    next.speak();
    next.speak();
    assert.deepEqual([next.results, worker.given, worker.durable], [[1], [], 1]);
  });

  it("a task that is released and wanted here again, before the pool hears of it, is done once", () => {
    const counter = new Counter();
    const worker = new Worker(counter, 2);
    counter.offer(1);
    counter.speak();
    counter.release(1);
    counter.offer(1);
    counter.speak();
    assert.deepEqual([worker.given.length, worker.cancelled, counter.sender.size], [1, 0, 1]);
    worker.work();
    counter.speak();
    counter.speak();
    assert.deepEqual([counter.results, counter.sender.size, worker.durable, worker.given], [[1], 0, 1, []]);
  });

  it("what is far more urgent makes room for itself", () => {
    const counter = new Counter({ window: 4 });
    for (let number = 1; number <= 8; number++) counter.offer(number);
    counter.speak();
    counter.offer(100, { facts: facts(50) });
    counter.speak();
    const worker = new Worker(counter, 1);
    counter.speak();
    assert.deepEqual(
      worker.given.map(({ token }) => counter.tokens.read(token).incarnation),
      [100],
    );
  });

  it("namespaces take turns, so that one with much to do does not hold up another", () => {
    const counter = new Counter({ window: 10 });
    for (let number = 1; number <= 1_000; number++) counter.offer(number, {}, "large");
    counter.offer(5_000, {}, "small");
    counter.speak();
    const worker = new Worker(counter, 2);
    for (let rounds = 0; rounds < 6; rounds++) {
      counter.speak();
      worker.work();
    }
    assert.ok(counter.results.indexOf(5_000) >= 0 && counter.results.length <= 14, String(counter.results));
  });

  it("tasks of one namespace without a capable agent block no other namespace, however many come first", () => {
    const counter = new Counter({ window: 64 });
    const worker = new Worker(counter, 2);
    const { placement } = profile;
    const cannot = { ...profile, placement, capability: "nobody.can" };
    for (let number = 1; number <= 1_000; number++) counter.offer(number, { profile: cannot }, "large");
    counter.speak();
    for (let number = 5_001; number <= 5_100; number++) counter.offer(number, {}, "small");
    for (let rounds = 0; rounds < 80; rounds++) {
      counter.speak();
      worker.work();
    }
    counter.speak();
    assert.equal(counter.results.length, 100);
    assert.equal(counter.pool.status(counter.time.now()).queued, 64);
  });

  it("a task that was running at its recall blocks no other: others are recalled instead", () => {
    const counter = new Counter({ window: 32 });
    const worker = new Worker(counter, 16);
    for (let number = 1; number <= 16; number++) counter.offer(number, {}, "large");
    counter.speak();
    assert.equal(worker.given.length, 16);
    const { placement } = profile;
    const cannot = { ...profile, placement, capability: "nobody.can" };
    const given = { profile: cannot, facts: facts(5) };
    for (let number = 101; number <= 200; number++) counter.offer(number, given, "large");
    counter.speak();
    // The running ones are the least urgent, and their starts are not reported yet.
    for (let number = 5_001; number <= 5_100; number++) counter.offer(number, {}, "small");
    counter.speak();
    const begun = OfferReply.create();
    for (const { token } of worker.given)
      begun.begun.push({ token, agent: 1, assignedAgoMs: 30, begunAgoMs: 25 });
    counter.sender.take(begun);
    counter.speak();
    const namespaces = counter.pool.queued(100, counter.time.now()).map(({ work }) => work?.namespace);
    assert.equal(namespaces.filter((one) => one === "small").length, 16);
  });

  it("the window is halved between two namespaces that want all of it, and then nothing goes to and fro", () => {
    const counter = new Counter({ window: 64 });
    for (let number = 1; number <= 1_000; number++) counter.offer(number, {}, "large");
    counter.speak();
    for (let number = 5_001; number <= 6_000; number++) counter.offer(number, {}, "small");
    counter.speak();
    const namespaces = counter.pool.queued(100, counter.time.now()).map(({ work }) => work?.namespace);
    assert.equal(namespaces.filter((one) => one === "small").length, 32);
    assert.equal(counter.sender.next(), undefined);
  });

  it("what one namespace calls urgent makes room in its own part alone", () => {
    const counter = new Counter({ window: 4 });
    for (let number = 1; number <= 8; number++) counter.offer(number, {}, number > 4 ? "loud" : "quiet");
    counter.speak();
    const urgent = [101, 102, 103, 104];
    for (const number of urgent) counter.offer(number, { facts: facts(100) }, "loud");
    counter.speak();
    const queued = counter.pool.queued(10, counter.time.now());
    assert.deepEqual(
      queued.map(({ work, priority }) => `${work?.namespace} ${priority}`),
      ["loud 100", "loud 100", "quiet 0", "quiet 0"],
    );
  });

  it("attempts that agents bring from before are given up once they are known to be settled, and never a wanted one", () => {
    const counter = new Counter({ window: 1 });
    for (const number of [1, 2]) counter.offer(number);
    counter.speak();
    const reply = OfferReply.create();
    for (const number of [1, 2, 3, 4])
      reply.unclaimed.push({ token: counter.tokens.write(tokenOf(number)), agent: 0 });
    counter.sender.take(reply);
    assert.deepEqual(counter.requests, [3, 4]);
    const cancelled = () =>
      counter.sender.next()?.cancels.map(({ token }) => counter.tokens.read(token).incarnation);
    assert.deepEqual(cancelled() ?? [], []);
    counter.unwanted[0]?.();
    assert.deepEqual(cancelled(), [3]);
    // The pool on the next stream asks again itself.
    counter.connect();
    counter.unwanted[1]?.();
    assert.deepEqual(cancelled(), []);
  });

  it("the pool gets the number of tasks that wait at home, once in a while", () => {
    const counter = new Counter({ window: 2 });
    for (let number = 1; number <= 12; number++) counter.offer(number);
    counter.speak();
    assert.equal(counter.pool.status(counter.time.now()).waitingAtHome, 10);
  });

  it("a task that waits in the pool gets another priority, and other labels by an offer of its own", () => {
    const counter = new Counter();
    for (let number = 1; number <= 3; number++) counter.offer(number);
    counter.speak();
    counter.offer(3, { readyMs: 0, facts: facts(5) });
    const told = counter.sender.next();
    assert.deepEqual(
      [told?.priorities.map(({ priority }) => priority), told?.recalls.length, told?.offers.length],
      [[5], 0, 0],
    );
    counter.offer(2, { readyMs: 0, facts: { labels: { team: "b" }, priority: 9, dueMs: 0 } });
    counter.speak();
    assert.equal(counter.sender.size, 3);
    const worker = new Worker(counter, 1);
    counter.speak();
    assert.deepEqual(
      worker.given.map(({ labels }) => labels),
      [[{ name: "team", value: "b" }]],
    );
  });

  it("an attempt that does not end at once is reported as started, and is not recalled", () => {
    const counter = new Counter({ window: 1 });
    const worker = new Worker(counter, 1);
    counter.offer(1);
    counter.speak();
    const token = worker.given[0]?.token ?? new Uint8Array();
    const begun = OfferReply.create();
    begun.begun.push({ token, agent: 1, assignedAgoMs: 30, begunAgoMs: 25 });
    begun.agents.push({ number: 1, agentId: "worker" });
    counter.sender.take(begun);
    assert.deepEqual(counter.begunBy, ["1 worker"]);
    counter.offer(2, { facts: facts(100) });
    assert.deepEqual(counter.sender.next()?.recalls ?? [], []);
  });

  it("an offer that waited longer than it may is refused with an error that says what to do", () => {
    const counter = new Counter();
    const text = source.replace("pay.charge", "pay.charge, timeout: {queue: 5s}");
    const plan = checkText({ format: "yaml", text, fileName: "" }).definition?.plan;
    assert.ok(plan !== undefined);
    counter.offer(1, { profile: new RunPlan(plan, "").profile(0, "", false) });
    counter.speak();
    counter.time.advance(6_000);
    counter.speak();
    assert.equal(counter.refusals.length, 1);
    assert.match(
      counter.refusals[0]?.message ?? "",
      /^No agent took the task for `pay\.charge` in 6s .*\. Start a worker that offers `pay\.charge`/,
    );
  });

  it("no message is sent while there is no stream", () => {
    const counter = new Counter();
    counter.sender.close();
    counter.offer(1);
    assert.equal(counter.sender.next(), undefined);
    assert.deepEqual(OfferRequest.create().offers, []);
  });
});
