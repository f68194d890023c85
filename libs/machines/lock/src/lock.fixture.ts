import { AcquirePermits, type PermitsAcquired } from "@tutti/contracts/session/v1";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import { acquire, deadlocks, lock, release, setPermits } from "./index.ts";
import type { Lock, LockStep } from "./state.ts";
import { lockKey, masterService } from "./testing/index.ts";

export type AcquireFields = { readonly [Name in keyof AcquirePermits]?: AcquirePermits[Name] };

export function newDriver(): MachineDriver {
  return new MachineDriver({ machines: [lock, deadlocks], service: masterService });
}

/** Returns a lock with this many permits. */
export function lockOf(permits: number): MachineDriver {
  const driver = newDriver();
  driver.execute(lockKey, setPermits, { permits });
  return driver;
}

export function acquireBody(holder: string, fields: AcquireFields = {}): AcquirePermits {
  return AcquirePermits.create({ holder, waitMs: 60_000, ...fields } as AcquirePermits);
}

/**
 * Acquires the lock. Returns its token if it is held, 0 while it waits, otherwise the code of the refusal.
 */
export function acquireAs(
  driver: MachineDriver,
  holder: string,
  fields: AcquireFields = {},
): number | string {
  const answer = driver.execute(lockKey, acquire, acquireBody(holder, fields)) as PermitsAcquired;
  if (isRefusal(answer)) return answer.code;
  return answer.hold?.token ?? 0;
}

export function releaseAs(driver: MachineDriver, holder: string, token = 0): unknown {
  return driver.execute(lockKey, release, { holder, token });
}

export function holding(driver: MachineDriver): readonly string[] {
  return [...driver.state(lockKey, lock).holds.values()].map(({ holder }) => holder);
}

/** Returns the waiters in the order in which they get the lock. */
export function inLine(driver: MachineDriver): readonly string[] {
  return driver
    .state(lockKey, lock)
    .line.inOrder()
    .map(({ holder }) => holder);
}

/** Returns a step that only folds events and records them. */
export function stepOn(state: Lock, nowMs: number): LockStep & { readonly emitted: string[] } {
  const emitted: string[] = [];
  const outstanding = { effect() {}, settled() {}, timer() {}, cleared() {} };
  return {
    ...{ emitted, key: lockKey, events: 1, nowMs, behaviour: 1, settles: undefined },
    cause: { actor: undefined, traceparent: "", decision: "", reason: "" },
    random: () => 0,
    emit(event, body) {
      emitted.push(event.type);
      event.evolve(state, body, outstanding);
    },
    send() {},
  };
}
