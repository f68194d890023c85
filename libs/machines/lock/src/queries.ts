import type { LockHold, LockWait } from "@tutti/contracts/session/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { refusedAsHeld } from "./hold/commands.ts";
import { freeOf, permitsOf } from "./hold/room.ts";
import type { Lock } from "./state.ts";

/** State of a lock. */
export interface LockStatus {
  readonly permits: number;
  readonly free: number;
  readonly holds: readonly ReadOnly<LockHold>[];
  /** Waiters, the next one first. */
  readonly waits: readonly ReadOnly<LockWait>[];
  readonly waiting: number;
  readonly lastToken: number;
  /** Whether it is in use: held, waited for, or with permits that were set. */
  readonly isLive: boolean;
}

export interface LockStatusOptions {
  /** Maximum number of waiters to return. */
  readonly waitsMax: number;
}

/** A lock that was never used is free. */
export const lockStatus: Query<Lock, LockStatusOptions, LockStatus> = {
  type: "standing",
  answer(lock, { waitsMax }) {
    return {
      permits: permitsOf(lock),
      free: freeOf(lock),
      holds: [...lock.holds.values()],
      waits: lock.line.inOrder().slice(0, waitsMax),
      waiting: lock.line.size,
      lastToken: lock.lastToken,
      isLive: isLive(lock),
    };
  },
};

export interface ObstacleOptions {
  readonly waitMs: number;
}

/** Refuses a request whose wait has expired, and names the holders that block it. */
export const obstacle: Query<Lock, ObstacleOptions, never> = {
  type: "obstacle",
  answer: (lock, { waitMs }, { key }) => refusedAsHeld(lock, key.id, waitMs),
};

export function isLive({
  permits,
  holds,
  line,
}: Pick<ReadOnly<Lock>, "permits" | "holds" | "line">): boolean {
  return permits > 1 || holds.size > 0 || line.size > 0;
}
