import type { Principal, TraceContext, TuttiError } from "@tutti/kernel";
import type { Method } from "./method.ts";
import type { Stoppable } from "./stopping.ts";

/** A call as seen by the link to an instance. */
export interface OutgoingCall {
  readonly method: Method;
  readonly principal: Principal;
  readonly namespace: string;
  /** On this process's monotonic clock. */
  readonly deadlineMs: number;
  readonly trace: TraceContext | undefined;
  readonly idempotencyKey: string;
  /** The epoch of the owner that a keyed call goes to. Otherwise 0. */
  readonly ownerEpoch: number;
  /** Why it ended early. Undefined while it is active. */
  readonly stopped: TuttiError | undefined;
  /** Sets the object that the call waits for, which is stopped together with the call. */
  setStoppable(stoppable: Stoppable): void;
}
