import type { EnvelopeBatch } from "@tutti/kernel";
import type { DueEffect, Runtime } from "@tutti/runtime";
import type { SharedKeys } from "@tutti/runtime/ownership";
import type { Chronicle } from "../checks/chronicle.ts";
import type { DeliveryCheck } from "../checks/delivery.ts";
import type { AnyMachine } from "../counted/counting.ts";
import type { Load } from "../load/load.ts";
import type { Network } from "../network/network.ts";
import type { Plan } from "../plan/plan.ts";
import type { Storage } from "../storage/storage.ts";
import type { EarlyAnswers } from "../weakenings/early-answers.ts";
import type { Weakening } from "../weakenings/weakening.ts";
import type { World } from "../world/world.ts";

/** Receives messages and calls. */
export interface InboxReceiver {
  readonly name: string;
  receive(partition: number, batch: EnvelopeBatch, accepted: (upTo: number) => void): void;
  /** Receives a call of a process. */
  serve(serve: (runtime: Runtime) => Promise<unknown>, answered: (answer: Promise<unknown>) => void): void;
}

/** The shared parts of the servers of a run. */
export interface ServerParts {
  readonly world: World;
  readonly plan: Plan;
  readonly network: Network;
  readonly chronicle: Chronicle;
  readonly delivery: DeliveryCheck;
  readonly load: Load;
  readonly storage: Storage;
  readonly machine: AnyMachine;
  /** The machines that it sends messages to. */
  readonly others: readonly AnyMachine[];
  readonly isClustered: boolean;
  /** The store of the partition owners. Undefined if the coordinator assigns partitions. */
  readonly ownershipKeys: SharedKeys | undefined;
  /** Returns the server of a partition, as far as known. */
  ownerOf(partition: number): InboxReceiver | undefined;
  /** Called when a server has started and can own partitions. */
  started(index: number): void;
  print(due: DueEffect): void;
  readonly weakening: Weakening;
  /** Undefined unless answers are given too early. */
  readonly early: EarlyAnswers | undefined;
}
