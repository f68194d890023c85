/** The load of the system during faults: the machine, the requests of clients, and their expected outcome. */
import type { InstanceKey, Refusal } from "@tutti/kernel";
import type { DueEffect, EffectToken, Outcome, Runtime } from "@tutti/runtime";
import type { Follower } from "../checks/chronicle.ts";
import type { Counted, CountedAnswer } from "../counted/counted.ts";
import type { AnyCommand, AnyMachine, AnyQuery } from "../counted/counting.ts";
import type { Life } from "../world/process.ts";

/** An operation of a client on an instance. */
export interface Operation {
  /** Its index in the plan. */
  readonly number: number;
  readonly atMs: number;
  /** Id of the instance. */
  readonly account: string;
  /** Type of the command, or `balance`. */
  readonly command: string;
  readonly body: object;
}

/** The result of an effect from outside. */
export interface Result {
  readonly command: string;
  readonly body: object;
  /** Kind of the machine of the command. Default: that of the load. */
  readonly kind?: string;
  /** True if it is not final: the effect is still pending. */
  readonly isInterim?: boolean;
}

/** Names an attempt at an effect of an instance. */
interface Attempt {
  readonly number: number;
  readonly attempt: number;
}

/** The effects that a process executes itself, as long as it lives. All others are executed outside. */
export interface EffectHandler {
  start(runtime: Runtime): void;
  /** Returns false for the effects of others. */
  accepts(due: DueEffect): boolean;
  withdraw(token: EffectToken): void;
  /** Called when the partition moves, or is loaded again. */
  release(token: EffectToken): void;
  /** Stops gracefully, before the runtime does. */
  stop(): Promise<void>;
  died(): void;
}

/** Calls of a process to the owner of the partition of an instance. */
export interface Calls {
  to<Answer>(
    key: InstanceKey,
    label: string,
    serve: (runtime: Runtime) => Promise<Answer>,
    signal: AbortSignal | undefined,
  ): Promise<Answer>;
}

/** A process from one start to its end. */
export interface ProcessOfDoer {
  readonly name: string;
  readonly life: Life;
  /** Returns a command in the form for the runtime. */
  commandOf(kind: string, type: string): AnyCommand;
  queryOf(kind: string, type: string): AnyQuery;
  /** Returns when the process last sealed a partition, in run milliseconds. Its loaded history ends there. */
  sealedMs(partition: number): number;
  /** Calls to other processes, and to itself. */
  readonly calls: Calls;
}

export interface Load extends Follower {
  readonly service: string;
  readonly machine: AnyMachine;
  /** Machines that receive messages of the load's own machine. */
  readonly others?: readonly AnyMachine[];
  /** Whether all machines are in one service. */
  readonly isOneService?: boolean;
  doerOf?(process: ProcessOfDoer): EffectHandler;
  readonly operations: readonly Operation[];
  /** The reason why it is not at rest. Undefined if it is. */
  readonly restless: string | undefined;
  /** Ids of instances that must exist at the end. */
  readonly lasting: readonly string[];
  keyOf(id: string): InstanceKey;
  /** Registers the receiver of operations that follow from other events. */
  onOperation(start: (operation: Operation) => void): void;
  /** Records that a client sends an operation. */
  sent(number: number): void;
  /** Checks the answer of a process. It has to be true, even if it is lost. */
  answeredBy(number: number, answer: unknown): void;
  refusedBy(number: number, refusal: Refusal): void;
  /** Records that an answer has reached its client. */
  received(number: number, counted: Counted | undefined, outcome: Outcome): void;
  /** Records that an effect has left its process. */
  dispatched(key: InstanceKey, effect: unknown, attempt: Attempt): void;
  /**
   * Returns the result of an effect by an external executor. Undefined if there is none: then the effect has
   * to be requested again.
   * @param random from 0 to 1
   * @param isFaultFree whether faults are over
   */
  resultOf(
    key: InstanceKey,
    effect: unknown,
    attempt: Attempt,
    random: number,
    isFaultFree: boolean,
  ): Result | undefined;
  /** Returns another result for an effect that has one: it must have no consequence. Undefined for none. */
  lateResult(random: number): Result | undefined;
  late(outcome: Outcome): void;
  /** Compares a live state with the knowledge of the load. */
  checkState(id: string, name: string, live: CountedAnswer): void;
  /** Called when all faults are over. */
  settleDown?(): void;
  /** Called when everything is at rest. */
  finish(): void;
}

/** Returns the machine of a kind. */
export function machineOf(
  { machine, others = [] }: Pick<Load, "machine" | "others">,
  kind: string,
): AnyMachine {
  const found = [machine, ...others].find((each) => each.kind === kind);
  if (found === undefined) throw new Error(`the load has no machine for ${kind}`);
  return found;
}
