/** A process with tasks. Its journal is the truth: durable state survives, messages do not. */
import type { Result } from "@tutti/contracts/agent/v1";
import { type OfferReply, OfferRequest } from "@tutti/contracts/swarm/v1";
import { type OfferStream, openOfferStream, type SenderOutlet } from "@tutti/matching";
import type { PoolsChecks } from "./pools-checks.ts";
import type { PoolsWorld } from "./pools-world.ts";
import type { SimulatedOwner } from "./simulated-owner.ts";
import { keyOf, tokenOf, tokenOfAttempt } from "./tokens.ts";
import { Wire } from "./wire.ts";

export interface SimulatedTask {
  readonly name: string;
  readonly capability: string;
  readonly priority: number;
  token: string;
  attempt: number;
  isSettled: boolean;
}

interface Stream {
  readonly up: Wire;
  readonly down: Wire;
  readonly generation: number;
  stream: OfferStream | undefined;
  /** Number of received results, and of durable ones. */
  received: number;
  durable: number;
  readonly beyond: Set<number>;
  readonly profiles: Map<string, number>;
}

const commitMs = { least: 0.5, most: 8 } as const;
/** A missing wait for a commit is found by crashes before it: so the commit takes this many times as long. */
const hastyFactor = 100;

export class SimulatedSender {
  readonly id: string;
  readonly namespace: string;
  readonly tasks: SimulatedTask[] = [];
  readonly #world: PoolsWorld;
  readonly #checks: PoolsChecks;
  readonly #owner: SimulatedOwner;
  readonly #byToken = new Map<string, SimulatedTask>();
  #open: Stream | undefined;
  #life = 0;

  constructor(id: string, parts: { world: PoolsWorld; checks: PoolsChecks; owner: SimulatedOwner }) {
    this.id = id;
    this.namespace = `space-${id}`;
    this.#world = parts.world;
    this.#checks = parts.checks;
    this.#owner = parts.owner;
  }

  start(): void {
    this.#life++;
    this.#reconnect(0);
  }

  /** Kills its process. Uncommitted state is forgotten. */
  die(): void {
    this.#life++;
    this.lose();
  }

  /** Loses its stream. It offers everything again on the next one. */
  lose(): void {
    const open = this.#open;
    this.#open = undefined;
    open?.up.break();
    open?.down.break();
    if (open !== undefined && open.generation === this.#owner.generation) {
      this.#checks.fairness.closed(open);
      open.stream?.close(this.#world.nowMs);
    }
    this.#owner.scheduleTurn();
    this.#reconnect(this.#world.draw(10, 800));
  }

  add(task: Omit<SimulatedTask, "token" | "attempt" | "isSettled">): void {
    const added = { ...task, token: "", attempt: 0, isSettled: false };
    this.tasks.push(added);
    this.#try(added);
  }

  #reconnect(delayMs: number): void {
    const life = this.#life;
    this.#world.after(delayMs, () => {
      if (life !== this.#life || this.#open !== undefined) return;
      if (this.#owner.pool === undefined) this.#reconnect(this.#world.draw(20, 200));
      else this.#connect();
    });
  }

  #connect(): void {
    const world = this.#world;
    const open: Stream = {
      up: new Wire(world),
      down: new Wire(world),
      generation: this.#owner.generation,
      stream: undefined,
      received: 0,
      durable: 0,
      beyond: new Set(),
      profiles: new Map(),
    };
    this.#open = open;
    open.up.send(() => {
      const { pool, generation } = this.#owner;
      if (pool === undefined || generation !== open.generation) {
        if (open === this.#open) this.lose();
        return;
      }
      const outlet: SenderOutlet = {
        send: (reply) => {
          const copy = structuredClone(reply);
          open.down.send(() => this.#receive(open, copy));
        },
      };
      open.stream = openOfferStream(this.id, outlet);
      open.stream.open(1, pool);
    });
    for (const task of this.tasks) {
      if (task.isSettled) continue;
      // Between two attempts: it does not wait any longer.
      if (task.token === "") this.#try(task);
      else this.#offer(open, task);
    }
  }

  #try(task: SimulatedTask): void {
    task.attempt++;
    const token = tokenOfAttempt(++this.#world.attempts);
    task.token = keyOf(token);
    this.#byToken.set(task.token, task);
    if (this.#open !== undefined) this.#offer(this.#open, task);
  }

  #offer(open: Stream, task: SimulatedTask): void {
    const profiles: Parameters<typeof OfferRequest.fromPartial>[0]["profiles"] = [];
    let number = open.profiles.get(task.capability);
    if (number === undefined) {
      number = open.profiles.size + 1;
      open.profiles.set(task.capability, number);
      const { capability } = task;
      profiles.push({ number, pool: 1, namespace: this.namespace, capability, mayBeDoubled: true });
    }
    const { attempt, priority, name: workId } = task;
    const offer = { token: tokenOf(task.token), profile: number, attempt, priority, workId, taskId: "task" };
    this.#send(open, { profiles, offers: [offer] });
  }

  #send(open: Stream, fields: Parameters<typeof OfferRequest.fromPartial>[0]): void {
    const request = OfferRequest.fromPartial(fields);
    open.up.send(() => {
      if (open.generation !== this.#owner.generation) return;
      for (const { token } of request.offers)
        this.#checks.fairness.offered(this.namespace, keyOf(token), open);
      const received = this.#world.weakening.offered?.(request) ?? request;
      const refusal = open.stream?.receive(received, this.#world.nowMs);
      if (refusal !== undefined) this.#world.found("protocol", `a sender is refused: ${refusal.message}`);
      this.#owner.scheduleTurn();
    });
  }

  #receive(open: Stream, { results, returned }: OfferReply): void {
    if (open !== this.#open) return;
    for (const result of results) this.#result(open, result);
    for (const { token } of returned) {
      const task = this.#byToken.get(keyOf(token));
      if (task !== undefined && !task.isSettled && task.token === keyOf(token))
        this.#later(() => this.#offer(open, task));
    }
  }

  /** Commits a result. After that the pool, and through it the agent, may forget it. */
  #result(open: Stream, result: Result): void {
    const number = ++open.received;
    const life = this.#life;
    const isHasty = this.#world.weakening.isHasty === true;
    if (isHasty) this.#isDurable(open, number);
    this.#world.after(this.#world.draw(commitMs.least, commitMs.most) * (isHasty ? hastyFactor : 1), () => {
      if (life !== this.#life) return;
      this.#commit(result);
      if (open === this.#open && !isHasty) this.#isDurable(open, number);
    });
  }

  #commit({ token, outcome }: Result): void {
    const key = keyOf(token);
    const task = this.#byToken.get(key);
    if (task === undefined || task.isSettled || task.token !== key) return;
    if (outcome?.$case === "inlineOutput") {
      task.isSettled = true;
      this.#checks.settled(task.name, key, keyOf(outcome.value));
    } else {
      // Lost or stopped: the attempt is over, and another one follows.
      this.#checks.failed(key);
      task.token = "";
      this.#later(() => {
        if (task.token === "") this.#try(task);
      });
    }
  }

  #isDurable(open: Stream, number: number): void {
    open.beyond.add(number);
    while (open.beyond.delete(open.durable + 1)) open.durable++;
    this.#send(open, {
      resultsDurable: open.durable,
      resultsDurableBeyond: open.beyond.has(number) ? [number] : [],
    });
  }

  #later(then: () => void): void {
    const life = this.#life;
    this.#world.after(this.#world.draw(50, 500), () => {
      if (life === this.#life) then();
    });
  }
}
