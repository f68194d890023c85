/**
 * Accepts messages that arrived for machines of a partition.
 *
 * 1. Messages of a channel are accepted in the order of their numbers, without gaps. Duplicates are skipped.
 * 2. A message counts as accepted even if its receiver refuses it: a refusal is an answer too. A message for a
 *    quarantined instance waits for the repair. A message for an instance that no longer exists, or that cannot be
 *    understood, is logged.
 */

import type { Cause } from "@tutti/contracts/types/v1";
import { type Envelope, errorFromUnknown, type InstanceKey, keyOf, textOf } from "@tutti/kernel";
import type { HostedMachine } from "../machines/hosted-machine.ts";
import { preparedForMessage } from "../machines/preparing.ts";
import type { EnvelopesArrived } from "../partition/inbox.ts";
import type { Instance } from "../partition/instance.ts";
import type { PartitionMemory } from "../partition/memory.ts";
import type { QuarantineStore } from "../partition/quarantine-store.ts";
import { refusalOf, refused } from "../refusals.ts";

export class InboxReceiver {
  readonly #memory: PartitionMemory;
  readonly #quarantineStore: QuarantineStore;

  constructor(memory: PartitionMemory, quarantineStore: QuarantineStore) {
    this.#memory = memory;
    this.#quarantineStore = quarantineStore;
  }

  receive(arrived: EnvelopesArrived): void {
    const lookups = this.#lookUp(arrived);
    if (lookups.length > 0) {
      // Nothing was accepted: if a receiver cannot be read, the sender repeats all messages until it can.
      Promise.all(lookups).then(
        () => this.#memory.parts.wake(arrived),
        (error: unknown) => arrived.settle(refused(refusalOf(errorFromUnknown(error)))),
      );
      return;
    }
    const { outbox } = this.#memory;
    const { service, partition } = arrived.batch;
    for (const message of arrived.batch.envelopes) {
      const expected = outbox.lastAcceptedFrom(service, partition) + 1;
      if (message.number > expected) break;
      if (message.number < expected) continue;
      // The sender repeats the rest, after the messages that are accepted now.
      if (this.#memory.isBatchFull) break;
      this.#accept(message);
      outbox.recordAccepted(service, partition, message.number, true);
    }
    const upTo = outbox.lastAcceptedFrom(service, partition);
    this.#memory.answers.addOther((failure) => arrived.settle(failure ?? { upTo }));
  }

  /** Looks up all receivers that are not in memory, before the first message is accepted. */
  #lookUp({ batch, absent }: EnvelopesArrived): Promise<void>[] {
    const { instances } = this.#memory;
    const lookups: Promise<void>[] = [];
    for (const message of batch.envelopes) {
      const { namespace, receiver } = message;
      const text = `${namespace}/${receiver}`;
      const preparing = this.#prepared(message, keyOf(text).kind, absent);
      if (preparing !== undefined) lookups.push(preparing);
      const there = instances.get(text);
      if (there === undefined ? absent.has(text) : !there.isLeaving) continue;
      const key = keyOf(text);
      if (instances.hosted(key.kind) === undefined) continue;
      if (there === undefined && !instances.mayExist(key)) continue;
      const resolveReceiver = async (): Promise<void> => {
        const found = await instances.find(key);
        if (found.kind === "unreadable") throw found.error;
        if (found.kind !== "instance") absent.add(textOf(key));
      };
      lookups.push(resolveReceiver());
    }
    return lookups;
  }

  /** Waits once for the content that a message needs. Missing content fails only that message. */
  #prepared(message: Envelope, kind: string, absent: Set<string>): Promise<void> | undefined {
    const mark = `content of message ${message.number}`;
    const hosted = this.#memory.instances.hosted(kind);
    if (hosted === undefined || absent.has(mark)) return undefined;
    const preparing = preparedForMessage(hosted, message.namespace, message);
    return preparing?.then(() => void absent.add(mark));
  }

  #accept(message: Envelope): void {
    const { instances, decider, nowMs, parts } = this.#memory;
    const { type, payload } = message;
    const cause: Cause = message.cause ?? parts.cause;
    const text = `${message.namespace}/${message.receiver}`;
    const key = keyOf(text);
    const hosted = instances.hosted(key.kind);
    const command = hosted?.command(type);
    if (hosted === undefined || command === undefined) {
      parts.logger.error("skipped a message that no hosted machine supports", { ...key, type });
      return;
    }
    const instance = instances.get(text) ?? this.#blank(key, text, hosted);
    if (instance === undefined) return;
    if (instance.isTerminated) {
      parts.logger.info("message received for a terminated machine", { ...key, type });
      return;
    }
    instance.touchedMs = nowMs;
    const parked = { type, command: payload, number: 0, attempt: 0 };
    if (instance.quarantine !== undefined) {
      this.#quarantineStore.park(instance, parked, cause);
      return;
    }
    const decision = decider.decideEncoded(instance, command, payload, cause);
    if (decision.kind === "done") this.#memory.recordStep(instance);
    else if (decision.kind === "refused") {
      parts.logger.info("message rejected", { ...key, type, code: decision.refusal.code });
    } else if (instance.exists) this.#quarantineStore.admit(instance, decision.error, parked, cause);
    else parts.logger.error("machine failed on its first message", { ...key, type, error: decision.error });
  }

  /** Undefined if its machine fails on a state without events: then the message has no receiver. */
  #blank(key: InstanceKey, text: string, hosted: HostedMachine): Instance | undefined {
    try {
      return this.#memory.instances.blank(key, text, hosted);
    } catch (error) {
      this.#memory.parts.logger.error("machine failed before its first message", { ...key, error });
      return;
    }
  }
}
