/**
 * Readiness of a process of a cluster: every partition of its services has an owner, and it has loaded its own
 * partitions, or knows that they cannot be loaded. So a rolling restart that waits for each process never removes more
 * capacity than the cluster can spare.
 *
 * A missing archive is rebuilt from the journal. Until the index contains all rebuilt entries, lists would be
 * incomplete.
 */
import { type Component, type ComponentContext, type Foundation, sleep } from "@tutti/kernel";
import type { RuntimeOfService } from "@tutti/runtime";
import type { PartitionOwner } from "@tutti/runtime/ownership";

/** A partition that cannot be loaded sends no notification. */
const pollMs = 100;

export class OwnedPartitions implements Component {
  readonly #partitionOwner: PartitionOwner;
  readonly #runtimes: readonly RuntimeOfService[];
  readonly #foundation: Pick<Foundation, "clock" | "timers">;
  readonly #rebuilt: ReadonlySet<string>;
  /** By service: the time when all its partitions were loaded. */
  readonly #loadedMs = new Map<string, number>();

  constructor(
    partitionOwner: PartitionOwner,
    runtimes: readonly RuntimeOfService[],
    foundation: Pick<Foundation, "clock" | "timers">,
    rebuilt: ReadonlySet<string> = new Set(),
  ) {
    this.#rebuilt = rebuilt;
    this.#partitionOwner = partitionOwner;
    this.#runtimes = runtimes;
    this.#foundation = foundation;
  }

  async start({ signal }: Pick<ComponentContext, "signal">): Promise<void> {
    while (!this.#runtimes.every((runtime) => this.#isServed(runtime) && this.#isIndexed(runtime))) {
      await sleep(this.#foundation.timers, pollMs, signal);
    }
  }

  #isServed(runtime: RuntimeOfService): boolean {
    const { service, partitions } = runtime;
    const failed = runtime.partitionStatuses().filter(({ state }) => state === "failed");
    for (let partition = 0; partition < partitions; partition++) {
      const owner = this.#partitionOwner.ownerOf(service, partition);
      if (owner === undefined) return false;
      const isHere = owner.address === "";
      if (!isHere || this.#partitionOwner.owns(service, partition)) continue;
      if (!failed.some((status) => status.partition === partition)) return false;
    }
    return true;
  }

  /** Whether the oldest line that is not in the index yet came after everything was loaded. */
  #isIndexed(runtime: RuntimeOfService): boolean {
    const { service } = runtime;
    if (!this.#rebuilt.has(service)) return true;
    const nowMs = this.#foundation.clock.now();
    const loadedMs = this.#loadedMs.get(service) ?? nowMs;
    this.#loadedMs.set(service, loadedMs);
    return runtime
      .partitionStatuses()
      .every(({ indexLagMs }) => indexLagMs === 0 || nowMs - indexLagMs > loadedMs);
  }
}
