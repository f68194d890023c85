/**
 * Executes commands of a partition: finds the instance, lets it decide, and keeps the answer until it may be given.
 *
 * 1. Commands to one instance are executed in the order of their arrival, even while it is being looked up.
 * 2. The result of an effect counts only while that attempt is awaited.
 * 3. An instance that is leaving gets nothing more: a command waits until it has left, and restarts.
 */
import type { KeyAnswered } from "@tutti/contracts/runtime/v1";
import { assert, errorFromUnknown, type InstanceKey, textOf } from "@tutti/kernel";
import type { EffectToken, Outcome, Submission } from "../api.ts";
import { runtimeErrors } from "../errors.ts";
import type { HostedMachine } from "../machines/hosted-machine.ts";
import { ownEvents } from "../records/own-events.ts";
import { ignored, refusalOf, refused, refusedAsQuarantined, refusedAsRemoved } from "../refusals.ts";
import { isStillAwaited } from "../tokens/still-awaited.ts";
import { AnsweredKeys, recoverKey } from "./answered-keys.ts";
import type { Instance } from "./instance.ts";
import type { Found } from "./instances.ts";
import { memoryShares, type PartitionMemory } from "./memory.ts";
import type { QuarantineStore } from "./quarantine-store.ts";

interface FoundForCommands {
  readonly key: InstanceKey;
  readonly found: Found;
  readonly submissions: readonly Submission[];
}

export class Commands {
  readonly #memory: PartitionMemory;
  readonly #quarantineStore: QuarantineStore;
  readonly #keys: AnsweredKeys;
  /** Commands that arrived for an instance while it is being looked up. */
  readonly #waiting = new Map<string, Submission[]>();
  /** Results of effects whose instance is being looked up in the archive. */
  readonly #byToken = new Set<Submission>();
  #found: FoundForCommands[] = [];

  constructor(memory: PartitionMemory, quarantineStore: QuarantineStore) {
    this.#memory = memory;
    this.#quarantineStore = quarantineStore;
    this.#keys = new AnsweredKeys(memory.parts.limits.keysKeptMs);
  }

  /** Whether completed lookups wait for a turn. */
  get hasFound(): boolean {
    return this.#found.length > 0;
  }

  submit(submission: Submission): void {
    const { key, token } = submission;
    if (token !== undefined) {
      const instance = this.#memory.instances.byIncarnation(token.incarnation);
      if (instance !== undefined) this.#run(instance, submission);
      else if (key === undefined) this.#findByToken(submission, token);
      else this.#find(key, textOf(key), submission);
      return;
    }
    if (key === undefined) throw new RangeError("expected a key or a token in a submission, got neither");
    const text = textOf(key);
    const waiting = this.#waiting.get(text);
    if (waiting !== undefined) {
      waiting.push(submission);
      return;
    }
    const { instances } = this.#memory;
    const instance = instances.get(text);
    if (instance !== undefined) this.#run(instance, submission);
    else if (instances.mayExist(key)) this.#find(key, text, submission);
    else this.#create(key, text, submission);
  }

