/**
 * Acquiring a lock for a caller that waits.
 *
 * 1. The machine keeps the line. This module keeps only the listeners. After a hang-up or a crash, a place is
 *    kept for a while, and given up without another request.
 * 2. A missed release, for example after the lock has moved to another owner, is found by periodic requests.
 */
import { type AcquireLockRequest, type LockGrant, LockWaitEnd } from "@tutti/contracts/session/v1";
import { execute, query } from "@tutti/host/serving";
import { type CallContext, type InstanceKey, sleep } from "@tutti/kernel";
import { acquire, deadlockErrors, leaveLine, lockErrors, obstacle } from "@tutti/machine-lock";
import { keyOf, type LockDependencies } from "./dependencies.ts";
import type { LockWaitOutcome } from "./lock-waits.ts";
import { grantOf } from "./messages.ts";

const retryAfterMs = 15_000;
/** Time of a deadline that is left for the transport of the answer. */
const answerMs = 250;

export async function acquireLock(
  dependencies: LockDependencies,
  request: AcquireLockRequest,
  context: CallContext,
): Promise<LockGrant> {
  const { name, holder } = request;
  const { clock } = dependencies.foundation;
  const key = keyOf(context.namespace, name);
  const work = request.work && { ...request.work, namespace: request.work.namespace || context.namespace };
  const untilMs = Math.min(clock.monotonic() + request.waitMs, context.deadlineMs - answerMs);
  for (;;) {
    const waitMs = Math.max(0, Math.round(untilMs - clock.monotonic()));
    const listener = listenForOutcome(dependencies, key, holder);
    try {
      const call = { command: acquire, body: { ...request, work, waitMs }, idempotencyKey: "" };
      const { hold } = await execute(dependencies, key, call, context);
      if (hold !== undefined) return grantOf(hold);
      const lockEvent = await listener.within(Math.min(waitMs, retryAfterMs), context.signal);
      if (lockEvent?.kind === "granted") return grantOf(lockEvent.hold);
      if (lockEvent?.kind === "ended") refuse(lockEvent, request);
    } finally {
      listener.stop();
    }
    if (context.signal.aborted) {
      await hangUp(dependencies, key, holder, context);
      context.signal.throwIfAborted();
    }
    if (clock.monotonic() >= untilMs)
      return query(dependencies, key, { query: obstacle, body: { waitMs: request.waitMs } }, context);
  }
}

function listenForOutcome(
  { waits, foundation: { timers } }: LockDependencies,
  key: InstanceKey,
  holder: string,
) {
  const { promise, resolve } = Promise.withResolvers<LockWaitOutcome | undefined>();
  const over = new AbortController();
  const stopListening = waits.listen(key, holder, resolve);
  return {
    within(ms: number, signal: AbortSignal): Promise<LockWaitOutcome | undefined> {
      const nothing = () => undefined;
      const timeout = sleep(timers, ms, AbortSignal.any([signal, over.signal])).then(nothing, nothing);
      return Promise.race([promise, timeout]);
    },
    stop(): void {
      over.abort();
      stopListening();
    },
  };
}

/** Refuses a caller. One that lost its place without its own fault retries, and learns the reason then. */
function refuse(
  { reason, message }: Extract<LockWaitOutcome, { kind: "ended" }>,
  { name, holder }: AcquireLockRequest,
): void {
  if (reason === LockWaitEnd.LOCK_WAIT_END_GAVE_WAY) throw deadlockErrors.deadlock({ circle: message });
  const isPlaceLost =
    reason === LockWaitEnd.LOCK_WAIT_END_RELEASED || reason === LockWaitEnd.LOCK_WAIT_END_WORK_ENDED;
  if (isPlaceLost) throw lockErrors.placeLost({ name, holder });
}

/** Reports that a caller hung up. A lost report does no harm: the place is given up a little later. */
async function hangUp(
  dependencies: LockDependencies,
  key: InstanceKey,
  holder: string,
  context: CallContext,
): Promise<void> {
  const call = { command: leaveLine, body: { holder }, idempotencyKey: "" };
  await execute(dependencies, key, call, context).catch((error: unknown) =>
    dependencies.foundation.logger.debug("failed to report a disconnected caller to its lock", { error }),
  );
}
