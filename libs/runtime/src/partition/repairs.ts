/**
 * Lets quarantined instances continue.
 *
 * 1. The state is folded again from durable data before anything else: after a fault it is unusable.
 * 2. A repair that fails in the same way changes nothing.
 * 3. After a repair, the waiting work is executed in the order of its arrival. If some of it fails, the rest continues
 *    waiting.
 * 4. A repair under a key is recorded together with its answer. A repetition gets the same answer, also after a
 *    restart.
 */
import { hash } from "node:crypto";
import {
  type CommandParked,
  RepairAction,
  type Repaired,
  RepairQuarantinedReply,
} from "@tutti/contracts/runtime/v1";
import { type Cause, WorkStatus } from "@tutti/contracts/types/v1";
import { errorFromUnknown, type InstanceKey, type TuttiError, textOf } from "@tutti/kernel";
import { runtimeErrors } from "../errors.ts";
import type { LastRecord } from "../history/histories.ts";
import type { Refolding } from "../history/refolding.ts";
import { ownEvents } from "../records/own-events.ts";
import { recoverKey } from "./answered-keys.ts";
import type { Decision } from "./decider.ts";
import { noOutstanding } from "./folding.ts";
import type { Instance, Quarantine } from "./instance.ts";
import type { PartitionMemory } from "./memory.ts";
import type { BatchMark } from "./open-batch.ts";
import type { QuarantineStore } from "./quarantine-store.ts";

export interface Repair {
  readonly key: InstanceKey;
  readonly action: RepairAction;
  /** For a reset: the last event that still counts. */
  readonly event: number;
  readonly cause: Cause;
  /** A repetition of the repair under the same key gets the first answer. Empty or absent for none. */
  readonly idempotencyKey?: string;
}

export class Repairs {
  readonly #memory: PartitionMemory;
  readonly #quarantineStore: QuarantineStore;
  readonly #refolding: Refolding;

  constructor(memory: PartitionMemory, quarantineStore: QuarantineStore, refolding: Refolding) {
    this.#memory = memory;
    this.#quarantineStore = quarantineStore;
    this.#refolding = refolding;
  }

  /** Folds the state of a quarantined instance, so that it can be inspected and archived. */
  async rebuild(instance: Instance): Promise<void> {
    const { quarantine } = instance;
    if (quarantine === undefined || quarantine.isRebuilt) return;
    const last = lastOf(instance);
    if (!(await this.#memory.commits.reached(last.batch))) return;
    try {
      instance.state = await this.#fold(instance, last, quarantine.folded);
      quarantine.isRebuilt = true;
    } catch (error) {
      if (this.#memory.isStopped) return;
      this.#memory.parts.logger.error("failed to fold the state of a quarantined machine", {
        ...instance.key,
        error,
      });
    }
  }

  /** Repairs an instance. Resolves with its status when the repair is durable. Throws the reason if it fails. */
  async repair(repair: Repair): Promise<RepairQuarantinedReply> {
    const instance = await this.#find(repair.key);
    const repeated = this.#repeated(instance, repair);
    if (repeated !== undefined) return this.#inTurn(() => repeated);
    const { quarantine } = instance;
    if (quarantine === undefined) throw notQuarantined(repair.key);
    const upTo = this.#eventAfter(instance, quarantine, repair);
    const last = lastOf(instance);
    if (!(await this.#memory.commits.reached(last.batch))) throw runtimeErrors.leaving(this.#memory.parts);
    const { key, hosted } = instance;
    const { state, fault } = await this.#refolding.furthest(key, hosted, last, upTo);
    if (fault !== undefined) throw stillFails(key, fault.error);
    try {
      // Checked now, because a half-repaired instance would make later requests fail.
      hosted.machine.recover(state, noOutstanding);
      hosted.machine.describe(state);
    } catch (error) {
      throw stillFails(key, error);
    }
    return this.#inTurn(() => {
      if (instance.quarantine !== quarantine) {
        const meanwhile = this.#repeated(instance, repair);
        if (meanwhile !== undefined) return meanwhile;
        throw notQuarantined(repair.key);
      }
      this.#release(instance, quarantine, state, { ...repair, event: upTo });
      return this.#replyTo(instance, repair);
    });
  }

  /** Returns the answer to the same repair before. Undefined if it is new. */
  #repeated(instance: Instance, repair: Repair): RepairQuarantinedReply | undefined {
    const { idempotencyKey: key = "" } = repair;
    const answered = key === "" ? undefined : instance.keys?.get(key);
    if (answered === undefined || answered.untilMs <= this.#memory.parts.clock.now()) return;
    if (Buffer.compare(answered.commandHash, hashOf(repair)) === 0)
      return RepairQuarantinedReply.decode(answered.reply);
    const { kind, id } = instance.key;
    throw runtimeErrors.keyReused({ kind, id, key });
  }

  /** Returns the answer to the repair, within its turn. It is recorded if the repair has a key. */
  #replyTo(instance: Instance, repair: Repair): RepairQuarantinedReply {
    const memory = this.#memory;
    const { idempotencyKey: key = "", cause } = repair;
    const status = statusOf(instance);
    if (key === "") return { status, event: instance.event };
    // The answer is an event itself.
    const reply = { status, event: instance.event + 1 };
    const answered = {
      key,
      commandHash: hashOf(repair),
      reply: RepairQuarantinedReply.encode(reply).finish(),
      untilMs: memory.nowMs + memory.parts.limits.keysKeptMs,
    };
    recoverKey(instance, answered);
    memory.record(instance, ownEvents.keyAnswered, answered, cause);
    return reply;
  }

