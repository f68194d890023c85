import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentFrame, Hello, type HostFrame, type Result } from "@tutti/contracts/agent/v1";
import { OfferReply, OfferRequest } from "@tutti/contracts/swarm/v1";
import { ErrorDetail } from "@tutti/contracts/types/v1";
import { checkText } from "@tutti/definitions";
import { isRefusal } from "@tutti/kernel";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import { type OfferTask, RunPlan } from "@tutti/machine-run";
import { type AgentLink, type OfferStream, openOfferStream, openPool, type Pool } from "@tutti/matching";
import { type EffectToken, TokenCipher, tokenKeyBytes } from "@tutti/runtime";
import fc from "fast-check";
import { GangStarts } from "./gang-starts.ts";
import { PoolSender } from "./pool-sender.ts";
import type { EndedAttempt } from "./settlement.ts";
import { WireTokens } from "./wire-tokens.ts";

const source = "workflow: order\ntasks: {charge: {uses: pay.charge}}\n";
const { definition } = checkText({ format: "yaml", text: source, fileName: "order.yaml" });
assert.ok(definition?.plan !== undefined);
const profile = new RunPlan(definition.plan, definition.hash).profile(0, "", false);
const cipher = new TokenCipher(new Uint8Array(tokenKeyBytes));
const gangHoldMs = 1_000;

/** A task of a work, with its latest attempt. */
interface Member {
  readonly work: Work;
  readonly id: number;
  readonly pool: number;
  status: "queued" | "running" | "done";
  attempt: number;
}

interface Work {
  readonly id: string;
  readonly members: Member[];
  /** Attempts that may still fail. */
  mishaps: number;
}

/** An attempt at an agent. Members of a gang wait for each other until all run at the same time. */
interface Attempt {
  readonly token: Uint8Array;
  readonly member: Member;
  hasStarted: boolean;
  isCancelled: boolean;
}

class Agent {
  readonly attempts: Attempt[] = [];
  link!: AgentLink;

  send(frame: Partial<AgentFrame>, nowMs: number): void {
    assert.equal(this.link.receive(AgentFrame.fromPartial(frame), nowMs), undefined);
  }
}

/** Pools, a sender for each, and works that wait for their members. Messages between them are delayed. */
class House {
  readonly time = new VirtualTime();
  readonly tokens = new WireTokens("workflow", cipher);
  readonly pools: Pool[] = [];
  readonly agents: Agent[][] = [];
  readonly works: Work[] = [];
  readonly #senders: PoolSender[] = [];
  readonly #streams: (OfferStream | undefined)[] = [];
  /** Undelivered messages from the pools. */
  readonly #replies: Uint8Array[][] = [];
  readonly #members = new Map<number, Member>();
  #gangs = new GangStarts();
  #attempts = 0;
  /** How often all members of a work ran together. */
  readonly together = new Map<string, number>();

  constructor(slots: readonly (readonly number[])[]) {
    for (const [at, counts] of slots.entries()) {
      this.pools.push(
        openPool({
          namespace: "default",
          name: `pool-${at}`,
          owner: "swarm-1",
          epoch: 1,
          chance: seededChance(1),
          openedMs: this.time.now(),
          settings: { claimMs: 0, gangHoldMs, adaptiveConcurrency: false },
        }),
      );
      this.agents.push(counts.map(() => new Agent()));
      for (const [which, count] of counts.entries()) this.join(at, which, count, 1);
      this.#replies.push([]);
    }
    this.start();
  }

  /** Starts or restarts the sending process. It forgets everything. */
  start(): void {
    this.#gangs = new GangStarts();
    for (const at of this.pools.keys()) {
      this.#senders[at] = new PoolSender({
        ...{ settlement: this.#settlement(), tokens: this.tokens, workKind: "run", timers: this.time },
        ...{ nowMs: () => this.time.now(), wake: () => {}, tableSeed: 1, gangs: this.#gangs },
      });
      this.connect(at);
    }
    for (const { members } of this.works) for (const member of members) this.#offer(member);
  }

