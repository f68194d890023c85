/**
 * Locks that a program holds: exclusive ones, and semaphores with a number of permits.
 *
 * 1. A held lock is renewed automatically, well before its lease ends, until it is released.
 * 2. `signal` reports that a lock is lost, or may be lost. The token protects resources from a holder that did not
 *    notice: a resource refuses a token that is smaller than the greatest it has seen.
 */
import { randomUUID } from "node:crypto";
import {
  AcquireLockRequest,
  ListLocksRequest,
  type Lock,
  type LockGrant,
  type lockService,
} from "@tutti/contracts/session/v1";
import { WorkReference } from "@tutti/contracts/types/v1";
import { durationText, type Foundation, isTuttiError, type Timer, TuttiError } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { sdkErrors } from "../errors.ts";
import {
  duration,
  flag,
  type OptionNames,
  oneOf,
  plain,
  priority,
  requireKnown,
  text,
  wholeNumber,
} from "../options.ts";
import { currentTask } from "../task/context.ts";
import { type Duration, eitherDuration } from "./work/duration.ts";
import { pagesOfLines } from "./work/paging.ts";

export interface AcquireOptions {
  /** Holder of the lock: unique per acquisition, equal if an acquisition is retried. Default: a new id. */
  readonly holder?: string;
  /** Permits of a semaphore to acquire. Default: 1. */
  readonly permits?: number;
  /** Whether others may share it at the same time. */
  readonly shared?: boolean;
  /** Time after which a lock of a stopped program is released: `30s`, or milliseconds. Default: 30 s. Maximum: 1 h. */
  readonly lease?: Duration;
  /** @deprecated use `lease` */
  readonly leaseMs?: number;
  /** Maximum wait: `1m`, or milliseconds. Default: no wait. */
  readonly wait?: Duration;
  /** @deprecated use `wait` */
  readonly waitMs?: number;
  /** Greater is more urgent, -100 to 100. Default: 0. */
  readonly priority?: number;
  /**
   * For which work of the installation: with its end the lock is released, and works that wait for each other are found.
   * Default: the task of the handler that acquires it. `null` for none.
   */
  readonly work?: {
    readonly kind: "session" | "run" | "mission";
    readonly id: string;
    readonly task?: string;
    readonly namespace?: string;
  } | null;
}

const workNames = { kind: oneOf(["session", "run", "mission"]), id: text, task: text, namespace: text };
const acquireNames: OptionNames<AcquireOptions> = {
  holder: text,
  permits: wholeNumber(0),
  shared: flag,
  lease: duration,
  leaseMs: duration,
  wait: duration,
  waitMs: duration,
  priority,
  work: { [plain]: (value) => (value === null ? undefined : "an object or null"), ...workNames },
};

interface ListOptions {
  /** Only names that start with it. */
  readonly prefix?: string;
}

const listNames: OptionNames<ListOptions> = { prefix: text };

type LockWork = NonNullable<AcquireOptions["work"]>;

const workKinds: ReadonlySet<string> = new Set(["session", "run", "mission"]);

/** Undefined outside of a handler. */
function workOfTask(): LockWork | undefined {
  const task = currentTask();
  if (task === undefined || !workKinds.has(task.workKind)) return undefined;
  const { workKind, workId: id, taskId, namespace } = task;
  // The cast: it is one of these kinds.
  return { kind: workKind as LockWork["kind"], id, task: taskId, namespace };
}

export interface LockParts {
  readonly locks: Client<typeof lockService>;
  readonly namespace: string;
}

type Clockwork = Pick<Foundation, "clock" | "timers">;

const leaseDefaultMs = 30_000;
/** How long one call waits: the place in the line is kept until the next one. */
const callWaitMs = 30_000;
/** Time for the round trip, in addition to the wait. */
const roundTripMs = 15_000;

export class Locks {
  readonly #parts: LockParts;
  readonly #clockwork: Clockwork;

  constructor(parts: LockParts, clockwork: Clockwork) {
    this.#parts = parts;
    this.#clockwork = clockwork;
  }

