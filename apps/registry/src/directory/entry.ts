import type { Instance, Load, RemovalCause } from "@tutti/contracts/registry/v1";
import type { HostFigures } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";

/** An instance as the directory keeps it. What it said is never changed in place: watchers may still hold it. */
export interface Entry {
  readonly instance: Instance;
  readonly leaseMs: number;
  /** The latest numbers. They come with renewals and are no change of the entry. */
  load: Load | undefined;
  host: HostFigures | undefined;
  /** When it last gave a sign of life: on the monotonic clock, for the lease, and on the wall, for people. */
  renewedAtMs: number;
  renewTimeMs: number;
}

/** What an instance said last, with its latest numbers. */
export function instanceOf({ instance, load, host, renewTimeMs }: Entry): Instance {
  return { ...instance, load, host, renewTime: toTimestamp(renewTimeMs) };
}

/** The stored state of an instance: its own report, and the lease it was granted. */
export interface Registration {
  readonly instance: Instance;
  readonly leaseMs: number;
}

/** An instance that goes, and how. */
export interface Farewell {
  readonly instanceId: string;
  readonly cause: RemovalCause;
  readonly reason: string;
}

/** What happened to one entry, with the revision it got. */
export type Step =
  | { readonly revision: number; readonly put: Registration }
  | { readonly revision: number; readonly removed: Farewell };

/** A moment on both clocks. */
export interface Moment {
  readonly nowMs: number;
  readonly monotonicMs: number;
}
