/** A pool with its owner, its agents and their hosts, and their faults. */
import type { PoolScene } from "./pool-scene.ts";
import type { PoolsChecks } from "./pools-checks.ts";
import { type FaultName, faultNames } from "./pools-plan.ts";
import { type AgentParts, SimulatedAgent } from "./simulated-agent.ts";
import type { SimulatedOwner } from "./simulated-owner.ts";

/** A sender of tasks. */
interface Sender {
  die(): void;
  /** Called when its stream has broken. */
  lose(): void;
}

export interface HouseParts extends Pick<AgentParts, "answerTo"> {
  readonly world: PoolScene;
  readonly checks: PoolsChecks;
  readonly owner: SimulatedOwner;
  readonly senders: readonly Sender[];
}

const minuteMs = 60_000;

export class PoolEnvironment {
  readonly agents: readonly SimulatedAgent[];
  readonly #world: PoolScene;
  readonly #owner: SimulatedOwner;
  readonly #senders: readonly Sender[];

  constructor(parts: HouseParts) {
    this.#world = parts.world;
    this.#owner = parts.owner;
    this.#senders = parts.senders;
    this.agents = parts.world.plan.agents.map(
      (agent, index) => new SimulatedAgent({ ...parts, ...agent, id: `agent-${index}` }),
    );
  }

  start(): void {
    const world = this.#world;
    this.#owner.start();
    for (const agent of this.agents) {
      agent.host = Math.floor(world.chance.random() * world.plan.hosts);
      world.after(world.plan.isQuiet ? 0 : world.draw(0, 2_000), () => agent.start());
    }
  }

  /** Schedules faults at random times of the busy period. */
  scheduleFaults(): void {
    const { faults } = this.#world.plan;
    for (const name of faultNames) this.#schedule(name, faults[name]);
  }

  #schedule(name: FaultName, perMinute: number): void {
    const world = this.#world;
    const { busyMs } = world.plan;
    const count = Math.round((perMinute * busyMs) / minuteMs);
    for (let planted = 0; planted < count; planted++)
      world.after(world.draw(0, busyMs), () => {
        world.trace(() => name);
        this.#faults[name]();
      });
  }

  readonly #faults: Readonly<Record<FaultName, () => void>> = {
    agentDies: () => {
      const agent = this.#world.pick(this.agents);
      if (agent?.isAlive !== true) return;
      agent.die();
      this.#world.after(this.#world.draw(500, 20_000), () => agent.start());
    },
    agentHangs: () => this.#world.pick(this.agents)?.hang(this.#world.draw(1_000, 50_000)),
    linkCut: () => this.#world.pick(this.agents)?.disconnect(this.#world.draw(100, 50_000)),
    hostDies: () => {
      const host = Math.floor(this.#world.chance.random() * this.#world.plan.hosts);
      for (const agent of this.agents) {
        if (agent.host !== host) continue;
        agent.host = (host + 1) % this.#world.plan.hosts;
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

  #changeOwner(downMs: number): void {
    if (this.#owner.pool === undefined) return;
    this.#owner.stop();
    for (const agent of this.agents) agent.lose();
    for (const sender of this.#senders) sender.lose();
    this.#world.after(downMs, () => this.#owner.start());
  }
}