  #eventAfter(instance: Instance, quarantine: Quarantine, { action, event, key }: Repair): number {
    if (action === RepairAction.REPAIR_ACTION_RESET) {
      if (event >= 1 && event <= quarantine.folded) return event;
      throw runtimeErrors.noSuchEvent({ kind: key.kind, id: key.id, event, events: quarantine.folded });
    }
    // If folding failed, repaired code can fold the recorded events.
    return action === RepairAction.REPAIR_ACTION_RETRY ? instance.event : quarantine.folded;
  }

  async #find(key: InstanceKey): Promise<Instance> {
    const { instances } = this.#memory;
    const there = instances.get(textOf(key));
    if (there !== undefined) return there;
    const found = instances.mayExist(key) ? await instances.find(key) : undefined;
    if (found?.kind === "instance") return found.instance;
    throw runtimeErrors.unknownInstance({ kind: key.kind, id: key.id });
  }

  async #fold({ key, hosted }: Instance, last: LastRecord, event: number): Promise<unknown> {
    return (await this.#refolding.stateAt(key, hosted, last, event)).state;
  }

  /** Runs the function in the next turn. Resolves when its result is durable. */
  #inTurn<T>(run: () => T): Promise<T> {
    const { parts } = this.#memory;
    return new Promise((resolve, reject) => {
      const refuse = (): void => reject(runtimeErrors.leaving(parts));
      const runNow = (): void => {
        // The partition was loaded again meanwhile: this instance object is stale.
        if (this.#memory.isStopped) {
          refuse();
          return;
        }
        try {
          const result = run();
          this.#memory.answers.addOther((failure) => (failure === undefined ? resolve(result) : refuse()));
        } catch (error) {
          reject(error);
        }
      };
      parts.wake({ kind: "errand", run: runNow, refuse });
    });
  }

  /** Runs within a turn: all of this goes into one batch. `event` is the last one that counts for the state. */
  #release(
    instance: Instance,
    quarantine: Quarantine,
    state: unknown,
    { action, event, cause, key }: Repair,
  ): void {
    const memory = this.#memory;
    const mark: BatchMark = { position: 0, count: 0, cause: undefined };
    const { event: eventBefore, lastBatch, lastIndex, dirtyFrom } = instance;
    const isRetry = action === RepairAction.REPAIR_ACTION_RETRY;
    memory.batch.mark(mark);
    memory.record(
      instance,
      ownEvents.repaired,
      { action, event: isRetry ? 0 : event } satisfies Repaired,
      cause,
    );
    instance.quarantine = undefined;
    instance.state = state;
    if (action === RepairAction.REPAIR_ACTION_TERMINATE) {
      memory.quarantined.delete(instance);
      memory.recordTerminated(instance, memory.nowMs);
      return;
    }
    if (action === RepairAction.REPAIR_ACTION_RESET) instance.resets++;
    memory.folding.recover(instance);
    if (isRetry && quarantine.reason.on !== "") {
      const { on, command, number, attempt } = quarantine.reason;
      const decision = this.#decide(instance, { type: on, command, number, attempt }, cause);
      if (decision?.kind === "thrown") {
        memory.batch.rollBack(mark);
        Object.assign(instance, { event: eventBefore, lastBatch, lastIndex, dirtyFrom, quarantine });
        memory.folding.release(instance);
        instance.effects.clear();
        quarantine.isRebuilt = false;
        void this.rebuild(instance);
        throw stillFails(key, decision.error);
      }
    }
    memory.quarantined.delete(instance);
    this.#executeParked(instance, quarantine.parked, cause);
    if (!instance.isInMemory || instance.quarantine !== undefined) memory.markEntryDue(instance);
    else memory.recordStatus(instance, instance.hosted.machine.describe(instance.state).status, memory.nowMs);
  }

  #executeParked(instance: Instance, parked: readonly CommandParked[], cause: Cause): void {
    let done = 0;
    for (const command of parked) {
      done++;
      const decision = this.#decide(instance, command, cause);
      if (decision?.kind !== "thrown") continue;
      this.#quarantineStore.admit(instance, decision.error, command, cause);
      for (const rest of parked.slice(done)) this.#quarantineStore.park(instance, rest, cause);
      return;
    }
  }

  /** Undefined if the command no longer counts: the result of an effect that is not awaited any more. */
  #decide(instance: Instance, parked: CommandParked, cause: Cause): Decision | undefined {
    const { type, command, number, attempt } = parked;
    const { decider, parts } = this.#memory;
    const declared = instance.hosted.command(type);
    if (declared === undefined) return;
    const awaited = number === 0 ? undefined : instance.effects.get(number);
    if (number !== 0 && awaited?.token.attempt !== attempt) return;
    const { incarnation } = instance;
    const token = number === 0 ? undefined : { partition: parts.partition, incarnation, number, attempt };
    const decision = decider.decideEncoded(instance, declared, command, cause, token);
    if (decision.kind === "done") this.#memory.recordStep(instance);
    return decision;
  }
}

/** Place of its last record at this moment: later records may be added during a wait, and are not durable yet. */
function lastOf({ lastBatch, lastIndex, event }: Instance): LastRecord {
  return { batch: lastBatch, index: lastIndex, event };
}

function statusOf({ hosted, state, quarantine, isTerminated }: Instance): WorkStatus {
  // A waiting command has failed: the instance is quarantined again.
  if (quarantine !== undefined) return WorkStatus.WORK_STATUS_QUARANTINED;
  return isTerminated ? WorkStatus.WORK_STATUS_TERMINATED : hosted.machine.describe(state).status;
}

/** Hash of a repair, to recognise a repetition. */
function hashOf({ action, event, cause }: Repair): Uint8Array {
  return hash("sha256", JSON.stringify(["repair", action, event, cause.reason]), "buffer");
}

function notQuarantined({ kind, id }: InstanceKey): TuttiError {
  return runtimeErrors.notQuarantined({ kind, id });
}

function stillFails({ kind, id }: InstanceKey, error: unknown): TuttiError {
  return runtimeErrors.stillFails({ kind, id, error: errorFromUnknown(error).message }, { cause: error });
}