  /** Executes the commands whose lookup has completed. */
  resumeFound(): void {
    if (this.#found.length === 0) return;
    const all = this.#found;
    this.#found = [];
    for (const [index, { key, found, submissions }] of all.entries()) {
      if (this.#memory.isBatchFull) {
        this.#found = [...all.slice(index), ...this.#found];
        return;
      }
      const text = textOf(key);
      for (const submission of submissions) {
        const instance = this.#memory.instances.get(text);
        if (instance !== undefined) this.#run(instance, submission);
        else if (found.kind === "tombstone") this.#reply(submission, refusedAsRemoved(key, found.untilMs));
        // It was passivated again before this turn.
        else if (found.kind === "unreadable") this.#reply(submission, refused(refusalOf(found.error)));
        else if (found.kind === "instance") this.#find(key, text, submission);
        else this.#create(key, text, submission);
      }
    }
  }

  /** Returns the work that waits for a lookup. None of it was decided. */
  stop(): readonly Submission[] {
    const waiting = [
      ...this.#byToken,
      ...[...this.#waiting.values()].flat(),
      ...this.#found.flatMap(({ submissions }) => submissions),
    ];
    this.#byToken.clear();
    this.#waiting.clear();
    this.#found = [];
    return waiting;
  }

  #find(key: InstanceKey, text: string, submission: Submission): void {
    const waiting = this.#waiting.get(text);
    if (waiting !== undefined) {
      waiting.push(submission);
      return;
    }
    const memory = this.#memory;
    const refusal = this.#memoryRefusal(submission, memory.instances.hosted(key.kind), memoryShares.critical);
    if (refusal !== undefined) {
      this.#reply(submission, refusal);
      return;
    }
    const submissions = [submission];
    this.#waiting.set(text, submissions);
    memory.instances.find(key).then(
      (found) => {
        if (memory.isStopped) return;
        this.#waiting.delete(text);
        this.#found.push({ key, found, submissions });
        memory.parts.wake();
      },
      (fault: unknown) => memory.parts.faulted(fault),
    );
  }

  #findByToken(submission: Submission, { incarnation }: EffectToken): void {
    const memory = this.#memory;
    this.#byToken.add(submission);
    memory.parts.archive.keyOf(incarnation).then(
      (key) => {
        if (memory.isStopped) return;
        this.#byToken.delete(submission);
        if (key === undefined) this.#reply(submission, ignored);
        else this.#find(key, textOf(key), submission);
        memory.parts.wake();
      },
      (fault: unknown) => memory.parts.faulted(fault),
    );
  }

