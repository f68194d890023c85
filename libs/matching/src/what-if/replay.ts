/**
 * Plays recorded work through a real pool in virtual time: the same queue, limits, fairness and choice of
 * agents as in operation. Only agents and senders are simulated, by their records.
 */
import { Offer, type OfferReply, OfferRequest } from "@tutti/contracts/swarm/v1";
import type { Chance } from "@tutti/kernel";
import { Draws } from "@tutti/planner";
import type { LimitRule, Pool, PoolSettings } from "../api/pool.ts";
import type { OfferStream } from "../api/senders.ts";
import { openOfferStream } from "../offers/offer-stream.ts";
import { openPool } from "../pool.ts";
import type { Job, JobPart, Prepared } from "./prepare.ts";
import type { Placed, RecordedAgent } from "./recording.ts";
import { ReplayedAgent, type RunningPart } from "./replayed-agent.ts";
import { VirtualTime } from "./virtual-time.ts";

/** The configuration of the pool of a replay. */
export interface ReplayPolicy {
  readonly namespace: string;
  readonly pool: string;
  readonly settings: Partial<PoolSettings>;
  readonly limits: readonly LimitRule[];
}

export interface Replayed {
  readonly placed: readonly Placed[];
  /** Tasks that no agent had, or did not finish in time. */
  readonly unserved: readonly Job[];
  readonly endMs: number;
}

/** Removes limits: everything that was recorded had been accepted. */
const unbounded: Partial<PoolSettings> = {
  window: 1_000_000,
  queuedMax: 10_000_000,
  agentsMax: 1_000_000,
  claimMs: 0,
  // Agents of a replay send few heartbeats. Their absence was recorded.
  heartbeatMs: 600_000,
  suspectMs: 3_600_000,
  leaseMs: 86_400_000,
  suspicionThreshold: 16,
};
/** A replay is given up after this many times the duration of the recording. */
const patience = 10;
const patienceMinMs = 3_600_000;
const seed = 1;

export function replay(
  prepared: Prepared,
  agents: readonly RecordedAgent[],
  policy: ReplayPolicy,
  load = 1,
): Replayed {
  return new Replay(prepared, agents, policy, load).run();
}

class Replay {
  readonly #jobs: readonly Job[];
  readonly #fromMs: number;
  readonly #toMs: number;
  readonly #load: number;
  readonly #time: VirtualTime;
  readonly #pool: Pool;
  readonly #stream: OfferStream;
  readonly #causedBy: ReadonlyMap<number, readonly number[]>;
  readonly #profiles = new Map<string, number>();
  /** By the number in a token. */
  readonly #offered: number[] = [];
  readonly #readyMs: Float64Array;
  readonly #partOf: Uint32Array;
  readonly #isDone: Uint8Array;
  #remaining: number;
  #results = 0;
  #durable = 0;
  readonly #placed: Placed[] = [];

