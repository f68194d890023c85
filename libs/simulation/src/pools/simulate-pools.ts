/**
 * A pool, its agents, hosts and senders, under time that only counts: faults while tasks come, then none, and everything has
 * to end.
 */
import { noTrace, type Trace } from "../world/trace.ts";
import type { Finding } from "../world/world.ts";
import { PoolsChecks } from "./pools-checks.ts";
import { drawPoolsPlan, type FaultName, faultNames, type PoolsPlan } from "./pools-plan.ts";
import { type PoolWeakening, poolWeakeningOf } from "./pools-weakenings.ts";
import { PoolsWorld } from "./pools-world.ts";
import { SimulatedAgent } from "./simulated-agent.ts";
import { SimulatedOwner } from "./simulated-owner.ts";
import { SimulatedSender } from "./simulated-sender.ts";

export interface PoolsOutcome {
  readonly finding: Finding | undefined;
  readonly events: number;
  readonly elapsedMs: number;
}

/** After the last fault: leases, windows for resuming and the longest tasks have passed several times over. */
const calmMs = 1_800_000;
const minuteMs = 60_000;

export function simulatePools(
  seed: number,
  weakening: PoolWeakening = poolWeakeningOf("none"),
  trace: Trace = noTrace,
): PoolsOutcome {
  const plan = drawPoolsPlan(seed);
  const world = new PoolsWorld(plan, weakening, trace);
  const scene = new Scene(world, plan);
  scene.begin();
  world.run(plan.busyMs + calmMs, () => scene.isDone);
  if (world.finding === undefined && !scene.isDone) world.found("progress", scene.waiting());
  return { finding: world.finding, events: world.events, elapsedMs: world.elapsedMs };
}

class Scene {
  readonly #world: PoolsWorld;
  readonly #plan: PoolsPlan;
  readonly #checks: PoolsChecks;
  readonly #owner: SimulatedOwner;
  readonly #agents: readonly SimulatedAgent[];
  readonly #senders: readonly SimulatedSender[];

  constructor(world: PoolsWorld, plan: PoolsPlan) {
    this.#world = world;
    this.#plan = plan;
    this.#checks = new PoolsChecks(world);
    this.#owner = new SimulatedOwner(world, this.#checks);
    const parts = { world, checks: this.#checks, owner: this.#owner };
    this.#agents = plan.agents.map(
      (agent, index) => new SimulatedAgent({ ...parts, ...agent, id: `agent-${index}` }),
    );
    this.#senders = Array.from(
      { length: plan.senders },
      (_, index) => new SimulatedSender(String(index), parts),
    );
  }

  get isDone(): boolean {
    return this.#checks.settledCount >= this.#plan.tasks && this.#world.elapsedMs >= this.#plan.busyMs;
  }

  waiting(): string {
    const open = this.#senders.flatMap(({ tasks }) => tasks.filter(({ isSettled }) => !isSettled));
    const names = open
      .slice(0, 3)
      .map(({ name, capability, token }) => `${name} (${capability}, ${token.slice(0, 8)})`);
    const free = this.#agents.filter(({ isWell }) => isWell).length;
    return `${open.length} tasks wait for ever beside ${free} agents that are well: ${names.join(", ")}`;
  }

  begin(): void {
    const world = this.#world;
    const { hosts, faults, busyMs } = this.#plan;
    this.#owner.begin();
    for (const sender of this.#senders) sender.begin();
    for (const agent of this.#agents) {
      agent.host = Math.floor(world.chance.random() * hosts);
      world.after(this.#plan.isQuiet ? 0 : world.draw(0, 2_000), () => agent.begin());
    }
    this.#addTasks();
    for (const name of faultNames) this.#plant(name, faults[name], busyMs);
  }

  #addTasks(): void {
    const world = this.#world;
    const { tasks, isQuiet, busyMs, agents } = this.#plan;
    const known = [...new Set(agents.flatMap(({ does }) => does))];
    for (let number = 0; number < tasks; number++) {
      const sender = this.#senders[number % this.#senders.length];
      const capability = world.pick(known) ?? "a";
      const priority = isQuiet ? 0 : Math.floor(world.draw(0, 20));
      const add = () => sender?.add({ name: `task-${number}`, capability, priority });
      if (isQuiet) add();
      else world.after(world.draw(0, busyMs), add);
    }
  }

  #plant(name: FaultName, perMinute: number, busyMs: number): void {
    const count = Math.round((perMinute * busyMs) / minuteMs);
    for (let planted = 0; planted < count; planted++)
      this.#world.after(this.#world.draw(0, busyMs), () => {
        this.#world.tell(() => name);
        this.#faults[name]();
      });
  }

  readonly #faults: Readonly<Record<FaultName, () => void>> = {
    agentDies: () => {
      const agent = this.#world.pick(this.#agents);
      if (agent?.isAlive !== true) return;
      agent.die();
      this.#world.after(this.#world.draw(500, 20_000), () => agent.begin());
    },
    agentHangs: () => this.#world.pick(this.#agents)?.hang(this.#world.draw(1_000, 50_000)),
    linkCut: () => this.#world.pick(this.#agents)?.cut(this.#world.draw(100, 50_000)),
    hostDies: () => {
      const host = Math.floor(this.#world.chance.random() * this.#plan.hosts);
      for (const agent of this.#agents) {
        if (agent.host !== host) continue;
        agent.host = (host + 1) % this.#plan.hosts;
        agent.lose();
      }
    },
    ownerDies: () => this.#changeOwner(this.#world.draw(500, 6_000)),
    ownerMoves: () => this.#changeOwner(this.#world.draw(5, 100)),
    senderDies: () => {
      const sender = this.#world.pick(this.#senders);
      sender?.die();
    },
  };

  #changeOwner(awayMs: number): void {
    if (this.#owner.pool === undefined) return;
    this.#owner.end();
    for (const agent of this.#agents) agent.lose();
    for (const sender of this.#senders) sender.lose();
    this.#world.after(awayMs, () => this.#owner.begin());
  }
}
