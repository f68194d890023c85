import { AgentFrame, Hello, type HostFrame, type Result } from "@tutti/contracts/agent/v1";
import {
  type OfferProfile,
  OfferProfile as OfferProfiles,
  type OfferReply,
  OfferRequest,
} from "@tutti/contracts/swarm/v1";
import { isRefusal, systemChance } from "@tutti/kernel";
import { type AgentLink, type OfferStream, openOfferStream, openPool, type Pool } from "@tutti/matching";

/** How many tasks are in one frame or batch. */
export const batch = 64;

/** A pool without a network: agents that answer at the next turn, and senders that call results durable at once. */
export class Rig {
  readonly pool: Pool;
  readonly #isTimed: boolean;
  nowMs = 1_000;
  #tokens = 0;
  #ended = 0;
  readonly #agents: BenchAgent[] = [];
  /** Those with something to answer. */
  readonly #busy: BenchAgent[] = [];
  /** Tasks in the order in which they were given out; kept only where somebody asks. */
  readonly #underway: Underway[] = [];

  /** Timed, it knows since when each task is at work. */
  constructor(isTimed = false) {
    this.#isTimed = isTimed;
    this.pool = openPool({
      namespace: "default",
      name: "default",
      owner: "bench",
      epoch: 1,
      chance: systemChance,
      openedMs: this.nowMs,
      settings: { window: 1_000_000, queuedMax: 1_000_000, claimMs: 0 },
    });
  }

  /** Results that have arrived at senders. */
  get ended(): number {
    return this.#ended;
  }

