/** The real partition owner of a process in a simulated environment, with a shared store for leases. */
import { type Logger, silentMetrics } from "@tutti/kernel";
import type { LeaseTerm, Runtime } from "@tutti/runtime";
import { LeasedPartitionOwner, ownershipSettings, type SharedKeys } from "@tutti/runtime/ownership";
import type { Network } from "../network/network.ts";
import type { Life } from "../world/process.ts";
import type { World } from "../world/world.ts";
import { SimulatedStore } from "./simulated-store.ts";

/** Longer than the defaults, so that a run has fewer events. */
const leases = { renewMs: 700, leaseMs: 2_500, marginMs: 300 };

export interface PartitionOwnershipParts {
  readonly world: World;
  readonly network: Network;
  readonly life: Life;
  readonly keys: SharedKeys;
  readonly service: string;
  readonly partitions: number;
  readonly logger: Logger;
}

export class PartitionOwnership {
  readonly #partitionOwner: LeasedPartitionOwner;
  readonly #life: Life;
  readonly #world: World;
  readonly #service: string;
  readonly #partitions: number;
  #isStopping = false;

  constructor({ world, network, life, keys, service, partitions, logger }: PartitionOwnershipParts) {
    this.#world = world;
    this.#life = life;
    this.#service = service;
    this.#partitions = partitions;
    this.#partitionOwner = new LeasedPartitionOwner({
      store: new SimulatedStore(world, network, life, keys),
      foundation: {
        clock: life,
        timers: life,
        chance: world.chanceFor(`steward of ${life.name} ${life.number}`),
        logger,
        metrics: silentMetrics,
      },
      settings: ownershipSettings({ kind: "leased", partitions, ...leases }),
      process: `${life.name}-${life.number}`,
      address: () => life.name,
    });
  }

  get leaseTerm(): LeaseTerm {
    const leaseTerm = this.#partitionOwner.leaseTermOf(this.#service);
    return {
      validUntilMs: (partition) => leaseTerm.validUntilMs(partition),
      lost: (partition) => {
        if (!this.#life.cross()) return;
        this.#world.trace(this.#life.name, () => `has lost partition ${partition}`);
        leaseTerm.lost(partition);
      },
    };
  }

  start(runtime: Runtime): void {
    this.#partitionOwner.host(runtime);
    const { signal } = new AbortController();
    this.#partitionOwner.start({ signal }).catch((error: unknown) => {
      if (this.#isStopping) return;
      this.#world.fail(
        "exception",
        `the partition owner of ${this.#life.name} does not start: ${String(error)}`,
      );
    });
  }

  /** Stops without a hand-over, as a process that exits at once: its leases expire. */
  stop(): Promise<void> {
    this.#isStopping = true;
    return this.#partitionOwner.stop();
  }

  get owned(): readonly number[] {
    return Array.from({ length: this.#partitions }, (_, partition) => partition).filter((partition) =>
      this.#partitionOwner.owns(this.#service, partition),
    );
  }

  /** Returns the name of the process that owns a partition, as far as it is known here. */
  ownerOf(partition: number): string | undefined {
    const owner = this.#partitionOwner.ownerOf(this.#service, partition);
    return owner === undefined ? undefined : owner.address || this.#life.name;
  }
}
