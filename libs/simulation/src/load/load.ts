/** The load of the system during faults: the machine, the requests of clients, and their expected outcome. */
import type { InstanceKey, Refusal } from "@tutti/kernel";
import type { DueEffect, EffectToken, Outcome, Runtime } from "@tutti/runtime";
import type { Follower } from "../checks/chronicle.ts";
import type { AnyCommand, AnyMachine, AnyQuery } from "../witness/witness.ts";
import type { Witnessed, WitnessedAnswer } from "../witness/witnessed.ts";
import type { Life } from "../world/process.ts";

/** What a client wants of an instance. */
export interface Operation {
  /** Its place in the plan. */
  readonly number: number;
  readonly atMs: number;
  /** Id of the instance. */
  readonly account: string;
  /** Type of the command, or `balance`. */
  readonly command: string;
  readonly body: object;
}

/** What the world outside answers to an effect. */
export interface Result {
  readonly command: string;
  readonly body: object;
  /** Of the machine whose command it is. The load's own by default. */
  readonly kind?: string;
  /** It is not the last word: the effect is still to be done. */
  readonly leavesOpen?: boolean;
}

/** Names an attempt at an effect of an instance. */
interface Attempt {
  readonly number: number;
  readonly attempt: number;
}

/** What a process sees to by itself, as long as it lives. The rest is seen to outside. */
export interface Doer {
  begin(runtime: Runtime): void;
  /** False for what is none of its business. */
  takes(due: DueEffect): boolean;
  withdraw(token: EffectToken): void;
  /** Its partition goes elsewhere, or is loaded again. */
  release(token: EffectToken): void;
  /** Stops gracefully, while the runtime is still there. */
  stop(): Promise<void>;
  died(): void;
}

/** Calls of a process to the owner of the partition of an instance. */
export interface Calls {
  to<Answer>(
    key: InstanceKey,
    what: string,
    serve: (runtime: Runtime) => Promise<Answer>,
    signal: AbortSignal | undefined,
  ): Promise<Answer>;
}

/** A process from one start to its end. */
export interface ProcessOfDoer {
  readonly name: string;
  readonly life: Life;
  /** Returns a command as it is given to the runtime. */
  commandOf(kind: string, type: string): AnyCommand;
  queryOf(kind: string, type: string): AnyQuery;
  /** Returns when the process last sealed a partition, in milliseconds of the run. What it loaded ends there. */
  sealedMs(partition: number): number;
  /** To other processes, and to itself. */
  readonly calls: Calls;
}

export interface Load extends Follower {
  readonly service: string;
  readonly machine: AnyMachine;
  /** Machines that the load's own writes messages to. */
  readonly others?: readonly AnyMachine[];
  /** Whether all machines are in its service, whichever they write to. */
  readonly isOneService?: boolean;
  doerOf?(process: ProcessOfDoer): Doer;
  readonly operations: readonly Operation[];
  /** The obstacle that keeps it from being at rest. Undefined without one. */
  readonly restless: string | undefined;
  /** Ids of instances that have to be there at the end. */
  readonly lasting: readonly string[];
  keyOf(id: string): InstanceKey;
  /** Registers the receiver of operations that follow from other events. */
  whenMoreIsWanted(begin: (operation: Operation) => void): void;
  /** An operation leaves its client. */
  sent(number: number): void;
  /** A process answers an operation. The answer has to be true, also if it gets lost. */
  answeredBy(number: number, answer: unknown): void;
  refusedBy(number: number, refusal: Refusal): void;
  /** An answer has reached its client. */
  received(number: number, witnessed: Witnessed | undefined, outcome: Outcome): void;
  /** An effect has left its process. */
  dispatched(key: InstanceKey, effect: unknown, attempt: Attempt): void;
  /**
   * An external executor sees to an effect. Undefined when nothing comes of that, and it has to be asked for again.
   * @param luck from 0 to 1
   * @param isCalm whether faults are over
   */
  resultOf(
    key: InstanceKey,
    effect: unknown,
    attempt: Attempt,
    random: number,
    isCalm: boolean,
  ): Result | undefined;
  /** Another word on what has its result already: nothing may come of it. Undefined for none. */
  lateResult(random: number): Result | undefined;
  late(outcome: Outcome): void;
  /** A live state is compared with what the load knows. */
  checkState(id: string, name: string, live: WitnessedAnswer): void;
  /** All faults are over. */
  settleDown?(): void;
  /** Everything is at rest. */
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