  /** Opens a new stream to a pool. */
  connect(at: number): void {
    this.#streams[at]?.close(this.time.now());
    const replies: Uint8Array[] = [];
    this.#replies[at] = replies;
    const stream = openOfferStream("workflow-1", {
      send: (reply) => replies.push(OfferReply.encode(reply).finish()),
    });
    assert.equal(stream.open(1, this.pools[at] as Pool), undefined);
    this.#streams[at] = stream;
    this.#senders[at]?.open();
  }

  join(at: number, which: number, slots: number, incarnation: number): void {
    const agent = this.agents[at]?.[which];
    assert.ok(agent !== undefined);
    agent.attempts.length = 0;
    const capabilities = [{ name: "pay.charge", version: "1.0.0" }];
    const hello = Hello.fromPartial({
      agentId: `a${which}`,
      incarnation: `${incarnation}`,
      offering: { capabilities, slots },
    });
    const outlet = { send: (frame: HostFrame) => this.#receive(agent, frame), close() {} };
    const joined = this.pools[at]?.join(hello, "swarm-1", outlet, this.time.now());
    assert.ok(joined !== undefined && !isRefusal(joined));
    agent.link = joined.link;
    agent.send({ credit: 100 }, this.time.now());
  }

  /** Opens a work with the given number of members in each pool. */
  open(counts: readonly number[], mishaps = 0): Work {
    const work: Work = { id: `run-${this.works.length}`, members: [], mishaps };
    for (const [pool, count] of counts.entries())
      for (let at = 0; at < count; at++)
        work.members.push({ work, id: work.members.length, pool, status: "queued", attempt: 0 });
    this.works.push(work);
    for (const member of work.members) this.#next(member);
    return work;
  }

  /** Sends the next request to a pool, and runs its turn. */
  send(at: number): void {
    const request = this.#senders[at]?.next();
    const nowMs = this.time.now();
    if (request !== undefined) {
      const decoded = OfferRequest.decode(OfferRequest.encode(request).finish());
      assert.equal(this.#streams[at]?.receive(decoded, nowMs), undefined);
    }
    this.pools[at]?.turn(nowMs);
  }

  /** Delivers the next reply of a pool. */
  receive(at: number): void {
    const [reply] = this.#replies[at]?.splice(0, 1) ?? [];
    if (reply !== undefined) this.#senders[at]?.receive(OfferReply.decode(reply));
  }

  /** Delivers all pending messages and those that follow from them. */
  async deliverAll(): Promise<void> {
    for (let round = 0; round < 20; round++)
      for (const at of this.pools.keys()) {
        this.send(at);
        while ((this.#replies[at]?.length ?? 0) > 0) this.receive(at);
      }
  }

  startAttempts(agent: Agent): void {
    const nowMs = this.time.now();
    for (const attempt of agent.attempts) {
      if (attempt.hasStarted || attempt.isCancelled) continue;
      attempt.hasStarted = true;
      agent.send({ started: [{ token: attempt.token, agoMs: 0 }] } as Partial<AgentFrame>, nowMs);
    }
  }

  /** Ends each attempt of an agent that can end. */
  finishAttempts(agent: Agent): void {
    for (const attempt of [...agent.attempts]) {
      const all = this.#running(attempt.member.work);
      if (attempt.isCancelled) this.sendResult(agent, attempt, { $case: "stopped", value: { message: "" } });
      else if (
        attempt.hasStarted &&
        all.every(({ hasStarted }) => hasStarted) &&
        this.isComplete(attempt.member.work)
      ) {
        this.together.set(attempt.member.work.id, (this.together.get(attempt.member.work.id) ?? 0) + 1);
        this.sendResult(agent, attempt, { $case: "inlineOutput", value: new Uint8Array([49]) });
      }
    }
  }

  sendResult(agent: Agent, attempt: Attempt, outcome: Result["outcome"]): void {
    agent.attempts.splice(agent.attempts.indexOf(attempt), 1);
    if (outcome?.$case === "inlineOutput") attempt.member.status = "done";
    const results = [{ token: attempt.token, outcome, runMs: 1, used: undefined }];
    agent.send({ results } as Partial<AgentFrame>, this.time.now());
  }

  /** Returns whether all unfinished members are at agents, or once were: then they are independent. */
  isComplete(work: Work): boolean {
    if (this.together.has(work.id)) return true;
    return this.#running(work).length === work.members.length;
  }

  #running(work: Work): Attempt[] {
    return this.agents
      .flat()
      .flatMap(({ attempts }) => attempts.filter(({ member }) => member.work === work));
  }

  #next(member: Member): void {
    member.status = "queued";
    member.attempt = ++this.#attempts;
    this.#members.set(member.attempt, member);
    this.#offer(member);
  }

  #offer(member: Member): void {
    if (member.status === "done") return;
    const { work } = member;
    const others = work.members.filter((other) => other !== member && other.status !== "done");
    const size = 1 + others.filter(({ pool }) => pool === member.pool).length;
    const started = others.every(({ status }) => status === "running");
    const otherMembers = 1 + others.length - size;
    const effect: OfferTask = {
      ...{ kind: "offer_task", profile, taskId: `t${member.id}`, input: undefined, attempt: 1 },
      ...{ readyMs: this.time.now(), totalDueMs: 0, details: undefined, saved: undefined },
      ...{ facts: { labels: {}, priority: 0, dueMs: 0 }, onlyAgents: [], notAgents: [] },
      gang: others.length === 0 ? undefined : { name: "g", size, started, elsewhere: otherMembers },
    };
    const token: EffectToken = { partition: 0, incarnation: member.attempt, number: 4, attempt: 1 };
    const key = { namespace: "default", kind: "run", id: work.id };
    this.#senders[member.pool]?.offer({ token, key, cause: undefined }, effect);
  }

  #receive(agent: Agent, { assignments, cancels }: HostFrame): void {
    for (const { token } of assignments) {
      const member = this.#members.get(this.tokens.read(token).incarnation);
      assert.ok(member !== undefined);
      agent.attempts.push({ token: token.slice(), member, hasStarted: false, isCancelled: false });
    }
    for (const { token } of cancels)
      for (const attempt of agent.attempts)
        if (Buffer.compare(attempt.token, token) === 0) attempt.isCancelled = true;
  }

