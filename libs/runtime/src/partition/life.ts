/** The life of a partition: everything that runs while it is loaded under one epoch, and how it is put together. */
import type { Failure, Journal, JournalPartition } from "@tutti/journal";
import type { TuttiError } from "@tutti/kernel";
import { Histories } from "../history/histories.ts";
import { Refolding } from "../history/refolding.ts";
import { OutboxSender } from "../messages/outbox-sender.ts";
import { PartitionClock } from "../timers/partition-clock.ts";
import { PartitionArchiver } from "./archiver.ts";
import type { Arrival } from "./inbox.ts";
import type { Instance } from "./instance.ts";
import { LoadedPartition } from "./loaded-partition.ts";
import { PartitionMemory } from "./memory.ts";
import type { PartitionParts } from "./partition-parts.ts";
import { PassivatedIndex } from "./passivated-index.ts";
import { QuarantineStore } from "./quarantine-store.ts";
import { Repairs } from "./repairs.ts";
import { revive } from "./reviving.ts";

/** The parts of a partition while it is loaded. */
export interface Life {
  readonly memory: PartitionMemory;
  readonly loaded: LoadedPartition;
  readonly archiver: PartitionArchiver;
  readonly sender: OutboxSender;
  readonly passivated: PassivatedIndex;
  readonly histories: Histories;
  readonly refolding: Refolding;
}

/** Dependencies of a life, and the notifications to its partition. */
export interface LifeOptions {
  readonly parts: PartitionParts;
  readonly partition: number;
  readonly epoch: number;
  readonly journal: Journal;
  readonly log: JournalPartition;
  /** The last batch that is durable: the seal of this epoch. */
  readonly durable: number;
  /** The archive contains all batches up to this one. */
  readonly coveredTo: number;
  /** Something needs a turn. */
  wake(memory: PartitionMemory, arrival?: Arrival): void;
  /** An instance was passivated: something may be due sooner than before. */
  onPassivated(life: Life): void;
  /** The journal rejected a batch. */
  failed(memory: PartitionMemory, failure: Failure): void;
  /** The archive has refused this owner. */
  fenced(memory: PartitionMemory, error: TuttiError): void;
  /** The stored data is damaged. */
  damaged(memory: PartitionMemory, error: TuttiError): void;
  /** An unexpected exception. */
  faulted(memory: PartitionMemory, fault: unknown): void;
}

/** Puts a life together. Nothing runs before it is loaded. */
export function createLife(options: LifeOptions): Life {
  const { parts, partition, log, coveredTo } = options;
  const { service, archive, timers, chance, logger, retentionOf, deliver } = parts;
  const histories = new Histories(log, archive);
  const refolding = new Refolding(archive, histories);
  const memory = memoryOf(options, refolding, () => sender);
  const { instances, outbox } = memory;
  const faulted = (fault: unknown): void => options.faulted(memory, fault);
  const passivated = new PassivatedIndex({ archive, instances, wake: () => options.wake(memory), faulted });
  const onPassivated = (dueMs: number): void => {
    passivated.addDue(dueMs);
    options.onPassivated(life);
  };
  const archiver = new PartitionArchiver({ memory, timers, chance, coveredTo, retentionOf, onPassivated });
  memory.archiver = archiver;
  const quarantineStore = new QuarantineStore(
    memory,
    (instance) => void repairs.rebuild(instance).catch(faulted),
  );
  const repairs = new Repairs(memory, quarantineStore, refolding);
  const sender = new OutboxSender({ service, partition, outbox, deliver, timers, chance, logger });
  const loaded = new LoadedPartition({ memory, quarantineStore, repairs, passivated });
  const life: Life = { memory, loaded, archiver, sender, passivated, histories, refolding };
  return life;
}

function memoryOf(options: LifeOptions, refolding: Refolding, sender: () => OutboxSender): PartitionMemory {
  const { parts, partition, epoch, journal, log, durable } = options;
  const memory: PartitionMemory = new PartitionMemory(
    {
      ...parts,
      partition,
      epoch,
      journal,
      log,
      clock: new PartitionClock(parts.clock, log.last.timeMs),
      wake: (arrival) => options.wake(memory, arrival),
      mayAnswer: () => parts.leaseTerm.validUntilMs(partition) > parts.clock.monotonic(),
      released: (channel) => sender().send(channel),
      revive: async (key, stored) => {
        const hosted = parts.machines.of(key.kind);
        return hosted && revive(key, stored, hosted, refolding);
      },
      failed: (failure) => options.failed(memory, failure),
      fenced: (error) => options.fenced(memory, error),
      damaged: (error) => options.damaged(memory, error),
      faulted: (fault) => options.faulted(memory, fault),
    },
    durable,
  );
  return memory;
}

/** Folds an instance from its whole history, because reading the journal did not give its state. */
export async function refold(life: Life, instance: Instance): Promise<void> {
  if (instance.quarantine !== undefined) {
    await life.loaded.repairs.rebuild(instance);
    return;
  }
  const { key, hosted, lastBatch, lastIndex, event } = instance;
  const last = { batch: lastBatch, index: lastIndex, event };
  const { state, fault } = await life.refolding.furthest(key, hosted, last, event);
  if (fault !== undefined) {
    life.memory.quarantineInstance(instance, fault.on, fault.error, fault.folded);
    await life.loaded.repairs.rebuild(instance);
    return;
  }
  instance.state = state;
  life.memory.recoverOutstanding(instance);
}
