/**
 * A pool, its agents, hosts and senders, in virtual time: faults while tasks arrive, then none, and
 * everything has to end.
 */
import { noTrace, type Trace } from "../world/trace.ts";
import type { Finding } from "../world/world.ts";
import { PoolEnvironment } from "./pool-environment.ts";
import { PoolsChecks } from "./pools-checks.ts";
import type { PoolsPlan } from "./pools-plan.ts";
import { type PoolWeakening, poolWeakeningOf } from "./pools-weakenings.ts";
import { PoolsWorld } from "./pools-world.ts";
import { SimulatedOwner } from "./simulated-owner.ts";
import { SimulatedSender } from "./simulated-sender.ts";

export interface PoolsOutcome {
  readonly finding: Finding | undefined;
  readonly events: number;
  readonly elapsedMs: number;
}

/** Time after the last fault: several times the leases, resume windows and longest tasks. */
const settleMs = 1_800_000;

export function simulatePools(
  plan: PoolsPlan,
  weakening: PoolWeakening = poolWeakeningOf("none"),
  trace: Trace = noTrace,
): PoolsOutcome {
  const world = new PoolsWorld(plan, weakening, trace);
  const scene = new Scene(world, plan);
  scene.start();
  world.run(plan.busyMs + settleMs, () => scene.isDone);
  if (world.finding === undefined && !scene.isDone) world.found("progress", scene.waiting());
  return { finding: world.finding, events: world.events, elapsedMs: world.elapsedMs };
}

class Scene {
  readonly #world: PoolsWorld;
  readonly #plan: PoolsPlan;
  readonly #checks: PoolsChecks;
  readonly #environment: PoolEnvironment;
  readonly #senders: readonly SimulatedSender[];

  constructor(world: PoolsWorld, plan: PoolsPlan) {
    this.#world = world;
    this.#plan = plan;
    this.#checks = new PoolsChecks(world);
    const owner = new SimulatedOwner(world, this.#checks);
    const parts = { world, checks: this.#checks, owner };
    this.#senders = Array.from(
      { length: plan.senders },
      (_, index) => new SimulatedSender(String(index), parts),
    );
    this.#environment = new PoolEnvironment({ ...parts, senders: this.#senders });
  }

  get isDone(): boolean {
    return this.#checks.settledCount >= this.#plan.tasks && this.#world.elapsedMs >= this.#plan.busyMs;
  }

  waiting(): string {
    const open = this.#senders.flatMap(({ tasks }) => tasks.filter(({ isSettled }) => !isSettled));
    const names = open
      .slice(0, 3)
      .map(({ name, capability, token }) => `${name} (${capability}, ${token.slice(0, 8)})`);
    const free = this.#environment.agents.filter(({ isWell }) => isWell).length;
    return `${open.length} tasks wait forever although ${free} agents are healthy: ${names.join(", ")}`;
  }

  start(): void {
    for (const sender of this.#senders) sender.start();
    this.#environment.start();
    this.#addTasks();
    this.#environment.scheduleFaults();
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
}
