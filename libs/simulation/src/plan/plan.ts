/**
 * The content of a run: operations and disturbances as data. A run follows from its plan alone, so a failing
 * plan can be reduced by leaving things out.
 */
import type { DiskFaults } from "@tutti/journal/testing";
import type { DrawnRun } from "@tutti/machine-run/testing";
import type { Fields } from "../bank/plain-account.ts";
import type { NetworkFaults } from "../network/network.ts";
import type { SessionsPlan } from "../sessions/sessions-plan.ts";
import type { WorkPlan } from "../work/work-plan.ts";

/** `embedded`: one process with a journal on its own disk. `cluster`: several with a journal server between them. */
export type Variant = "embedded" | "cluster";

export interface Plan {
  readonly seed: number;
  readonly variant: Variant;
  readonly processes: number;
  /** In a cluster: whether the real partition owners distribute the partitions, instead of a coordinator. */
  readonly partitionOwners: boolean;
  readonly partitions: number;
  readonly network: NetworkFaults;
  readonly disk: DiskFaults;
  readonly archive: ArchiveFaults;
  readonly limits: PlanLimits;
  /** Share of print attempts that fail. */
  readonly printFails: number;
  readonly operations: readonly BankOperation[];
  /** Runs of workflows, instead of the bank. */
  readonly runs?: readonly PlannedRun[];
  /** Missions and runs that share a pool of agents, instead of the bank. */
  readonly work?: WorkPlan;
  readonly sessions?: SessionsPlan;
  readonly disturbances: readonly Disturbance[];
}

/** Faults of an archive, as shares of its calls. */
export interface ArchiveFaults {
  /** Share of refused calls. */
  readonly fails: number;
  /** Share of commits that are executed and then report a failure. */
  readonly failsAfter: number;
  readonly latencyMs: number;
}

/** Limits of the runtime under which rare things happen often. */
export interface PlanLimits {
  readonly loadedMax: number;
  readonly idleMs: number;
  readonly tailBytesMax: number;
  readonly indexEveryMs: number;
  readonly turnCommandsMax: number;
  readonly inboxMax: number;
  readonly batchBytesSoft: number;
  /** A closed account with at most this many events is kept as history only. */
  readonly smallEvents: number;
  /** Maximum of concurrent appends of one partition at the journal server. */
  readonly appendsMax: number;
  readonly segmentBytes: number;
  /** How long an account is kept after its end, and its id after that. */
  readonly keepMs: number;
  readonly idKeptMs: number;
  readonly purgeEveryMs: number;
}

/** A run that a client starts. */
export interface PlannedRun {
  readonly id: string;
  readonly atMs: number;
  readonly run: DrawnRun;
}

/** An operation of a client. */
export interface BankOperation {
  /** Its index in the plan. */
  readonly number: number;
  readonly atMs: number;
  readonly account: string;
  /** Type of the command, or `balance`. */
  readonly command: string;
  readonly body: Fields;
}

/** A disturbance of the system. */
export type Disturbance = { readonly atMs: number } & (
  | {
      readonly kind: "crash";
      readonly process: number;
      readonly how: "process" | "power";
      readonly after: number;
    }
  | { readonly kind: "pause"; readonly process: number; readonly ms: number; readonly after: number }
  | { readonly kind: "cut"; readonly one: string; readonly other: string; readonly ms: number }
  | { readonly kind: "power fails"; readonly after: number }
  | { readonly kind: "fill"; readonly ms: number }
  | {
      readonly kind: "damage";
      readonly how: "flip" | "edit";
      readonly part: number;
      readonly place: number;
      readonly bit: number;
    }
  | { readonly kind: "clock"; readonly process: number; readonly byMs: number }
  | { readonly kind: "move"; readonly partition: number; readonly to: number }
);
