/**
 * Holds the locks of sessions. They are acquired one after the other in the order of their names, so that no two
 * sessions wait for each other. They are renewed while the session needs them, then released.
 */
import type { LockRenewalReceipt, lockService } from "@tutti/contracts/session/v1";
import { errorFromUnknown, type Foundation, type InstanceKey, sleep, toErrorDetail } from "@tutti/kernel";
import { confirmLocks, type HoldLocks, refuseStart } from "@tutti/machine-session";
import type { Client } from "@tutti/mesh";
import type { DueEffect } from "@tutti/runtime";
import type { Loops } from "./loops.ts";
import type { SessionCommands } from "./session-commands.ts";

export interface LockingParts {
  readonly loops: Loops;
  readonly commands: SessionCommands;
  readonly locks: Pick<Client<typeof lockService>, "acquireLock" | "renewLocks" | "releaseLock">;
  readonly foundation: Pick<Foundation, "timers" | "logger">;
}

const leaseMs = 30_000;
const renewEveryMs = 10_000;
/** Held locks are renewed between two waits for the next one. */
const waitMs = renewEveryMs;
const retryMs = 1_000;

interface HeldLock {
  readonly name: string;
  readonly token: number;
}

export class Locking {
  readonly #parts: LockingParts;

  constructor(parts: LockingParts) {
    this.#parts = parts;
  }

  start(due: DueEffect, effect: HoldLocks): void {
    this.#parts.loops.startLoop(due.token, async (signal) => {
      const held: HeldLock[] = [];
      try {
        do {
          held.length = 0;
          if (!(await this.#acquire(due, effect, held, signal))) return;
        } while (!(await this.#areHeld(due.key, held)));
        await this.#parts.commands.submit(due.key, { command: confirmLocks, body: {} });
        await this.#maintain(due, held, signal);
      } finally {
        await this.#release(due.key, effect);
      }
    });
  }

  async #acquire(
    { key, token }: DueEffect,
    { locks, priority }: HoldLocks,
    held: HeldLock[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const { namespace, id } = key;
    const work = { namespace, kind: "session", id, task: "" };
    const inOrder = [...locks].sort((one, other) => (one.name < other.name ? -1 : 1));
    for (const { name, permits, shared } of inOrder) {
      const request = {
        namespace,
        name,
        holder: holderOf(key),
        work,
        permits,
        shared,
        leaseMs,
        waitMs,
        priority,
      };
      for (;;) {
        if (signal.aborted) return false;
        try {
          const { grant } = await this.#parts.locks.acquireLock(request, { signal, timeoutMs: 2 * waitMs });
          held.push({ name, token: grant?.token ?? 0 });
          break;
        } catch (thrown) {
          if (signal.aborted) return false;
          const error = errorFromUnknown(thrown);
          const isPermanent = error.retry === "never" && error.status !== "DEADLINE_EXCEEDED";
          if (isPermanent) {
            await this.#parts.commands.submit(key, {
              command: refuseStart,
              body: { error: toErrorDetail(error) },
              token,
            });
            return false;
          }
          await this.#renew(key, held).catch(() => {});
          await sleep(this.#parts.foundation.timers, retryMs, signal).catch(() => {});
        }
      }
    }
    return true;
  }

  async #maintain({ key }: DueEffect, held: readonly HeldLock[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#parts.foundation.timers, renewEveryMs, signal).catch(() => {});
      if (signal.aborted) return;
      await this.#renew(key, held).catch((error: unknown) => {
        this.#parts.foundation.logger.warn("failed to renew locks of a session, retrying", {
          session: key.id,
          error: errorFromUnknown(error),
        });
      });
    }
  }

  /** After a long wait for the last lock the first may be lost. */
  async #areHeld(key: InstanceKey, held: readonly HeldLock[]): Promise<boolean> {
    try {
      const receipts = await this.#renew(key, held);
      return receipts.every(({ expireTime }) => expireTime !== undefined);
    } catch {
      // It is requested again: its holder gets it immediately.
      return false;
    }
  }

  async #renew(key: InstanceKey, held: readonly HeldLock[]): Promise<readonly LockRenewalReceipt[]> {
    if (held.length === 0) return [];
    const { namespace } = key;
    const renewals = held.map(({ name, token }) => ({ name, token, holder: holderOf(key), leaseMs }));
    const { receipts } = await this.#parts.locks.renewLocks({ namespace, renewals });
    return receipts;
  }

  async #release(key: InstanceKey, { locks }: HoldLocks): Promise<void> {
    const view = await this.#parts.commands.view(key).catch(() => undefined);
    // If the partition has moved, its new owner keeps the locks.
    if (view !== undefined && view.endMs === 0 && view.ending === 0) return;
    const { namespace } = key;
    for (const { name } of locks)
      await this.#parts.locks
        .releaseLock({ namespace, name, holder: holderOf(key), token: 0 })
        .catch((error: unknown) => {
          this.#parts.foundation.logger.debug("failed to release a lock, its lease will expire", { error });
        });
  }
}

function holderOf({ id }: InstanceKey): string {
  return `session.${id}`;
}
