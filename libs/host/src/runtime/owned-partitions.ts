/**
 * When a process of a cluster is ready: as soon as every partition of its services has an owner, and it has loaded those
 * that are its own, or knows that they cannot be loaded. So who restarts one process after the other, and waits for each,
 * never takes away one more than the cluster can spare.
 */
import { type Component, type ComponentContext, type Foundation, sleep } from "@tutti/kernel";
import type { RuntimeOfService } from "@tutti/runtime";
import type { Steward } from "@tutti/runtime/ownership";

/** A partition that cannot be loaded rings no bell. */
const lookMs = 100;

export class OwnedPartitions implements Component {
  readonly #steward: Steward;
  readonly #runtimes: readonly RuntimeOfService[];
  readonly #foundation: Pick<Foundation, "timers">;

  constructor(
    steward: Steward,
    runtimes: readonly RuntimeOfService[],
    foundation: Pick<Foundation, "timers">,
  ) {
    this.#steward = steward;
    this.#runtimes = runtimes;
    this.#foundation = foundation;
  }

  async start({ signal }: Pick<ComponentContext, "signal">): Promise<void> {
    while (!this.#runtimes.every((runtime) => this.#isServed(runtime))) {
      await sleep(this.#foundation.timers, lookMs, signal);
    }
  }

  #isServed(runtime: RuntimeOfService): boolean {
    const { service, partitions } = runtime;
    const failed = runtime.standings().filter(({ state }) => state === "failed");
    for (let partition = 0; partition < partitions; partition++) {
      const owner = this.#steward.ownerOf(service, partition);
      if (owner === undefined) return false;
      const isHere = owner.address === "";
      if (!isHere || this.#steward.holds(service, partition)) continue;
      if (!failed.some((standing) => standing.partition === partition)) return false;
    }
    return true;
  }
}
