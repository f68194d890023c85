import type { EnvelopeBatch } from "@tutti/kernel";
import type { DueEffect, Runtime } from "@tutti/runtime";
import type { SharedKeys } from "@tutti/runtime/ownership";
import type { Chronicle } from "../checks/chronicle.ts";
import type { DeliveryCheck } from "../checks/delivery.ts";
import type { Load } from "../load/load.ts";
import type { Network } from "../network/network.ts";
import type { Plan } from "../plan/plan.ts";
import type { Storage } from "../storage/storage.ts";
import type { EarlyAnswers } from "../weakenings/early-answers.ts";
import type { Weakening } from "../weakenings/weakening.ts";
import type { AnyMachine } from "../witness/witness.ts";
import type { World } from "../world/world.ts";

/** Where messages and calls arrive. */
export interface InboxReceiver {
  readonly name: string;
  take(partition: number, batch: EnvelopeBatch, taken: (upTo: number) => void): void;
  /** A call of a process arrives. */
  serve(serve: (runtime: Runtime) => Promise<unknown>, answered: (answer: Promise<unknown>) => void): void;
}

/** What the servers of a run share. */
export interface ServerParts {
  readonly world: World;
  readonly plan: Plan;
  readonly network: Network;
  readonly chronicle: Chronicle;
  readonly delivery: DeliveryCheck;
  readonly load: Load;
  readonly storage: Storage;
  readonly machine: AnyMachine;
  /** Those that it writes messages to. */
  readonly others: readonly AnyMachine[];
  readonly isClustered: boolean;
  /** Where partition owners keep leases and the table of owners. Undefined where the coordinator says who owns what. */
  readonly ownershipKeys: SharedKeys | undefined;
  /** Which server has a partition, as far as known. */
  ownerOf(partition: number): InboxReceiver | undefined;
  /** A server has started and can be given partitions. */
  started(index: number): void;
  print(due: DueEffect): void;
  readonly weakening: Weakening;
  /** Undefined unless answers are to be given too early. */
  readonly early: EarlyAnswers | undefined;
}
