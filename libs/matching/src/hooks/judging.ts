/** The state of the hooks of a task. */
import type { Label } from "@tutti/contracts/agent/v1";
import type { HookMoment } from "@tutti/contracts/swarm/v1";
import { namedMax } from "../bounds.ts";

const never = Number.POSITIVE_INFINITY;

/** An action of a hook. */
export interface HookNote {
  readonly hookId: string;
  readonly moment: HookMoment;
  /** The action and its reason, as a text. */
  readonly text: string;
  readonly atMs: number;
}

export class Judging {
  moment: HookMoment;
  /** Index of the next hook of the moment. */
  at = 0;
  /** True if a hook holds the task, before it may wait for an agent or before its result counts. */
  isHeld = true;
  /** The hook that holds the task, and the start of the hold. */
  heldBy = "";
  heldSinceMs = 0;
  /** Reason of the hold, as a text. */
  reason = "";
  /** Number of the open question. 0 for none. */
  question = 0;
  /** When the hold is checked again. */
  dueMs = never;
  /** Failures in a row of the hook that holds the task. */
  failures = 0;
  /** Labels that hooks added. */
  labels: Label[] = [];
  /** The agent that gave the result. */
  agentId = "";
  readonly notes: HookNote[] = [];
  /** Earlier holds. */
  readonly pastHolds: { readonly hookId: string; readonly fromMs: number; readonly toMs: number }[] = [];

  constructor(moment: HookMoment) {
    this.moment = moment;
  }

  /** Starts with the hooks of another moment. */
  start(moment: HookMoment, agentId: string): void {
    this.moment = moment;
    this.agentId = agentId;
    this.at = 0;
    this.isHeld = true;
    this.failures = 0;
    this.unhold();
  }

  /** Holds the task for a hook, until a time or until its answer. */
  hold({ hookId, reason, nowMs, dueMs, question }: HookHold): void {
    this.heldBy = hookId;
    this.reason = reason;
    this.heldSinceMs = nowMs;
    this.dueMs = dueMs;
    this.question = question;
  }

  /** Ends the present hold. */
  lift(nowMs: number): void {
    if (this.heldBy !== "" && nowMs > this.heldSinceMs && this.pastHolds.length < namedMax)
      this.pastHolds.push({ hookId: this.heldBy, fromMs: this.heldSinceMs, toMs: nowMs });
    this.unhold();
  }

  unhold(): void {
    this.hold({ hookId: "", reason: "", nowMs: 0, dueMs: never, question: 0 });
  }

  release(): void {
    this.isHeld = false;
    this.unhold();
  }
}

interface HookHold {
  readonly hookId: string;
  readonly reason: string;
  readonly nowMs: number;
  readonly dueMs: number;
  readonly question: number;
}
