import { GiveWay, LeaveLine, LockDone, LockWaitEnd } from "@tutti/contracts/session/v1";
import { pump } from "../hold/pump.ts";
import type { LockCommand } from "../state.ts";
import { lockWaitEnded, lockWaitKept } from "./events.ts";

/** The caller has disconnected, and may ask again. */
export const leaveLine: LockCommand<LeaveLine, LockDone> = {
  type: "leave_line",
  codec: LeaveLine,
  reply: LockDone,
  decide(lock, { holder }, step) {
    const ticket = lock.byHolder.get(holder);
    const wait = ticket === undefined ? undefined : lock.line.get(ticket);
    if (wait !== undefined && wait.attendMs > step.nowMs)
      step.emit(lockWaitKept, { ticket: wait.ticket, attendMs: step.nowMs });
    return {};
  },
};

/** A message of the deadlock machine. A request that no longer waits is not changed. */
export const giveWay: LockCommand<GiveWay, LockDone> = {
  type: "give_way",
  codec: GiveWay,
  reply: LockDone,
  decide(lock, { ticket, message }, step) {
    if (!lock.line.has(ticket)) return {};
    const reason = LockWaitEnd.LOCK_WAIT_END_GAVE_WAY;
    step.emit(lockWaitEnded, { ticket, reason, message, endMs: step.nowMs });
    pump(lock, step);
    return {};
  },
};
