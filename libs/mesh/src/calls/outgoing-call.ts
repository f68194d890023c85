import type { Principal, TraceContext, TuttiError } from "@tutti/kernel";
import type { Method } from "./method.ts";
import type { Stoppable } from "./stopping.ts";

/** A call as the way to an instance sees it. */
export interface OutgoingCall {
  readonly method: Method;
  readonly principal: Principal;
  readonly namespace: string;
  /** On this process's monotonic clock. */
  readonly deadlineMs: number;
  readonly trace: TraceContext | undefined;
  readonly idempotencyKey: string;
  /** Of a keyed call: the epoch of the owner it goes to. Otherwise 0. */
  readonly ownerEpoch: number;
  /** Why it ended early. Undefined as long as it is wanted. */
  readonly stopped: TuttiError | undefined;
  /** Names what the call waits at now, to be stopped with it. */
  hold(what: Stoppable): void;
}
