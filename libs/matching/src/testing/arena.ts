/** A pool with senders and agents for tests. They use it as the owner of a pool does. */
import assert from "node:assert/strict";
import {
  type AgentFrame,
  AgentFrame as AgentFrames,
  type AgentKind,
  type Assign,
  type Bye,
  Hello,
  type HostFrame,
  HostFrame as HostFrames,
  type Result,
} from "@tutti/contracts/agent/v1";
import { dispatchService, type OfferProfile, OfferReply, OfferRequest } from "@tutti/contracts/swarm/v1";
import { isRefusal } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import type { AgentLink, Joined } from "../api/agents.ts";
import type { AgentChange, Launches, Pool, PoolOptions, PoolSettings } from "../api/pool.ts";
import type { OfferStream } from "../api/senders.ts";
import { openOfferStream } from "../offers/offer-stream.ts";
import { openPool } from "../pool.ts";

/** A message in which fields may be left out. They have the default values of protobuf. */
export type Partly<T> = T extends Uint8Array | bigint | Date
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Partly<Item>[]
    : T extends object
      ? { readonly [K in keyof T]?: Partly<T[K]> | undefined }
      : T;

const startMs = 1_000_000;

export function tokenOf(number: number): Uint8Array {
  const token = new Uint8Array(16);
  new DataView(token.buffer).setUint32(0, number);
  return token;
}

export function numberOf(token: Uint8Array): number {
  return new DataView(token.buffer, token.byteOffset).getUint32(0);
}

export class Arena {
  nowMs: number;
  readonly pool: Pool;
  readonly changes: AgentChange[] = [];

  constructor(
    settings: Partial<PoolSettings> = {},
    seed = 1,
    launches?: Launches,
    onOffersChange: () => void = () => {},
    namespace = "default",
    name = "default",
    options: Pick<PoolOptions, "openedMs" | "reserve" | "reservedStarts"> = { openedMs: startMs },
  ) {
    this.nowMs = options.openedMs;
    this.pool = openPool({
      namespace,
      name,
      owner: "swarm-1",
      epoch: 3,
      chance: seededChance(seed),
      ...options,
      settings: { claimMs: 0, ...settings },
      onAgentChange: (change) => void this.changes.push(change),
      onOffersChange,
    });
    if (launches !== undefined) this.pool.launchedBy(launches);
  }

  /** Returns a sender elsewhere, or one in this process, whose messages are not encoded. */
  sender(name = "workflow-1", isHere = false): Sender {
    return new Sender(this, name, isHere);
  }

  agent(agentId: string, options: AgentOptions = {}): TestAgent {
    const {
      slots = 1,
      credit = 100,
      capabilities: does = ["work@1.0.0"],
      labels = {},
      resources = {},
    } = options;
    const { contextKeys = [], incarnation = "01", running = [], costs = {}, launchId = "", kind } = options;
    const capabilities = does.map((each) => {
      const [name = "", version = ""] = each.split("@");
      const money = costs[name];
      return money === undefined ? { name, version } : { name, version, cost: { money } };
    });
    const hello = Hello.fromPartial({
      agentId,
      incarnation,
      launchId,
      running,
      ...(kind !== undefined && { kind }),
      offering: { capabilities, labels, slots, resources, contextKeys: [...contextKeys] },
    });
    const agent = new TestAgent(this);
    const joined = this.pool.join(hello, "swarm-1", agent, this.nowMs);
    assert.ok(!isRefusal(joined), isRefusal(joined) ? joined.message : "");
    agent.joined = joined;
    if (credit > 0) agent.sendFrame({ credit });
    return agent;
  }

  turn(): number {
    return this.pool.turn(this.nowMs);
  }

  /** Lets time pass, with a turn whenever one is due. */
  pass(byMs: number): void {
    const untilMs = this.nowMs + byMs;
    while (this.pool.nextDueMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.pool.nextDueMs);
      this.turn();
    }
    this.nowMs = untilMs;
    this.turn();
  }
}

export interface AgentOptions {
  readonly slots?: number;
  readonly credit?: number;
  /** `name@version` */
  readonly capabilities?: readonly string[];
  readonly labels?: Record<string, string>;
  readonly resources?: Record<string, number>;
  readonly contextKeys?: readonly string[];
  readonly incarnation?: string;
  readonly launchId?: string;
  readonly running?: Uint8Array[];
  /** By capability. */
  readonly costs?: Record<string, number>;
  readonly kind?: AgentKind;
}

