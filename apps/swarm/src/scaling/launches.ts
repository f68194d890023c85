/** What a pool is told of the agents that its scalers launch. */
import type { Launches } from "@tutti/matching";
import { ProcessDriver } from "./drivers/process/process-driver.ts";
import type { ScalerKeeper } from "./scaler-keeper.ts";

export class PoolLaunches implements Launches {
  readonly #keepers: () => Iterable<ScalerKeeper>;

  constructor(keepers: () => Iterable<ScalerKeeper>) {
    this.#keepers = keepers;
  }

  crashesOf(agentId: string): number {
    let crashes = 0;
    for (const driver of this.#processes()) crashes = Math.max(crashes, driver.crashesOf(agentId));
    return crashes;
  }

  released(agentId: string): void {
    for (const driver of this.#processes()) driver.release(agentId);
  }

  *starting() {
    for (const driver of this.#processes()) yield* driver.launched();
  }

  *#processes(): Generator<ProcessDriver> {
    for (const { driver } of this.#keepers()) if (driver instanceof ProcessDriver) yield driver;
  }
}
