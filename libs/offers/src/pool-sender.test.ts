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

function effectOf(fields: Partial<OfferTask> = {}): OfferTask {
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
    ...fields,
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
  readonly startedBy: string[] = [];
  readonly refusals: ErrorDetail[] = [];
  /** Names of the tasks of the sent profiles. */
  readonly sentProfiles: string[] = [];
  /** Ends that are confirmed by hand, if a test wants that. */
  readonly undurable: (() => void)[] = [];
  isHoldingDurable = false;
  /** Questions of the pool about attempts that are not wanted from here, with the reports of that. */
  readonly requests: number[] = [];
  readonly unwanted: (() => void)[] = [];
  #stream: OfferStream | undefined;

  /**
   * @param sharing shares its pool, its worker and its clock, and is of another service
   * @param tokens the tokens of `sharing` if that is of the same service
   */
  constructor(settings: Partial<PoolSettings> = {}, sharing?: Counter, tokens?: WireTokens) {
    const { time } = this;
    this.tokens = tokens ?? new WireTokens(sharing === undefined ? "workflow" : "swarm", cipher);
    this.pool =
      sharing?.pool ??
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
      send: (reply) => this.sender.receive(OfferReply.decode(OfferReply.encode(reply).finish())),
    });
    assert.equal(stream.open(1, this.pool), undefined);
    this.#stream = stream;
    this.sender.open();
    // The welcome states the window of the pool.
    this.pool.turn(this.time.now());
  }

  offer(number: number, fields: Partial<OfferTask> = {}, namespace = "default"): void {
    const token = tokenOf(number);
    const key = { namespace, kind: "run", id: `run-${number}` };
    const effect = effectOf({ readyMs: this.time.now(), ...fields });
    this.sender.offer({ token, key, cause: undefined }, effect);
  }

  withdraw(number: number): void {
    this.sender.withdraw(this.tokens.write(tokenOf(number)));
  }

  release(number: number): void {
    this.sender.release(this.tokens.write(tokenOf(number)));
  }

  /** Exchanges all waiting messages, in both directions. */
  exchange(): void {
    for (let rounds = 0; rounds < 1_000; rounds++) {
      const request = this.sender.next();
      for (const { definitionTask } of request?.profiles ?? []) this.sentProfiles.push(definitionTask);
      if (request !== undefined)
        assert.equal(
          this.#stream?.receive(OfferRequest.decode(OfferRequest.encode(request).finish()), this.time.now()),
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
    if (this.isHoldingDurable) this.undurable.push(isDurable);
    else isDurable();
  }

  started({ token }: OfferEntry, agent: string): void {
    this.startedBy.push(`${token.incarnation} ${agent}`);
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
  readonly assigned: Assign[] = [];
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
    const outlet = { send: (frame: HostFrame) => this.#receive(structuredClone(frame)), close() {} };
    const joined = counter.pool.join(hello, "swarm-1", outlet, counter.time.now());
    assert.ok(!isRefusal(joined));
    this.#link = joined.link;
    this.grant(slots);
  }

  grant(credit: number): void {
    this.#link.receive(AgentFrame.fromPartial({ credit }), this.#counter.time.now());
  }

  /** Ends all its tasks. */
  work(): void {
    const results = this.assigned
      .splice(0)
      .map(
        ({ token }) => ({ token, outcome: { $case: "inlineOutput", value: new Uint8Array([49]) } }) as const,
      );
    this.#link.receive(AgentFrame.fromPartial({ results, credit: results.length }), this.#counter.time.now());
  }

  #receive(frame: HostFrame): void {
    this.assigned.push(...frame.assignments);
    this.durable = Math.max(this.durable, frame.resultsDurable);
    this.cancelled += frame.cancels.length;
  }
}

describe("the tasks that a pool is offered", () => {
  it("never more than its window: all of it is done, each once, and known to be durable", () => {
    const counter = new Counter({ window: 16 });
    const worker = new Worker(counter, 8);
    for (let number = 1; number <= 200; number++) counter.offer(number);
    for (let rounds = 0; counter.results.length < 200 && rounds < 1_000; rounds++) {
      counter.exchange();
      assert.ok(counter.pool.status(counter.time.now()).queued <= 16);
      worker.work();
      counter.exchange();
    }
    assert.deepEqual(
      [...counter.results].sort((one, other) => one - other),
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
    counter.exchange();
    assert.equal(worker.durable, 200);
    // A result settles its own attempt without a withdrawal.
    assert.equal(counter.sender.size, 0);
  });

  it("may have more profiles than a stream accepts: all are done, and equal profiles are sent once", () => {
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
      counter.exchange();
      worker.work();
      counter.exchange();
    }
    assert.equal(done(), 2 * kinds);
    assert.equal(counter.sentProfiles.filter((task) => task === "alike").length, 1);
  });

  it("an attempt is distinct from an attempt of another service with the same numbers", () => {
    const runs = new Counter();
    const missions = new Counter({}, runs);
    const worker = new Worker(runs, 2);
    runs.offer(1);
    missions.offer(1);
    runs.exchange();
    missions.exchange();
    worker.work();
    runs.exchange();
    missions.exchange();
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
    counter.exchange();
    assert.equal(worker.assigned.length, 2);
    counter.connect();
    counter.exchange();
    worker.work();
    counter.exchange();
    worker.work();
    counter.exchange();
    assert.deepEqual([...counter.results].sort(), [1, 2, 3, 4]);
    assert.equal(counter.pool.status(counter.time.now()).queued, 0);
  });

  it("a result that did not become durable is sent again after the stream broke", () => {
    const counter = new Counter();
    const worker = new Worker(counter, 1);
    counter.isHoldingDurable = true;
    counter.offer(1);
    counter.exchange();
    worker.work();
    counter.exchange();
    assert.deepEqual([counter.results, worker.durable], [[1], 0]);
    counter.connect();
    // The runtime has lost the result, and requests the attempt again.
    counter.isHoldingDurable = false;
    counter.offer(1);
    counter.exchange();
    assert.deepEqual([counter.results, worker.durable], [[1, 1], 1]);
    // Messages of the former stream do not count any more.
    counter.undurable[0]?.();
    counter.exchange();
    assert.equal(worker.durable, 1);
  });

  it("a task is not done again when it was requested again before its result was known to be durable", () => {
    const counter = new Counter();
    const worker = new Worker(counter, 1);
    counter.isHoldingDurable = true;
    counter.offer(1);
    counter.exchange();
    worker.work();
    counter.exchange();
    // The partition is loaded again. The results from before its stop are sent once more, and accepted.
    counter.offer(1);
    counter.exchange();
    for (const reportDurable of counter.undurable) reportDurable();
    counter.exchange();
    assert.deepEqual(counter.results, [1, 1]);
    assert.deepEqual([counter.sender.size, counter.sender.waiting, worker.durable], [0, 0, 1]);
    counter.connect();
    counter.exchange();
    assert.deepEqual(worker.assigned, []);
  });

  it("a withdrawn task leaves the pool and the sender", () => {
    const counter = new Counter({ window: 1 });
    counter.offer(1);
    counter.offer(2);
    counter.exchange();
    assert.equal(counter.sender.waiting, 1);
    counter.withdraw(1);
    counter.withdraw(2);
    counter.exchange();
    assert.deepEqual([counter.sender.size, counter.pool.status(counter.time.now()).queued], [0, 0]);
    const worker = new Worker(counter, 4);
    counter.exchange();
    assert.deepEqual(worker.assigned, []);
  });

  it("a released task is done once: its next owner receives the result, and a task at the sender is not sent", () => {
    const counter = new Counter({ window: 2 });
    const worker = new Worker(counter, 1);
    for (const number of [1, 2, 3]) counter.offer(number);
    counter.exchange();
    for (const number of [1, 2, 3]) counter.release(number);
    counter.exchange();
    assert.deepEqual([worker.assigned.length, worker.cancelled], [1, 0]);
    worker.work();
    counter.exchange();
    assert.deepEqual([counter.results, worker.assigned, worker.durable], [[], [], 0]);
    const next = new Counter({}, counter, counter.tokens);
    for (const number of [1, 2, 3]) next.offer(number);
    next.exchange();
    assert.deepEqual(next.results, [1]);
    worker.work();
    next.exchange();
    worker.work();
    next.exchange();
    next.exchange();
    assert.deepEqual([next.results, worker.durable], [[1, 2, 3], 3]);
  });

  it("a released task whose result may not be durable is done once: its next owner receives the result", () => {
    const counter = new Counter();
    const worker = new Worker(counter, 1);
    counter.offer(1);
    counter.exchange();
    counter.isHoldingDurable = true;
    worker.work();
    counter.exchange();
    counter.release(1);
    counter.exchange();
    assert.equal(worker.durable, 0);
    const next = new Counter({}, counter, counter.tokens);
    next.offer(1);
    next.exchange();
    next.exchange();
    assert.deepEqual([next.results, worker.assigned, worker.durable], [[1], [], 1]);
  });

  it("a task that is released and offered again before the pool receives the release is done once", () => {
    const counter = new Counter();
    const worker = new Worker(counter, 2);
    counter.offer(1);
    counter.exchange();
    counter.release(1);
    counter.offer(1);
    counter.exchange();
    assert.deepEqual([worker.assigned.length, worker.cancelled, counter.sender.size], [1, 0, 1]);
    worker.work();
    counter.exchange();
    counter.exchange();
    assert.deepEqual(
      [counter.results, counter.sender.size, worker.durable, worker.assigned],
      [[1], 0, 1, []],
    );
  });

  it("a far more urgent task displaces another task", () => {
    const counter = new Counter({ window: 4 });
    for (let number = 1; number <= 8; number++) counter.offer(number);
    counter.exchange();
    counter.offer(100, { facts: facts(50) });
    counter.exchange();
    const worker = new Worker(counter, 1);
    counter.exchange();
    assert.deepEqual(
      worker.assigned.map(({ token }) => counter.tokens.read(token).incarnation),
      [100],
    );
  });

  it("namespaces take turns, so that a namespace with many tasks does not delay another", () => {
    const counter = new Counter({ window: 10 });
    for (let number = 1; number <= 1_000; number++) counter.offer(number, {}, "large");
    counter.offer(5_000, {}, "small");
    counter.exchange();
    const worker = new Worker(counter, 2);
    for (let rounds = 0; rounds < 6; rounds++) {
      counter.exchange();
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
    counter.exchange();
    for (let number = 5_001; number <= 5_100; number++) counter.offer(number, {}, "small");
    for (let rounds = 0; rounds < 80; rounds++) {
      counter.exchange();
      worker.work();
    }
    counter.exchange();
    assert.equal(counter.results.length, 100);
    assert.equal(counter.pool.status(counter.time.now()).queued, 64);
  });

  it("a task that was running at its recall blocks no other: others are recalled instead", () => {
    const counter = new Counter({ window: 32 });
    const worker = new Worker(counter, 16);
    for (let number = 1; number <= 16; number++) counter.offer(number, {}, "large");
    counter.exchange();
    assert.equal(worker.assigned.length, 16);
    const { placement } = profile;
    const cannot = { ...profile, placement, capability: "nobody.can" };
    const effect = { profile: cannot, facts: facts(5) };
    for (let number = 101; number <= 200; number++) counter.offer(number, effect, "large");
    counter.exchange();
    // The running ones are the least urgent, and their starts are not reported yet.
    for (let number = 5_001; number <= 5_100; number++) counter.offer(number, {}, "small");
    counter.exchange();
    const reply = OfferReply.create();
    for (const { token } of worker.assigned)
      reply.begun.push({ token, agent: 1, assignedAgoMs: 30, begunAgoMs: 25 });
    counter.sender.receive(reply);
    counter.exchange();
    const namespaces = counter.pool.queued(100, counter.time.now()).map(({ work }) => work?.namespace);
    assert.equal(namespaces.filter((one) => one === "small").length, 16);
  });

  it("two namespaces with enough tasks share the window equally, and then no task is recalled", () => {
    const counter = new Counter({ window: 64 });
    for (let number = 1; number <= 1_000; number++) counter.offer(number, {}, "large");
    counter.exchange();
    for (let number = 5_001; number <= 6_000; number++) counter.offer(number, {}, "small");
    counter.exchange();
    const namespaces = counter.pool.queued(100, counter.time.now()).map(({ work }) => work?.namespace);
    assert.equal(namespaces.filter((one) => one === "small").length, 32);
    assert.equal(counter.sender.next(), undefined);
  });

  it("an urgent task displaces only tasks of its own namespace", () => {
    const counter = new Counter({ window: 4 });
    for (let number = 1; number <= 8; number++) counter.offer(number, {}, number > 4 ? "loud" : "quiet");
    counter.exchange();
    const urgent = [101, 102, 103, 104];
    for (const number of urgent) counter.offer(number, { facts: facts(100) }, "loud");
    counter.exchange();
    const queued = counter.pool.queued(10, counter.time.now());
    assert.deepEqual(
      queued.map(({ work, priority }) => `${work?.namespace} ${priority}`),
      ["loud 100", "loud 100", "quiet 0", "quiet 0"],
    );
  });

  it("attempts from before are cancelled once they are known to be settled, and a wanted attempt never", () => {
    const counter = new Counter({ window: 1 });
    for (const number of [1, 2]) counter.offer(number);
    counter.exchange();
    const reply = OfferReply.create();
    for (const number of [1, 2, 3, 4])
      reply.unclaimed.push({ token: counter.tokens.write(tokenOf(number)), agent: 0 });
    counter.sender.receive(reply);
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

  it("an attempt is not offered again if its partition is loaded again before its result is durable", () => {
    const counter = new Counter();
    const worker = new Worker(counter, 1);
    counter.isHoldingDurable = true;
    counter.offer(1);
    counter.exchange();
    worker.work();
    counter.exchange();
    counter.release(1);
    counter.offer(1);
    for (const isDurable of counter.undurable) isDurable();
    counter.exchange();
    assert.equal(counter.sender.size, 0);
    assert.deepEqual(worker.assigned, []);
    assert.deepEqual(counter.results, [1]);
  });

  it("the pool gets the number of tasks that wait at home, once in a while", () => {
    const counter = new Counter({ window: 2 });
    for (let number = 1; number <= 12; number++) counter.offer(number);
    counter.exchange();
    assert.equal(counter.pool.status(counter.time.now()).waitingAtHome, 10);
  });

  it("a task that waits in the pool gets another priority, and other labels by an offer of its own", () => {
    const counter = new Counter();
    for (let number = 1; number <= 3; number++) counter.offer(number);
    counter.exchange();
    counter.offer(3, { readyMs: 0, facts: facts(5) });
    const request = counter.sender.next();
    assert.deepEqual(
      [request?.priorities.map(({ priority }) => priority), request?.recalls.length, request?.offers.length],
      [[5], 0, 0],
    );
    counter.offer(2, { readyMs: 0, facts: { labels: { team: "b" }, priority: 9, dueMs: 0 } });
    counter.exchange();
    assert.equal(counter.sender.size, 3);
    const worker = new Worker(counter, 1);
    counter.exchange();
    assert.deepEqual(
      worker.assigned.map(({ labels }) => labels),
      [[{ name: "team", value: "b" }]],
    );
  });

  it("an attempt that does not end at once is reported as started, and is not recalled", () => {
    const counter = new Counter({ window: 1 });
    const worker = new Worker(counter, 1);
    counter.offer(1);
    counter.exchange();
    const token = worker.assigned[0]?.token ?? new Uint8Array();
    const reply = OfferReply.create();
    reply.begun.push({ token, agent: 1, assignedAgoMs: 30, begunAgoMs: 25 });
    reply.agents.push({ number: 1, agentId: "worker" });
    counter.sender.receive(reply);
    assert.deepEqual(counter.startedBy, ["1 worker"]);
    counter.offer(2, { facts: facts(100) });
    assert.deepEqual(counter.sender.next()?.recalls ?? [], []);
  });

  it("an offer that exceeds its queue timeout is rejected with an error that contains a remedy", () => {
    const counter = new Counter();
    const text = source.replace("pay.charge", "pay.charge, timeout: {queue: 5s}");
    const plan = checkText({ format: "yaml", text, fileName: "" }).definition?.plan;
    assert.ok(plan !== undefined);
    counter.offer(1, { profile: new RunPlan(plan, "").profile(0, "", false) });
    counter.exchange();
    counter.time.advance(6_000);
    counter.exchange();
    assert.equal(counter.refusals.length, 1);
    assert.match(
      counter.refusals[0]?.message ?? "",
      /^No agent took the task for `pay\.charge` in 6 s .*\. Start a worker that offers `pay\.charge`/,
    );
  });

  it("no message is sent without a stream", () => {
    const counter = new Counter();
    counter.sender.close();
    counter.offer(1);
    assert.equal(counter.sender.next(), undefined);
    assert.deepEqual(OfferRequest.create().offers, []);
  });
});