  join(count: number, slots: number, capability = "work"): void {
    for (let made = 0; made < count; made++) {
      const agent: BenchAgent = new BenchAgent(
        () => this.#busy.push(agent),
        (token) => {
          if (this.#isTimed) this.#underway.push({ agent, token, sinceMs: this.nowMs });
        },
      );
      const hello = Hello.fromPartial({
        agentId: `agent-${capability}-${this.#agents.length}`,
        incarnation: "1",
        offering: { capabilities: [{ name: capability, version: "1.0.0" }], slots },
      });
      const joined = this.pool.join(hello, "bench", agent, this.nowMs);
      if (isRefusal(joined)) throw new Error(joined.message);
      agent.link = joined.link;
      joined.link.take(AgentFrame.fromPartial({ credit: 1_000_000 }), this.nowMs);
      this.#agents.push(agent);
    }
  }

  sender(profile: Partial<OfferProfile>, onResult: (result: Result) => void = () => {}): BenchSender {
    return new BenchSender(this, profile, (reply) => {
      this.#ended += reply.results.length;
      for (const result of reply.results) onResult(result);
    });
  }

  token(): Uint8Array {
    return tokenOf(++this.#tokens);
  }

  turn(): number {
    return this.pool.turn(this.nowMs);
  }

  /** Agents answer what they have been given; at most so many tasks. */
  answer(max: number): void {
    let left = max;
    while (left > 0) {
      const agent = this.#busy[0];
      if (agent === undefined) return;
      left -= agent.answer(Math.min(left, batch), this.nowMs);
      if (!agent.isBusy) this.#busy.shift();
    }
  }

  /** All answer that have had their task for so long. */
  answerAfter(tookMs: number): void {
    for (let first = this.#underway[0]; first !== undefined; first = this.#underway[0]) {
      // A hair is nothing: sums of steps are not exact.
      if (this.nowMs - first.sinceMs < tookMs - 1e-6) return;
      this.#underway.shift();
      first.agent.answerOne(first.token, this.nowMs);
    }
  }
}

/** A task at work, and since when. */
interface Underway {
  readonly agent: BenchAgent;
  readonly token: Uint8Array;
  readonly sinceMs: number;
}

class BenchAgent {
  link: AgentLink | undefined;
  #tokens: Uint8Array[] = [];
  #head = 0;
  readonly #onBusy: () => void;
  readonly #onGiven: (token: Uint8Array) => void;

  constructor(onBusy: () => void, onGiven: (token: Uint8Array) => void) {
    this.#onBusy = onBusy;
    this.#onGiven = onGiven;
  }

  get isBusy(): boolean {
    return this.#tokens.length > this.#head;
  }

  send({ assignments }: HostFrame): void {
    if (assignments.length === 0) return;
    if (!this.isBusy) this.#onBusy();
    for (const { token } of assignments) {
      this.#tokens.push(token);
      this.#onGiven(token);
    }
  }

  end(): void {}

  answer(max: number, nowMs: number): number {
    const tokens = this.#tokens.slice(this.#head, this.#head + max);
    this.#head += tokens.length;
    // Not each time: the list may be long.
    if (this.#head > 4_096 || this.#head === this.#tokens.length) {
      this.#tokens = this.#tokens.slice(this.#head);
      this.#head = 0;
    }
    this.link?.take(frameOf(tokens), nowMs);
    return tokens.length;
  }

  answerOne(token: Uint8Array, nowMs: number): void {
    this.#tokens.splice(this.#tokens.indexOf(token), 1);
    this.link?.take(frameOf([token]), nowMs);
  }
}

export class BenchSender {
  readonly #rig: Rig;
  readonly #stream: OfferStream;
  readonly #onReply: (reply: OfferReply) => void;
  #results = 0;

  constructor(rig: Rig, profile: Partial<OfferProfile>, onReply: (reply: OfferReply) => void) {
    this.#rig = rig;
    this.#onReply = onReply;
    this.#stream = openOfferStream("bench", this);
    this.#stream.open(1, rig.pool);
    const profiles = [OfferProfiles.fromPartial({ capability: "work", ...profile, number: 1, pool: 1 })];
    this.#stream.take({ ...OfferRequest.create(), profiles }, rig.nowMs);
  }

  send(reply: OfferReply): void {
    this.#results += reply.results.length;
    this.#onReply(reply);
  }

  offer(count: number): void {
    const { nowMs } = this.#rig;
    for (let left = count; left > 0; left -= batch) {
      const offers: OfferRequest["offers"] = [];
      for (let made = 0; made < Math.min(left, batch); made++) offers.push(newOffer(this.#rig.token()));
      this.#stream.take({ ...OfferRequest.create(), offers }, nowMs);
    }
  }

  /** One batch: new offers, and all results so far are durable. */
  exchange(count: number): void {
    const offers: OfferRequest["offers"] = [];
    for (let made = 0; made < count; made++) offers.push(newOffer(this.#rig.token()));
    this.#stream.take({ ...OfferRequest.create(), offers, resultsDurable: this.#results }, this.#rig.nowMs);
  }
}

export function tokenOf(number: number): Uint8Array {
  const token = new Uint8Array(16);
  const words = new DataView(token.buffer);
  words.setUint32(0, number);
  words.setUint32(8, 7);
  return token;
}

/** As it comes from the wire. */
export function newOffer(token: Uint8Array): OfferRequest["offers"][number] {
  return {
    token,
    profile: 1,
    input: { $case: "inlineInput", value: input },
    attempt: 1,
    priority: 0,
    waitedMs: 0,
    workId: "run-1",
    taskId: "task",
    idempotencyKey: "",
    traceparent: "",
    saved: nothing,
    totalMs: 0,
    labels: [],
    dueMs: 0,
    limits: [],
    budget: undefined,
    accessToken: "",
    contextKey: "",
    stickyKey: "",
    onlyAgents: [],
    notAgents: [],
    share: undefined,
  };
}

const input = new Uint8Array(100);
const nothing = new Uint8Array(0);

export function frameOf(tokens: readonly Uint8Array[]): AgentFrame {
  const results: Result[] = [];
  for (const token of tokens)
    results.push({
      token,
      outcome: { $case: "inlineOutput", value: input },
      runMs: 1,
      used: undefined,
      modelCalls: undefined,
    });
  return { ...emptyFrame, results, credit: tokens.length };
}

const emptyFrame = AgentFrame.create();
