import type { Instance, Load, RemovalCause } from "@tutti/contracts/registry/v1";
import type { HostFigures } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";

/** An instance in the directory. Its report is never changed in place: watchers may still hold it. */
export interface Entry {
  readonly instance: Instance;
  readonly leaseMs: number;
  /** The latest numbers. They come with renewals and are not a change of the entry. */
  load: Load | undefined;
  host: HostFigures | undefined;
  /** Last heartbeat: on the monotonic clock, for the lease, and on the wall clock, for people. */
  renewedAtMs: number;
  renewTimeMs: number;
}

/** Returns the last report of an instance, with its latest numbers. */
export function instanceOf({ instance, load, host, renewTimeMs }: Entry): Instance {
  return { ...instance, load, host, renewTime: toTimestamp(renewTimeMs) };
}

/** The stored state of an instance: its own report, and the lease it was granted. */
export interface Registration {
  readonly instance: Instance;
  readonly leaseMs: number;
}

/** A leaving instance, with the reason. */
export interface Removal {
  readonly instanceId: string;
  readonly cause: RemovalCause;
  readonly reason: string;
}

/** A change of one entry, with its revision. */
export type Step =
  | { readonly revision: number; readonly put: Registration }
  | { readonly revision: number; readonly removed: Removal };

/** A time on both clocks. */
export interface Moment {
  readonly nowMs: number;
  readonly monotonicMs: number;
}
