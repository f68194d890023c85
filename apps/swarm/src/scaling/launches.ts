/** What a pool is informed of the agents that its scalers launch. */
import type { Launches } from "@tutti/matching";
import { BerthDriver } from "./drivers/berths/berth-driver.ts";
import type { ScalerRunner } from "./scaler-runner.ts";

export class PoolLaunches implements Launches {
  readonly #runners: () => Iterable<ScalerRunner>;

  constructor(runners: () => Iterable<ScalerRunner>) {
    this.#runners = runners;
  }

  crashesOf(agentId: string): number {
    let crashes = 0;
    for (const driver of this.#berthed()) crashes = Math.max(crashes, driver.crashesOf(agentId));
    return crashes;
  }

  released(agentId: string): void {
    for (const driver of this.#berthed()) driver.release(agentId);
  }

  *starting() {
    for (const driver of this.#berthed()) yield* driver.launched();
  }

  *#berthed(): Generator<BerthDriver> {
    for (const { driver } of this.#runners()) if (driver instanceof BerthDriver) yield driver;
  }
}