  /**
   * Acquires a lock. Rejects with `lock.held` if others hold it for longer than the wait, and with `session.deadlock`
   * if this acquisition is the victim of a deadlock.
   */
  async acquire(name: string, options: AcquireOptions = {}): Promise<HeldLock> {
    requireKnown("locks.acquire", options, acquireNames);
    const { clock } = this.#clockwork;
    const { locks, namespace } = this.#parts;
    const { holder = randomUUID(), work = workOfTask() } = options;
    const waitMs = eitherDuration("wait", options.wait, options.waitMs) ?? 0;
    const leaseMs = eitherDuration("lease", options.lease, options.leaseMs) || leaseDefaultMs;
    const request = AcquireLockRequest.fromPartial({
      namespace,
      name,
      holder,
      leaseMs,
      permits: options.permits ?? 0,
      shared: options.shared ?? false,
      priority: options.priority ?? 0,
      work: work === null ? undefined : work && WorkReference.fromPartial({ ...work }),
    });
    const untilMs = clock.monotonic() + waitMs;
    for (;;) {
      const requestedMs = clock.monotonic();
      const forMs = Math.min(callWaitMs, Math.max(0, untilMs - requestedMs));
      try {
        const { grant } = await locks.acquireLock(
          { ...request, waitMs: forMs },
          { timeoutMs: forMs + roundTripMs },
        );
        if (grant === undefined) throw sdkErrors.replyIncomplete({ about: `the lock ${name}` });
        // The lease started after the request was sent, so that is its earliest possible start.
        return new HeldLock(this.#parts, this.#clockwork, { name, grant, leaseMs, fromMs: requestedMs });
      } catch (error) {
        if (!isTuttiError(error) || error.code !== "lock.held") throw error;
        if (clock.monotonic() >= untilMs) throw withWholeWait(error, name, waitMs);
      }
    }
  }

  /** Returns the lock with its holders and waiters. Rejects if it has no holder. */
  async get(name: string): Promise<Lock> {
    const { lock } = await this.#parts.locks.getLock({ namespace: this.#parts.namespace, name });
    if (lock === undefined) throw sdkErrors.replyIncomplete({ about: `the lock ${name}` });
    return lock;
  }

  /** Lists locks that are held or configured, ordered by name, fetched page by page. */
  list(options: ListOptions = {}): AsyncGenerator<Lock, void, void> {
    requireKnown("locks.list", options, listNames);
    const { prefix = "" } = options;
    const { locks, namespace } = this.#parts;
    return pagesOfLines(async (page) => {
      const reply = await locks.listLocks(ListLocksRequest.fromPartial({ namespace, prefix, page }));
      return { items: reply.locks, token: reply.page?.nextToken };
    });
  }
}

/** Returns the error of the last call with the wait of all calls. */
function withWholeWait(error: TuttiError, name: string, waitMs: number): TuttiError {
  const { code, status, retry, details } = error;
  const { holders } = details;
  if (waitMs === 0 || holders === undefined) return error;
  const problem = `Lock \`${name}\` is in use by ${holders}, and was not free within ${durationText(waitMs)}`;
  const message = `${problem}. Wait longer, or see its holders with \`tutti lock show\`.`;
  return new TuttiError({ code, status, retry, details, message, cause: error });
}

/** A lock that is held. */
export class HeldLock implements AsyncDisposable {
  readonly name: string;
  readonly holder: string;
  /** Fencing token: greater than the tokens of all earlier holders. */
  readonly token: number;
  readonly #parts: LockParts;
  readonly #clockwork: Clockwork;
  readonly #leaseMs: number;
  readonly #lost = new AbortController();
  readonly #renewing: Timer;
  /** Undefined once it was released or lost. */
  #expiring: Timer | undefined;
  #isRenewing = false;

  constructor(
    parts: LockParts,
    clockwork: Clockwork,
    acquired: {
      readonly name: string;
      readonly grant: LockGrant;
      readonly leaseMs: number;
      readonly fromMs: number;
    },
  ) {
    this.#parts = parts;
    this.#clockwork = clockwork;
    this.name = acquired.name;
    this.holder = acquired.grant.holder;
    this.token = acquired.grant.token;
    this.#leaseMs = acquired.leaseMs;
    this.#expireAt(acquired.fromMs + acquired.leaseMs);
    this.#renewing = clockwork.timers.every(acquired.leaseMs / 3, () => void this.#renew());
  }

  /** Aborted when the lock is lost: released by hand, or not renewed in time. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** Releases the lock. Returns false if it was already lost. */
  async release(): Promise<boolean> {
    this.#stopTimers();
    const { locks, namespace } = this.#parts;
    const { name, holder, token } = this;
    const { released } = await locks.releaseLock({ namespace, name, holder, token });
    return released;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #renew(): Promise<void> {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    const requestedMs = this.#clockwork.clock.monotonic();
    try {
      const { name, holder, token } = this;
      const renewal = { name, holder, token, leaseMs: this.#leaseMs };
      const { receipts } = await this.#parts.locks.renewLocks({
        namespace: this.#parts.namespace,
        renewals: [renewal],
      });
      if (this.#expiring === undefined) return;
      if (receipts[0]?.expireTime === undefined) this.#lose("it is no longer held");
      else this.#expireAt(requestedMs + this.#leaseMs);
    } catch {
      // Retried until the lease ends.
    } finally {
      this.#isRenewing = false;
    }
  }

  /** A renewal without an answer must not keep the holder from learning of the end of its lease. */
  #expireAt(dueMs: number): void {
    const { clock, timers } = this.#clockwork;
    this.#expiring?.cancel();
    this.#expiring = timers.after(Math.max(0, dueMs - clock.monotonic()), () =>
      this.#lose("it could not be renewed before its lease was over"),
    );
  }

  #stopTimers(): void {
    this.#renewing.cancel();
    this.#expiring?.cancel();
    this.#expiring = undefined;
  }

  #lose(reason: string): void {
    this.#stopTimers();
    this.#lost.abort(sdkErrors.lockLost({ name: this.name, why: reason }));
  }
}