  /** Executes a command for an instance that does not exist. */
  #create(key: InstanceKey, text: string, submission: Submission): void {
    const { instances, parts } = this.#memory;
    const hosted = instances.hosted(key.kind);
    const refusal = this.#memoryRefusal(submission, hosted, memoryShares.short);
    if (submission.token !== undefined) this.#reply(submission, ignored);
    else if (hosted === undefined) this.#reply(submission, refused(parts.machines.unknown(key)));
    else if (refusal !== undefined) this.#reply(submission, refusal);
    else {
      try {
        this.#run(instances.blank(key, text, hosted), submission);
      } catch (error) {
        // Its machine fails on a state without events, or its codec fails on the input.
        this.#reply(submission, this.#failedToStart(key, submission, error));
      }
    }
  }

  /**
   * Refuses an instance that would enter memory while it is short and instances arrive faster than they leave. Kinds that
   * continue for ever are few, and all other work needs them. The result of an effect may end an instance.
   */
  #memoryRefusal(
    { token }: Submission,
    hosted: HostedMachine | undefined,
    share: number,
  ): Outcome | undefined {
    if (token !== undefined || hosted?.machine.isEndless === true) return;
    const { instances, parts } = this.#memory;
    const { service, partition, limits } = parts;
    if (!this.#memory.isShort(share, limits.loadedSoft)) return;
    const details = { service, partition, loaded: instances.size };
    return refused(runtimeErrors.memoryShort.refusal(details, { retryAfterMs: 500 }));
  }

  #failedToStart({ kind, id }: InstanceKey, { command }: Submission, error: unknown): Outcome {
    const { message } = errorFromUnknown(error);
    this.#memory.parts.logger.error("machine failed on its first command", { kind, id, error });
    return refused(runtimeErrors.neverBegan.refusal({ kind, id, type: command.type, error: message }));
  }

  #run(instance: Instance, submission: Submission): void {
    instance.touchedMs = this.#memory.nowMs;
    const known = this.#known(instance, submission);
    if (known === undefined && instance.isLeaving) this.#find(instance.key, instance.text, submission);
    else this.#reply(submission, known ?? this.#decide(instance, submission));
  }

  /** Returns the answer if nothing has to be decided. */
  #known(instance: Instance, submission: Submission): Outcome | undefined {
    const { token, idempotencyKey, command } = submission;
    if (command === isStillAwaited)
      return token !== undefined && isAwaited(instance, token) ? stillAwaited : ignored;
    // A quarantined instance has executed the command too.
    if (idempotencyKey !== "") {
      const repeated = this.#keys.find(instance, submission, this.#memory.nowMs);
      if (repeated !== undefined) return repeated;
    }
    if (instance.hosted.command(command.type) !== command) return this.#notUnderstood(instance, command.type);
    if (instance.quarantine !== undefined) return this.#toQuarantined(instance, submission);
    if (instance.isTerminated) return this.#terminated(instance);
    if (token !== undefined && !isAwaited(instance, token)) return ignored;
    const reservedUntilMs = instance.isEnded ? this.#memory.reservedUntil(instance) : undefined;
    if (reservedUntilMs !== undefined) return refusedAsRemoved(instance.key, reservedUntilMs);
    const { eventsMax, stateBytesMax } = this.#memory.parts.limits;
    if (instance.event >= eventsMax && instance.hosted.machine.isEndless !== true)
      return this.#full(instance);
    // The result of an effect may make the state smaller.
    if (instance.stateBytes > stateBytesMax && token === undefined) return this.#large(instance);
    return;
  }

  #decide(instance: Instance, submission: Submission): Outcome {
    const memory = this.#memory;
    const { token, command, body, cause, idempotencyKey } = submission;
    assert(!instance.isLeaving, "an instance that leaves gets no command", {
      incarnation: instance.incarnation,
    });
    let answered: KeyAnswered | undefined;
    const remember =
      idempotencyKey === ""
        ? undefined
        : (reply: unknown): void => {
            answered = this.#keys.answered(submission, reply, memory.nowMs);
          };
    const decision = memory.decider.decide(instance, command, body, cause, token, remember);
    if (decision.kind === "refused") return decision;
    if (decision.kind === "thrown") return this.#thrown(instance, submission, decision.error);
    memory.recordStep(instance);
    if (answered !== undefined && instance.exists) {
      recoverKey(instance, answered);
      memory.record(instance, ownEvents.keyAnswered, answered, cause);
    }
    return decision;
  }

  #reply(submission: Submission, outcome: Outcome): void {
    this.#memory.answers.add(submission, outcome);
  }

  #thrown(instance: Instance, submission: Submission, error: unknown): Outcome {
    const { command, body, token, cause } = submission;
    if (instance.exists) {
      this.#quarantineStore.admit(
        instance,
        error,
        this.#quarantineStore.parkable(command, body, token),
        cause,
      );
      return refusedAsQuarantined(instance);
    }
    // There is nothing to quarantine: the instance was never created.
    return this.#failedToStart(instance.key, submission, error);
  }

  /** The result of an effect waits for the repair. All other commands are refused. */
  #toQuarantined(instance: Instance, { command, body, token, cause }: Submission): Outcome {
    if (token === undefined) return refusedAsQuarantined(instance);
    if (token.incarnation !== instance.incarnation) return ignored;
    this.#quarantineStore.park(instance, this.#quarantineStore.parkable(command, body, token), cause);
    return { kind: "done", reply: undefined };
  }

  #terminated({ key: { kind, id } }: Instance): Outcome {
    return refused(runtimeErrors.terminated.refusal({ kind, id }));
  }

  /** Refuses a command of another machine, as with an invented token: its decider must not see this state. */
  #notUnderstood({ key: { kind, id } }: Instance, type: string): Outcome {
    return refused(runtimeErrors.unknownCommand.refusal({ kind, id, type }));
  }

  #large({ key: { kind, id }, stateBytes: bytes }: Instance): Outcome {
    const { stateBytesMax: bytesMax } = this.#memory.parts.limits;
    return refused(runtimeErrors.stateTooLarge.refusal({ kind, id, bytes, bytesMax }));
  }

  #full({ key: { kind, id } }: Instance): Outcome {
    const { eventsMax } = this.#memory.parts.limits;
    return refused(runtimeErrors.tooManyEvents.refusal({ kind, id, eventsMax }));
  }
}

const stillAwaited: Outcome = { kind: "done", reply: undefined };

function isAwaited(instance: Instance, { incarnation, number, attempt }: EffectToken): boolean {
  return incarnation === instance.incarnation && instance.effects.get(number)?.token.attempt === attempt;
}
