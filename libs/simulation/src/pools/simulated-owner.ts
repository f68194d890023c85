/** The owner of the pool: one process after the other, each with its own epoch and no earlier knowledge. */
import { openPool, type Pool, strategyNamed } from "@tutti/matching";
import type { PoolScene } from "./pool-scene.ts";
import type { PoolsChecks } from "./pools-checks.ts";

const settleMs = 2_000;
const unitWeights = { load: 1, speed: 1, cost: 1 };

export class SimulatedOwner {
  readonly #world: PoolScene;
  readonly #checks: PoolsChecks;
  readonly #configure: (pool: Pool) => void;
  pool: Pool | undefined;
  /** Number of changes of owner. */
  generation = 0;
  #isTurnScheduled = false;
  #dueMs = Number.POSITIVE_INFINITY;

  /** @param configure sets the rules of each new pool */
  constructor(world: PoolScene, checks: PoolsChecks, configure: (pool: Pool) => void = () => {}) {
    this.#world = world;
    this.#checks = checks;
    this.#configure = configure;
  }

  start(): void {
    const { plan, nowMs, chance } = this.#world;
    const epoch = ++this.generation;
    const pool = openPool({
      namespace: "default",
      name: "default",
      owner: `owner-${epoch}`,
      epoch,
      chance,
      openedMs: nowMs,
      settings: {
        strategy: strategyNamed(plan.strategy, unitWeights),
        paused: epoch > 1,
        doubling: { enabled: plan.doubles, quantile: 0.9, maxShare: 0.3 },
        preemption: { priorityDifference: plan.givesWay ? 5 : 0, graceMs: 500, spareAfterMs: 0 },
        window: 1_000,
      },
    });
    this.#configure(pool);
    this.pool = pool;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#checks.owned();
    if (epoch === 1) return;
    // Agents return with their attempts before anything is assigned to others.
    this.#world.after(settleMs, () => {
      if (this.pool !== pool) return;
      pool.configure({ paused: false }, this.#world.nowMs);
      this.scheduleTurn();
    });
  }

  stop(): void {
    this.pool = undefined;
    this.generation++;
  }

  /** Schedules a turn after an input of the pool. */
  scheduleTurn(): void {
    if (this.#isTurnScheduled) return;
    this.#isTurnScheduled = true;
    this.#world.after(0, () => {
      this.#isTurnScheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    const { pool } = this;
    if (pool === undefined) return;
    pool.turn(this.#world.nowMs);
    const { nextDueMs } = pool;
    if (nextDueMs >= this.#dueMs || nextDueMs === Number.POSITIVE_INFINITY) return;
    this.#dueMs = nextDueMs;
    this.#world.after(nextDueMs - this.#world.nowMs, () => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      if (this.pool === pool) this.scheduleTurn();
    });
  }
}
