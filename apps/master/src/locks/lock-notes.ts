/** The published events of locks: noted when they are decided, published when they are durable. */
import type { SessionEventPayloads } from "@tutti/contracts/events/v1/session";
import type {
  DeadlockFoundV1,
  LockWaitBegunV1,
  LockWaitEndedV1,
  LockWaitKeptV1,
  PermitsExpiredV1,
  PermitsGrantedV1,
  PermitsReleasedV1,
  PermitsSetV1,
  PermitsTakenV1,
} from "@tutti/contracts/session/v1";
import type { WorkReference } from "@tutti/contracts/types/v1";
import { headOf, type NoteHead, type NoteOf } from "@tutti/host/serving";
import type { InstanceKey } from "@tutti/kernel";
import type { Lock } from "@tutti/machine-lock";
import type { Happening } from "@tutti/runtime";
import type { LockWaitOutcome } from "./lock-waits.ts";

type LockEventType =
  | "tutti.session.lock.granted"
  | "tutti.session.lock.released"
  | "tutti.session.lock.expired"
  | "tutti.session.deadlock.resolved";

/** An event for the bus. */
export interface LockEvent<T extends LockEventType = LockEventType> extends NoteHead {
  readonly kind: "event";
  readonly type: T;
  readonly body: Omit<SessionEventPayloads[T], "header">;
}

/** A note for listeners of locks. */
export interface LockNote {
  readonly key: InstanceKey;
  readonly outcome?: { readonly holder: string; readonly lockEvent: LockWaitOutcome };
  /** True if a waiter waits for it. */
  readonly isWaitedFor?: boolean;
  /** Whether it is held, waited for or set from then on. A free lock looks as if it had never existed. */
  readonly isLive?: boolean;
  /** A work that starts to hold it or to wait for it. */
  readonly joined?: WorkReference | undefined;
  /** A work that no longer does. */
  readonly departed?: WorkReference | undefined;
  readonly lockEvent?: LockEvent;
}

export const lockNotes: Readonly<Record<string, NoteOf<Lock, never>>> = {
  permits_taken: (_lock, { hold }: PermitsTakenV1, happening): LockNote => ({
    key: happening.key,
    isLive: true,
    joined: hold?.work,
    lockEvent: granted(happening, hold?.work, hold?.token ?? 0, 0),
  }),
  permits_granted: (lock, { ticket, token, grantMs, dueMs }: PermitsGrantedV1, happening) => {
    const wait = lock.line.get(ticket);
    if (wait === undefined) return undefined;
    const { holder, work, permits, shared, leaseMs, beginMs } = wait;
    const hold = { token, holder, work, permits, shared, grantMs, dueMs, leaseMs };
    const note: LockNote = {
      key: happening.key,
      isLive: true,
      outcome: { holder, lockEvent: { kind: "granted", hold } },
      lockEvent: granted(happening, work, token, grantMs - beginMs),
    };
    return note;
  },
  permits_released: (lock, { token }: PermitsReleasedV1, happening) =>
    released(lock, token, happening, "tutti.session.lock.released"),
  permits_broken: (lock, { token }: PermitsReleasedV1, happening) =>
    released(lock, token, happening, "tutti.session.lock.released"),
  permits_expired: (lock, { token }: PermitsExpiredV1, happening) =>
    released(lock, token, happening, "tutti.session.lock.expired"),
  permits_set: (lock, { permits }: PermitsSetV1, { key }): LockNote => ({
    key,
    isLive: permits > 1 || lock.holds.size + lock.line.size > 0,
  }),
  lock_wait_begun: (_lock, { wait }: LockWaitBegunV1, { key }): LockNote => ({
    key,
    isLive: true,
    isWaitedFor: true,
    joined: wait?.work,
  }),
  lock_wait_kept: (_lock, _body: LockWaitKeptV1, { key }): LockNote => ({ key, isWaitedFor: true }),
  lock_wait_ended: (lock, { ticket, reason, message }: LockWaitEndedV1, { key }) => {
    const wait = lock.line.get(ticket);
    if (wait === undefined) return undefined;
    const { holder, work } = wait;
    const note: LockNote = {
      key,
      isLive: isLiveWithoutOne(lock),
      departed: work,
      outcome: { holder, lockEvent: { kind: "ended", reason, message } },
    };
    return note;
  },
};

export const deadlockNotes: Readonly<Record<string, NoteOf<unknown, never>>> = {
  deadlock_found: (_book, { circle, reason }: DeadlockFoundV1, happening): LockNote => ({
    key: happening.key,
    lockEvent: lockEventOf(happening, "tutti.session.deadlock.resolved", {
      circle: circle.flatMap(({ waiter }) => (waiter === undefined ? [] : [waiter])),
      victim: circle[0]?.waiter,
      reason,
    }),
  }),
};

function granted(
  happening: Happening,
  holder: WorkReference | undefined,
  fence: number,
  waitedMs: number,
): LockEvent {
  return lockEventOf(happening, "tutti.session.lock.granted", { holder, fence, waitedMs });
}

function released(
  lock: Lock,
  token: number,
  happening: Happening,
  type: "tutti.session.lock.released" | "tutti.session.lock.expired",
): LockNote {
  const holder = lock.holds.get(token)?.work;
  const { key } = happening;
  return {
    key,
    isLive: isLiveWithoutOne(lock),
    departed: holder,
    lockEvent: lockEventOf(happening, type, { holder }),
  };
}

/** Returns whether the lock stays in use without one holder or waiter. */
function isLiveWithoutOne({ permits, holds, line }: Lock): boolean {
  return permits > 1 || holds.size + line.size > 1;
}

function lockEventOf<T extends LockEventType>(
  happening: Happening,
  type: T,
  body: LockEvent<T>["body"],
): LockEvent {
  // A union of the parts of each type.
  return { kind: "event", ...headOf(happening), type, body } as LockEvent;
}