  constructor(prepared: Prepared, agents: readonly RecordedAgent[], policy: ReplayPolicy, load: number) {
    const { jobs, fromMs, toMs } = prepared;
    this.#jobs = jobs;
    this.#fromMs = fromMs;
    this.#toMs = toMs;
    this.#load = load;
    this.#remaining = jobs.length;
    this.#time = new VirtualTime(fromMs);
    this.#readyMs = new Float64Array(jobs.length);
    this.#partOf = new Uint32Array(jobs.length);
    this.#isDone = new Uint8Array(jobs.length);
    this.#causedBy = Map.groupBy(jobs.keys(), (at) => jobs[at]?.cause ?? -1);
    this.#pool = openPool({
      namespace: policy.namespace,
      name: policy.pool,
      owner: "what-if",
      epoch: 1,
      openedMs: fromMs,
      chance: chanceOf(seed),
      settings: { ...policy.settings, admits: undefined, ...unbounded },
    });
    for (const rule of policy.limits) this.#pool.setLimit(rule, fromMs);
    this.#stream = openOfferStream("what-if", { send: (reply) => this.#receive(reply) });
    this.#stream.open(1, this.#pool);
    for (const agent of agents) this.#addAgent(agent, prepared.slowness);
    for (const at of this.#causedBy.get(-1) ?? []) this.#plan(at, fromMs, 1 / load);
  }

  run(): Replayed {
    const time = this.#time;
    const patienceMs = Math.max(patienceMinMs, (this.#toMs - this.#fromMs) * patience);
    let idle = 0;
    while (this.#remaining > 0) {
      const dueMs = Math.min(time.nextMs, this.#pool.nextDueMs);
      if (dueMs > this.#fromMs + patienceMs) break;
      // If the pool is due at once but has nothing to do, it runs again a moment later.
      const happened = time.pass(idle > idleMax ? Math.max(dueMs, time.nowMs + 1) : dueMs);
      const assigned = this.#pool.turn(time.nowMs);
      if (this.#results > this.#durable) {
        this.#durable = this.#results;
        this.#send(emptyRequest);
      }
      idle = happened + assigned > 0 ? 0 : idle + 1;
    }
    const unserved = this.#jobs.filter((_, at) => this.#isDone[at] === 0);
    return { placed: this.#placed, unserved, endMs: time.nowMs };
  }

  #send(request: OfferRequest): void {
    const refusal = this.#stream.receive({ ...request, resultsDurable: this.#durable }, this.#time.nowMs);
    if (refusal !== undefined) throw new Error(refusal.message);
  }

  #addAgent(described: RecordedAgent, slowness: ReadonlyMap<string, number>): void {
    const agent = new ReplayedAgent({
      pool: this.#pool,
      time: this.#time,
      described,
      slownessOf: (agentId) => slowness.get(agentId) ?? 1,
      start: (token) => this.#start(token),
      endAttempt: (token, running, endedMs, isStopped) =>
        this.#endAttempt(token, running, endedMs, isStopped),
      lose: (token, running) => this.#lose(token, running),
    });
    const scaled = (ms: number) => this.#fromMs + (ms - this.#fromMs) / this.#load;
    this.#time.at(described.fromMs <= this.#fromMs ? this.#fromMs : scaled(described.fromMs), () =>
      agent.join(),
    );
    if (Number.isFinite(described.toMs)) this.#time.at(scaled(described.toMs), () => agent.disconnect());
  }

  #plan(at: number, sinceMs: number, scale = 1): void {
    const job = this.#jobs[at];
    if (job !== undefined)
      this.#time.at(sinceMs + job.afterMs * scale + job.lateMs, () => this.#offer(at, job));
  }

  #offer(at: number, job: Job): void {
    const { nowMs } = this.#time;
    const { first, readyOf, dueAfterMs } = job;
    const before = readyOf < 0 ? 0 : (this.#readyMs[readyOf] ?? 0);
    const waitedMs = before > 0 ? nowMs - before : job.waitedMs + job.lateMs;
    this.#readyMs[at] = nowMs - waitedMs;
    const demand = first.demand === "" ? {} : (JSON.parse(first.demand) as Partial<Offer> & Demand);
    const { versionRange = "", placement, resources = {}, weight = 0, ...choices } = demand;
    const { namespace, definition, capability } = first;
    const profile = {
      namespace,
      workKind: "run",
      definition,
      capability,
      versionRange,
      placement,
      resources,
      weight,
    };
    const key = JSON.stringify(profile);
    let number = this.#profiles.get(key);
    const profiles = number === undefined ? [{ ...profile, number: this.#profiles.size + 1, pool: 1 }] : [];
    number ??= this.#profiles.size + 1;
    this.#profiles.set(key, number);
    const token = tokenOf(this.#offered.push(at) - 1);
    const offer = Offer.fromPartial({
      ...choices,
      token,
      profile: number,
      attempt: first.attempt,
      priority: first.priority,
      waitedMs,
      workId: first.workId,
      taskId: first.task,
      dueMs: dueAfterMs,
    });
    this.#send(OfferRequest.fromPartial({ profiles, offers: [offer] }));
  }

  /** Confirms results: the pool need not keep them. */
  #receive({ results }: OfferReply): void {
    this.#results += results.length;
  }

  #start(token: Uint8Array): JobPart {
    const at = this.#jobOf(token);
    const { parts } = this.#jobs[at] as Job;
    const part = parts[Math.min(this.#partOf[at] ?? 0, parts.length - 1)] as JobPart;
    this.#partOf[at] = (this.#partOf[at] ?? 0) + 1;
    return part;
  }

  #endAttempt(token: Uint8Array, running: RunningPart, endedMs: number, isStopped: boolean): void {
    const at = this.#jobOf(token);
    const job = this.#jobs[at] as Job;
    const { status } = running.part;
    const isOver = !isStopped && status !== "busy" && status !== "yielded";
    if (!isOver) return;
    this.#record(at, job, running, endedMs);
    this.#finish(at, endedMs);
  }

  /** Handles a task whose agent left: it is the recorded loss, or it is offered again, as by its sender. */
  #lose(token: Uint8Array, running: RunningPart): void {
    const at = this.#jobOf(token);
    const job = this.#jobs[at] as Job;
    const { nowMs } = this.#time;
    if (running.part.status === "lost") {
      this.#record(at, job, running, nowMs);
      this.#finish(at, nowMs);
    } else this.#time.at(nowMs, () => this.#offer(at, job));
  }

  #record(at: number, job: Job, running: RunningPart, endedMs: number): void {
    const { namespace, share, capability, isCopy } = job.first;
    const { agentId, assignedMs, part } = running;
    const readyMs = this.#readyMs[at] ?? 0;
    this.#placed.push({
      namespace,
      share,
      capability,
      isCopy,
      agentId,
      readyMs,
      assignedMs,
      endedMs,
      dueMs: job.dueAfterMs === 0 ? 0 : readyMs + job.waitedMs + job.lateMs + job.dueAfterMs,
      status: part.status,
      money: part.money,
    });
  }

  #finish(at: number, endedMs: number): void {
    this.#isDone[at] = 1;
    this.#remaining--;
    for (const next of this.#causedBy.get(at) ?? []) this.#plan(next, endedMs);
  }

  #jobOf(token: Uint8Array): number {
    return this.#offered[new DataView(token.buffer, token.byteOffset).getUint32(0)] ?? 0;
  }
}

interface Demand {
  readonly versionRange?: string;
  readonly placement?: NonNullable<OfferRequest["profiles"][number]["placement"]>;
  readonly resources?: Record<string, number>;
  readonly weight?: number;
}

const idleMax = 3;
const emptyRequest = OfferRequest.create();

function tokenOf(number: number): Uint8Array {
  const token = new Uint8Array(16);
  new DataView(token.buffer).setUint32(0, number);
  return token;
}

/** Returns random numbers that are the same in each replay. */
function chanceOf(from: number): Chance {
  const draws = new Draws(from);
  return {
    random: () => draws.next(),
    fill: (target) => {
      for (let at = 0; at < target.length; at++) target[at] = draws.below(256);
      return target;
    },
  };
}
