/**
 * An agent according to the contract: it keeps results until durable, and lists its attempts in greetings.
 */
import { AgentFrame, type Assign, Hello, type HostFrame, type Result } from "@tutti/contracts/agent/v1";
import { isRefusal } from "@tutti/kernel";
import type { AgentLink, AgentOutlet } from "@tutti/matching";
import type { PoolScene } from "./pool-scene.ts";
import type { PoolsChecks } from "./pools-checks.ts";
import type { SimulatedOwner } from "./simulated-owner.ts";
import { keyOf, tokenOf } from "./tokens.ts";
import { Wire } from "./wire.ts";

export interface AgentParts {
  readonly world: PoolScene;
  readonly checks: PoolsChecks;
  readonly owner: SimulatedOwner;
  readonly id: string;
  readonly slots: number;
  readonly does: readonly string[];
  /** Returns its answer to a task. Default: the token. */
  readonly answerTo?: (assign: Assign) => AgentAnswer;
}

/** The end of an attempt. */
export type AgentAnswer = Pick<Result, "outcome" | "used">;

/** One link, from its greeting to its end. */
interface Connection {
  readonly up: Wire;
  readonly down: Wire;
  readonly generation: number;
  link: AgentLink | undefined;
  isAccepted: boolean;
  /**
   * Tokens of results in the order sent. Empty once durable. One token can be present twice: busy first, then
   * done.
   */
  readonly sent: string[];
  granted: number;
}

const heartbeatMs = 5_000;
/** The reason in withdrawals of senders. */
const withdrawnReason = "no longer wanted";