  #settlement() {
    return {
      result: ({ result, entry }: EndedAttempt, isDurable: () => void) => {
        const member = this.#members.get(this.tokens.read(result.token).incarnation);
        isDurable();
        if (entry === undefined || member?.attempt !== entry.token.incarnation) return;
        if (result.outcome?.$case === "inlineOutput") member.status = "done";
        else this.#next(member);
      },
      started: ({ token }: { token: EffectToken }) => {
        const member = this.#members.get(token.incarnation);
        if (member?.attempt === token.incarnation && member.status === "queued") member.status = "running";
      },
      progress() {},
      partialOutput() {},
      unclaimed(_: Uint8Array, isUnwanted: () => void) {
        isUnwanted();
      },
      refused() {
        assert.fail("no offer is refused");
      },
    };
  }
}

const assigned = (house: House) =>
  house.agents.map((agents) =>
    agents.flatMap(({ attempts }) => attempts.map(({ member }) => member.work.id)),
  );

describe("a gang with members in two pools", () => {
  it("starts when each member has a slot, and no member starts before", async () => {
    const house = new House([[2], [1]]);
    const single = house.open([0, 1]);
    await house.deliverAll();
    house.open([2, 1]);
    await house.deliverAll();
    assert.deepEqual(assigned(house), [[], [single.id]]);
    house.startAttempts(house.agents[1]?.[0] as Agent);
    house.finishAttempts(house.agents[1]?.[0] as Agent);
    await house.deliverAll();
    assert.deepEqual(assigned(house), [["run-1", "run-1"], ["run-1"]]);
  });

  for (const [title, mishap] of [
    ["is busy", "busy"],
    ["fails", "failed"],
    ["loses its agent", "lost"],
  ] as const)
    it(`is withdrawn as a whole if a member ${title} before all have started`, async () => {
      const house = new House([[1], [1]]);
      const work = house.open([1, 1]);
      await house.deliverAll();
      const [[first], [other]] = house.agents as [Agent[], Agent[]];
      assert.ok(first !== undefined && other !== undefined);
      house.startAttempts(first);
      const [attempt] = other.attempts;
      assert.ok(attempt !== undefined);
      if (mishap === "lost") house.join(1, 0, 1, 2);
      else if (mishap === "busy")
        house.sendResult(other, attempt, {
          $case: "busy",
          value: { retryAfterMs: 5, message: "", capabilities: [] },
        });
      else
        house.sendResult(other, attempt, {
          $case: "failed",
          value: ErrorDetail.fromPartial({ code: "users.own" }),
        });
      await house.deliverAll();
      assert.deepEqual(
        first.attempts.map(({ isCancelled }) => isCancelled),
        [true],
      );
      house.finishAttempts(first);
      house.time.advance(1_000);
      await house.deliverAll();
      assert.deepEqual(assigned(house), [[work.id], [work.id]]);
    });
});

