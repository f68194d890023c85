/**
 * Keeps copies of other processes' partitions nearly up to date. So after a kill, this process serves such a partition
 * again in little more than a lease time, for any size of its archive. It updates one partition at a time, at low
 * priority.
 */
import { errorFromUnknown, type Foundation, sleep } from "@tutti/kernel";
import type { PartitionOwner } from "@tutti/runtime/ownership";
import type { HostedService } from "../hosted-services.ts";

export interface SpareCopiesParts {
  readonly partitionOwner: PartitionOwner;
  readonly services: readonly HostedService[];
  readonly foundation: Pick<Foundation, "timers" | "logger">;
  /** Pause between two rounds. 0 disables the copies. */
  readonly everyMs: number;
}

export class SpareCopies {
  readonly #parts: SpareCopiesParts;
  readonly #stopping = new AbortController();
  #round: Promise<void> = Promise.resolve();
  /** Reported once, until it works again. */
  #isReported = false;

  constructor(parts: SpareCopiesParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#parts.everyMs > 0) this.#round = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#round;
  }

  async #run(): Promise<void> {
    const { foundation, everyMs, services, partitionOwner } = this.#parts;
    const { signal } = this.#stopping;
    for (;;) {
      await sleep(foundation.timers, everyMs, signal).catch(() => undefined);
      for (const { service, runtime } of services) {
        for (let partition = 0; partition < runtime.partitions; partition++) {
          if (signal.aborted) return;
          // Without an owner, a process is about to start it, perhaps this process.
          const owner = partitionOwner.ownerOf(service, partition);
          if (owner !== undefined && owner.address !== "") await this.#prepare(runtime, partition);
        }
      }
      if (signal.aborted) return;
    }
  }

  async #prepare({ service, prepare }: HostedService["runtime"], partition: number): Promise<void> {
    try {
      await prepare?.(partition);
      this.#isReported = false;
    } catch (thrown) {
      if (this.#isReported || this.#stopping.signal.aborted) return;
      this.#isReported = true;
      const error = errorFromUnknown(thrown);
      this.#parts.foundation.logger.warn("failed to update a standby copy, retrying", {
        service,
        partition,
        error,
      });
    }
  }
}
