/**
 * Keeps instances whose code has failed, as they were before, visible, until they are repaired. Their partition
 * continues.
 *
 * 1. The record of a quarantine contains the command on which it happened, so that a repair can retry it.
 * 2. Messages and results that arrive meanwhile would otherwise be lost. They wait here durably, and are executed after
 *    the repair in the order of their arrival. Other commands are refused.
 * 3. No timer of a quarantined instance expires and none of its effects is started.
 */
import type { CommandParked } from "@tutti/contracts/runtime/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import { assert, errorFromUnknown, type Message, toErrorDetail } from "@tutti/kernel";
import type { EffectToken } from "../api.ts";
import { ownEvents } from "../records/own-events.ts";
import type { Instance } from "./instance.ts";
import type { PartitionMemory } from "./memory.ts";

export class QuarantineStore {
  readonly #memory: PartitionMemory;
  readonly #rebuild: (instance: Instance) => void;
  readonly #writer = new FlatWriter(1_024);

  /** @param rebuild folds the state of an instance again from durable data: after a fault it is unusable */
  constructor(memory: PartitionMemory, rebuild: (instance: Instance) => void) {
    this.#memory = memory;
    this.#rebuild = rebuild;
  }

  /** Returns a command in the form in which it can wait. */
  parkable<Body>(message: Message<Body>, body: Body, token: EffectToken | undefined): CommandParked {
    this.#writer.reset();
    let command: Uint8Array;
    try {
      message.codec.encode(body, this.#writer);
      command = this.#writer.finish();
    } catch {
      // A command that its codec cannot encode came from our own code. The quarantine still records its type.
      command = nothing;
    }
    return { type: message.type, command, number: token?.number ?? 0, attempt: token?.attempt ?? 0 };
  }

  /** Quarantines an instance because its code threw on this command. */
  admit(instance: Instance, error: unknown, failed: CommandParked, cause: Cause): void {
    const memory = this.#memory;
    const folded = instance.event;
    const reason = {
      error: toErrorDetail(errorFromUnknown(error)),
      on: failed.type,
      command: failed.command,
      number: failed.number,
      attempt: failed.attempt,
    };
    memory.parts.logger.error("machine failed, quarantined until it is repaired", {
      ...instance.key,
      event: folded,
      on: failed.type,
      error,
    });
    memory.record(instance, ownEvents.quarantined, reason, cause);
    const sinceMs = memory.nowMs;
    instance.quarantine = { reason, sinceMs, folded, isRecorded: true, isRebuilt: false, parked: [] };
    memory.quarantined.add(instance);
    memory.folding.release(instance);
    for (const { token } of instance.effects) memory.folding.dropped.push(token);
    instance.effects.clear();
    memory.markEntryDue(instance);
    this.#rebuild(instance);
  }

  /** Lets a command wait for the repair. */
  park(instance: Instance, parked: CommandParked, cause: Cause): void {
    const { quarantine } = instance;
    assert(quarantine !== undefined, "only a quarantined instance parks commands", {
      incarnation: instance.incarnation,
    });
    if (!quarantine.isRecorded) {
      // A repaired release that knows of no quarantine must find the waiting work again.
      this.#memory.record(instance, ownEvents.quarantined, quarantine.reason, cause);
      quarantine.isRecorded = true;
    }
    this.#memory.record(instance, ownEvents.commandParked, parked, cause);
    quarantine.parked.push(parked);
  }
}

const nothing = new Uint8Array(0);