export class SimulatedAgent {
  readonly id: string;
  readonly slots: number;
  readonly #parts: AgentParts;
  host = 0;
  #life = 0;
  #isAlive = false;
  #hungUntilMs = 0;
  #connection: Connection | undefined;
  readonly #working = new Set<string>();
  readonly #unacknowledged = new Set<string>();
  /** Its answer for each of its tasks, if that is not the token. */
  readonly #answers = new Map<string, AgentAnswer>();
  /** Those of them that were asked to end. */
  readonly #stopped = new Set<string>();

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.slots = parts.slots;
  }

  get does(): readonly string[] {
    return this.#parts.does;
  }

  /** Number of its attempts. */
  get attempts(): number {
    return this.#working.size;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** True if it is linked, and not silent. */
  get isWell(): boolean {
    return this.#connection?.isAccepted === true && this.#parts.world.nowMs >= this.#hungUntilMs;
  }

  start(): void {
    this.#life++;
    this.#isAlive = true;
    this.#connect();
    this.#beat(this.#life);
  }

  /** Kills its process. It forgets everything. */
  die(): void {
    this.#isAlive = false;
    this.#life++;
    this.#working.clear();
    this.#unacknowledged.clear();
    this.#stopped.clear();
    this.#answers.clear();
    this.lose();
  }

  hang(forMs: number): void {
    this.#hungUntilMs = this.#parts.world.nowMs + forMs;
  }

  /** Breaks its stream. It resumes the link in time. */
  disconnect(forMs: number): void {
    const connection = this.#connection;
    const { world } = this.#parts;
    if (connection?.link === undefined) return;
    connection.up.disconnect();
    connection.down.disconnect();
    connection.link.markDisconnected(world.nowMs);
    world.after(forMs, () => {
      if (connection !== this.#connection) return;
      connection.link?.resume(world.nowMs);
      this.#parts.owner.scheduleTurn();
      connection.up.resume();
      connection.down.resume();
    });
  }

  /** Loses its link, with all messages on it: the host died, or the pool has another owner. */
  lose(): void {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    connection.up.break();
    connection.down.break();
    connection.link?.markDisconnected(this.#parts.world.nowMs);
    this.#parts.owner.scheduleTurn();
    this.#reconnect();
  }

  #reconnect(): void {
    const { world } = this.#parts;
    const life = this.#life;
    world.after(world.draw(20, 1_500), () => {
      if (life === this.#life && this.#connection === undefined) this.#connect();
    });
  }

  #connect(): void {
    const { owner, world } = this.#parts;
    if (!this.#isAlive || world.nowMs < this.#hungUntilMs || owner.pool === undefined) {
      if (this.#isAlive) this.#reconnect();
      return;
    }
    const connection: Connection = {
      up: new Wire(world),
      down: new Wire(world),
      generation: owner.generation,
      link: undefined,
      isAccepted: false,
      sent: [],
      granted: 0,
    };
    this.#connection = connection;
    const running = [...this.#working, ...this.#unacknowledged];
    connection.up.send(() => this.#join(connection, running));
  }

  #join(connection: Connection, running: readonly string[]): void {
    const { owner, checks, world, does } = this.#parts;
    const { pool } = owner;
    if (pool === undefined || connection.generation !== owner.generation) {
      this.lose();
      return;
    }
    const offering = { slots: this.slots, capabilities: does.map((name) => ({ name, version: "1.0.0" })) };
    const incarnation = String(this.#life).padStart(6, "0");
    const hello = Hello.fromPartial({
      agentId: this.id,
      incarnation,
      offering,
      running: running.map(tokenOf),
    });
    const outlet: AgentOutlet = {
      send: (frame) => {
        checks.received(this.id, frame);
        const received = world.weakening.received?.(frame) ?? frame;
        const copy = copyOf(received);
        connection.down.send(() => this.#receive(connection, copy));
      },
      close: () => {
        checks.disconnected(this.id);
        connection.down.send(() => this.#onRejected(connection));
      },
    };
    const joined = pool.join(
      world.weakening.hello?.(hello) ?? hello,
      `host-${this.host}`,
      outlet,
      world.nowMs,
    );
    if (isRefusal(joined)) {
      this.#onRejected(connection);
      return;
    }
    connection.link = joined.link;
    const unwanted = new Set(joined.unwanted.map(keyOf));
    for (const token of unwanted) checks.forgotten(token);
    checks.joined(
      this.id,
      this.slots,
      running.filter((token) => !unwanted.has(token) && !this.#unacknowledged.has(token)),
    );
    owner.scheduleTurn();
    connection.down.send(() => this.#onAccepted(connection, unwanted));
  }

  #onAccepted(connection: Connection, unwanted: ReadonlySet<string>): void {
    connection.isAccepted = true;
    for (const token of unwanted) this.#remove(token);
    for (const token of this.#unacknowledged) this.#sendResult(connection, token);
    this.#grant();
  }

  #onRejected(connection: Connection): void {
    if (connection !== this.#connection) return;
    this.#connection = undefined;
    this.#reconnect();
  }

  #receive(connection: Connection, frame: HostFrame): void {
    if (connection !== this.#connection) return;
    const { isRash = false } = this.#parts.world.weakening;
    if (isRash) this.#receiveAssignments(connection, frame);
    this.#received(connection, frame);
    // An attempt that was refused as busy may come again in the frame that settles its answer.
    if (!isRash) this.#receiveAssignments(connection, frame);
    for (const cancel of frame.cancels) this.#cancelled(cancel);
    this.#grant();
  }

  #receiveAssignments(connection: Connection, { assignments }: HostFrame): void {
    for (const assign of assignments) this.#assigned(connection, keyOf(assign.token), assign);
  }

  #received({ sent }: Connection, { resultsDurable, resultsDurableBeyond }: HostFrame): void {
    const numbers = [
      ...sent.slice(0, resultsDurable).keys(),
      ...resultsDurableBeyond.map((number) => number - 1),
    ];
    const durable = numbers.flatMap((at) => sent.splice(at, 1, ""));
    // A stopped attempt may be assigned again.
    for (const token of durable)
      if (this.#unacknowledged.delete(token)) {
        const isBusy = this.#answers.get(token)?.outcome?.$case === "busy";
        this.#answers.delete(token);
        if (!this.#stopped.delete(token) && !isBusy) this.#parts.checks.durable(token);
      }
  }

  #assigned(connection: Connection, token: string, assign: Assign): void {
    const { world, checks } = this.#parts;
    connection.granted--;
    if (this.#working.has(token) || this.#unacknowledged.has(token)) return;
    const { busyShare = 0 } = world.plan;
    if (busyShare > 0 && world.chance.random() < busyShare) {
      this.#refuse(connection, token);
      return;
    }
    this.#working.add(token);
    if (this.#working.size > this.slots)
      world.found("slots", `${this.id} has ${this.#working.size} tasks running in ${this.slots} slots`);
    world.trace(() => `${this.id} begins ${token}`);
    checks.started(this.id, this.#life, token);
    const answer = this.#parts.answerTo?.(assign);
    if (answer !== undefined) this.#answers.set(token, answer);
    const life = this.#life;
    const isSlow = world.chance.random() < 0.03;
    this.#work(life, token, world.draw(1, world.plan.workMs) * (isSlow ? 20 : 1));
  }

  #refuse(connection: Connection, token: string): void {
    const value = { retryAfterMs: 0, message: "", capabilities: [] };
    this.#answers.set(token, { outcome: { $case: "busy", value }, used: undefined });
    this.#unacknowledged.add(token);
    this.#sendResult(connection, token);
  }

  #work(life: number, token: string, durationMs: number): void {
    const { world } = this.#parts;
    world.after(durationMs, () => {
      if (life !== this.#life || !this.#working.has(token)) return;
      const hungMs = this.#hungUntilMs - world.nowMs;
      if (hungMs > 0) {
        this.#work(life, token, hungMs);
        return;
      }
      this.#working.delete(token);
      this.#unacknowledged.add(token);
      const connection = this.#connection;
      if (connection?.isAccepted !== true) return;
      this.#sendResult(connection, token);
      this.#grant();
    });
  }

  #cancelled({ token: bytes, reason, graceMs }: HostFrame["cancels"][number]): void {
    const token = keyOf(bytes);
    if (reason !== withdrawnReason) this.#parts.checks.forgotten(token);
    if (graceMs === 0) {
      this.#remove(token);
      return;
    }
    // It ends on request, as stopped, with its token as output, as everywhere here.
    if (!this.#working.delete(token)) return;
    this.#unacknowledged.add(token);
    this.#stopped.add(token);
    const connection = this.#connection;
    if (connection?.isAccepted) this.#sendResult(connection, token);
  }

  #remove(token: string): void {
    this.#working.delete(token);
    this.#unacknowledged.delete(token);
    this.#stopped.delete(token);
    this.#answers.delete(token);
  }

  #sendResult(connection: Connection, token: string): void {
    this.#parts.world.trace(() => `${this.id} reports the outcome of ${token}`);
    const isStopped = this.#stopped.has(token);
    connection.sent.push(token);
    const value = tokenOf(token);
    const done = this.#answers.get(token) ?? { outcome: { $case: "inlineOutput" as const, value } };
    const ended = isStopped ? { outcome: { $case: "stopped" as const, value: { message: "" } } } : done;
    this.#send(connection, { results: [{ token: tokenOf(token), runMs: 1, ...ended }] });
  }

  #grant(): void {
    const connection = this.#connection;
    if (connection?.isAccepted !== true) return;
    const free = this.slots - this.#working.size - connection.granted;
    if (free <= 0) return;
    connection.granted += free;
    this.#send(connection, { credit: free });
  }

  #beat(life: number): void {
    const { world } = this.#parts;
    world.after(heartbeatMs, () => {
      if (life !== this.#life || !this.#isAlive) return;
      const connection = this.#connection;
      const freeSlots = Math.max(0, this.slots - this.#working.size);
      if (connection?.isAccepted && world.nowMs >= this.#hungUntilMs)
        this.#send(connection, { heartbeat: { freeSlots, attempts: this.#working.size } });
      this.#beat(life);
    });
  }

  #send(connection: Connection, fields: Parameters<typeof AgentFrame.fromPartial>[0]): void {
    const { world, owner, checks } = this.#parts;
    const frame = AgentFrame.fromPartial(fields);
    connection.up.send(() => {
      if (connection.generation !== owner.generation) return;
      const weak = world.weakening.sent?.(frame) ?? frame;
      for (const { token } of weak.results) checks.answered(this.id, keyOf(token));
      connection.link?.receive(weak, world.nowMs);
      owner.scheduleTurn();
    });
  }
}

/** Returns a copy, since the pool reuses its frame. */
function copyOf(frame: HostFrame): HostFrame {
  return {
    ...frame,
    assignments: frame.assignments.map((assignment) => ({
      ...assignment,
      token: new Uint8Array(assignment.token),
    })),
    resultsDurableBeyond: [...frame.resultsDurableBeyond],
    cancels: frame.cancels.map((cancel) => ({ ...cancel, token: new Uint8Array(cancel.token) })),
  };
}
