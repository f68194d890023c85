/** How far hooks are with a task. */
import type { Label } from "@tutti/contracts/agent/v1";
import type { HookMoment } from "@tutti/contracts/swarm/v1";
import { namedMax } from "../bounds.ts";

const never = Number.POSITIVE_INFINITY;

/** What one hook did. */
export interface HookNote {
  readonly hookId: string;
  readonly moment: HookMoment;
  /** What it did and why, in words. */
  readonly text: string;
  readonly atMs: number;
}

export class Judging {
  moment: HookMoment;
  /** Which of the hooks of the moment is to be asked next. */
  at = 0;
  /** Whether the task is held back by a hook, before it may wait for an agent or before its result counts. */
  isHeld = true;
  /** The hook that holds it, and since when. */
  heldBy = "";
  heldMs = 0;
  /** Why it is held, in words. */
  why = "";
  /** The question that is open. 0 for none. */
  question = 0;
  /** When it is looked at again. */
  dueMs = never;
  /** How often in a row the hook failed that holds it. */
  failures = 0;
  /** Labels that hooks added. */
  labels: Label[] = [];
  /** The agent whose result is judged. */
  agentId = "";
  readonly notes: HookNote[] = [];
  /** When hooks held it before. */
  readonly held: { readonly hookId: string; readonly fromMs: number; readonly toMs: number }[] = [];

  constructor(moment: HookMoment) {
    this.moment = moment;
  }

  /** Other hooks have a say from now on. */
  begin(moment: HookMoment, agentId: string): void {
    this.moment = moment;
    this.agentId = agentId;
    this.at = 0;
    this.isHeld = true;
    this.failures = 0;
    this.unhold();
  }

  /** A hook holds it until a time, or until it answers. */
  hold({ hookId, why, nowMs, dueMs, question }: HookHold): void {
    this.heldBy = hookId;
    this.why = why;
    this.heldMs = nowMs;
    this.dueMs = dueMs;
    this.question = question;
  }

  /** The hold that there is comes to its end. */
  lift(nowMs: number): void {
    if (this.heldBy !== "" && nowMs > this.heldMs && this.held.length < namedMax)
      this.held.push({ hookId: this.heldBy, fromMs: this.heldMs, toMs: nowMs });
    this.unhold();
  }

  unhold(): void {
    this.hold({ hookId: "", why: "", nowMs: 0, dueMs: never, question: 0 });
  }

  release(): void {
    this.isHeld = false;
    this.unhold();
  }
}

interface HookHold {
  readonly hookId: string;
  readonly why: string;
  readonly nowMs: number;
  readonly dueMs: number;
  readonly question: number;
}