describe("gangs over several pools", () => {
  const plans = fc.record({
    slots: fc.array(fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 2 }), {
      minLength: 2,
      maxLength: 3,
    }),
    works: fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 3, maxLength: 3 }), {
      minLength: 2,
      maxLength: 6,
    }),
    steps: fc.array(fc.nat(), { minLength: 20, maxLength: 120 }),
  });

  it("that compete for slots all finish, with late messages, restarts and failures", () => {
    fc.assert(
      fc.property(plans, ({ slots, works, steps }) => {
        const house = new House(slots);
        const totals = slots.map((counts) => counts.reduce((sum, count) => sum + count, 0));
        for (const counts of works) {
          const sizes = totals.map((total, at) => Math.min(total, counts[at] ?? 0));
          house.open(sizes, 1);
        }
        const agents = house.agents.flat();
        for (const draw of steps) step(house, agents, draw);
        for (let round = 0; round < 600; round++) {
          for (const at of house.pools.keys()) {
            house.send(at);
            house.receive(at);
          }
          for (const agent of agents) {
            house.startAttempts(agent);
            house.finishAttempts(agent);
          }
          house.time.advance(50);
        }
        const open = house.works.filter(({ members }) => members.some(({ status }) => status !== "done"));
        assert.deepEqual(
          open.map(({ id }) => id),
          [],
        );
      }),
      { numRuns: 200 },
    );
  });
});

/** Executes one random step. */
function step(house: House, agents: readonly Agent[], draw: number): void {
  const action = draw % 12;
  const which = Math.floor(draw / 12);
  const at = which % house.pools.length;
  const agent = agents[which % agents.length];
  assert.ok(agent !== undefined);
  if (action < 4) house.send(at);
  else if (action < 7) house.receive(at);
  else if (action === 7) house.startAttempts(agent);
  else if (action === 8) house.finishAttempts(agent);
  else if (action === 9) house.time.advance(which % 700);
  else if (action === 10) mishap(house, agent);
  else if (which % 5 === 0) house.start();
  else house.connect(at);
}

/** Makes an attempt fail, or its agent busy, if its work tolerates that. */
function mishap(house: House, agent: Agent): void {
  const attempt = agent.attempts.find(({ member, isCancelled }) => member.work.mishaps > 0 && !isCancelled);
  if (attempt === undefined) return;
  attempt.member.work.mishaps--;
  const failed = { $case: "failed", value: ErrorDetail.fromPartial({ code: "users.own" }) } as const;
  const busy = {
    $case: "busy",
    value: { retryAfterMs: 5, message: "", capabilities: [] as string[] },
  } as const;
  house.sendResult(agent, attempt, attempt.hasStarted ? failed : busy);
}