export class TestAgent {
  readonly #arena: Arena;
  joined: Joined | undefined = undefined;
  /** All received assignments, joined. */
  readonly assigned: Assign[] = [];
  readonly cancelled: number[] = [];
  readonly frames: HostFrame[] = [];
  durable = 0;
  readonly durableBeyond: number[] = [];
  ended: Bye | undefined = undefined;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  get link(): AgentLink {
    assert.ok(this.joined !== undefined);
    return this.joined.link;
  }

  /** Numbers of the assigned tasks, in their order. */
  get taskNumbers(): number[] {
    return this.assigned.map(({ token }) => numberOf(token));
  }

  send(frame: HostFrame): void {
    assert.equal(this.ended, undefined, "nothing is sent after the end");
    // As on the wire: the tokens are views of shared memory that is overwritten.
    this.frames.push(HostFrames.decode(HostFrames.encode(frame).finish()));
    this.assigned.push(...frame.assignments);
    this.cancelled.push(...frame.cancels.map(({ token }) => numberOf(token)));
    assert.ok(frame.resultsDurable >= this.durable);
    this.durable = frame.resultsDurable;
    this.durableBeyond.push(...frame.resultsDurableBeyond);
  }

  close(bye: Bye): void {
    this.ended = bye;
  }

  sendFrame(frame: Partly<AgentFrame>): void {
    const refusal = this.link.receive(
      AgentFrames.fromPartial(frame as Partial<AgentFrame>),
      this.#arena.nowMs,
    );
    assert.equal(refusal, undefined);
  }

  sendResult(number: number, outcome?: Result["outcome"]): void {
    const well = { $case: "inlineOutput" as const, value: new Uint8Array([number & 0xff]) };
    const result = { token: tokenOf(number), outcome: outcome ?? well, runMs: 1, used: undefined };
    this.sendFrame({ results: [result] });
  }

  busy(number: number, retryAfterMs = 0, capabilities: string[] = [], message = ""): void {
    this.sendResult(number, { $case: "busy", value: { retryAfterMs, message, capabilities } });
  }
}

export class Sender {
  readonly #arena: Arena;
  readonly #isHere: boolean;
  readonly stream: OfferStream;
  readonly received = OfferReply.create();
  /** Numbers of sent profiles, by their content. */
  readonly #profiles = new Map<string, number>();

  constructor(arena: Arena, name: string, isHere: boolean) {
    this.#arena = arena;
    this.#isHere = isHere;
    this.stream = openOfferStream(name, this);
    assert.equal(this.stream.open(1, arena.pool), undefined);
  }

  send(reply: OfferReply): void {
    for (const key of Object.keys(reply) as (keyof OfferReply)[]) {
      const part = reply[key];
      if (Array.isArray(part)) (this.received[key] as unknown[]).push(...part);
    }
  }

  /** Numbers of the tasks with a result, in their order, each with its outcome. */
  get results(): (readonly [number: number, what: string])[] {
    return this.received.results.map(({ token, outcome }) => [
      numberOf(token),
      outcome?.$case === "failed" ? outcome.value.code : (outcome?.$case ?? ""),
    ]);
  }

  get returned(): number[] {
    return this.received.returned.map(({ token }) => numberOf(token));
  }

  offer(
    numbers: number | readonly number[],
    profile: Partly<OfferProfile> = {},
    offer: Partly<OfferRequest["offers"][number]> = {},
  ): void {
    const key = JSON.stringify(profile);
    let number = this.#profiles.get(key);
    const profiles: Partly<OfferProfile>[] = [];
    if (number === undefined) {
      number = this.#profiles.size + 1;
      this.#profiles.set(key, number);
      profiles.push({ capability: "work", ...profile, number, pool: 1 });
    }
    const offers = [numbers].flat().map((taskNumber) => ({
      attempt: 1,
      workId: "run-1",
      taskId: `t${taskNumber}`,
      ...offer,
      token: tokenOf(taskNumber),
      profile: number,
    }));
    this.request({ profiles, offers });
  }

  request(request: Partly<OfferRequest>): void {
    const complete = OfferRequest.fromPartial(request as Partial<OfferRequest>);
    const { decode, encode } = dispatchService.methods.offer.request;
    const delivered = this.#isHere ? complete : decode(encode(complete));
    const refusal = this.stream.receive(delivered, this.#arena.nowMs);
    assert.equal(refusal, undefined);
  }

  durable(resultsDurable: number, resultsDurableBeyond: number[] = []): void {
    this.request({ resultsDurable, resultsDurableBeyond });
  }
}
