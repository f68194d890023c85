/**
 * Escalation: further receivers of the alerts of a rule, step by step until they are acknowledged.
 *
 * 1. The alerts of a rule escalate together, as they are grouped: 10,000 of them are one message for each receiver and
 *    step.
 * 2. An alert waits as long as it fires and is not acknowledged. One that is silenced or inhibited does not wait.
 * 3. A step is notified once in each round. When no alert waits, no further step is sent. The next alert starts with
 *    step 1.
 * 4. A receiver that was notified gets all later changes of the rule, until its alerts end.
 * 5. The people on call are determined when a step is sent. A person whose shift starts later is notified with the next
 *    alert, of all waiting ones.
 */
import type {
  EscalationPolicy,
  EscalationStep,
  KeptAlert,
  KeptEscalation,
} from "@tutti/contracts/insight/v1";
import type { ReadOnly } from "@tutti/kernel";
import { repeatAfterByDefaultMs, suppressedRetryMs } from "../limits.ts";
import { onCallAt } from "../on-call/shifts.ts";
import type { AlertsView } from "../state.ts";

/** Alerts of a rule that receivers may learn of. */
export interface RuleAlerts {
  /** Alerts whose current status receivers do not know. */
  readonly unsent: readonly KeptAlert[];
  /** Firing alerts that are not acknowledged. */
  readonly waiting: readonly KeptAlert[];
  /** Whether further alerts would wait without a silence or an inhibition. */
  readonly isSuppressed: boolean;
}

export interface EscalationMessage {
  readonly alerts: readonly KeptAlert[];
  readonly step: number;
  readonly onCall: readonly string[];
}

export interface Climb {
  /** Escalation afterwards. Undefined if the alerts do not escalate. */
  readonly escalation: KeptEscalation | undefined;
  /** Messages by receiver. */
  readonly messages: ReadonlyMap<string, EscalationMessage>;
}

export function climb(view: AlertsView, ruleId: string, alerts: RuleAlerts, nowMs: number): Climb {
  const { unsent, waiting, isSuppressed } = alerts;
  const policyId = view.rules.get(ruleId)?.rule?.escalation ?? "";
  const policy = view.policies.get(policyId)?.policy;
  const known = view.escalations.get(ruleId);
  const messages = new Map<string, EscalationMessage>();
  if (known !== undefined && unsent.length > 0)
    for (const receiver of known.receivers)
      messages.set(receiver, { alerts: unsent, step: known.reached, onCall: [] });
  if (policy === undefined || waiting.length === 0)
    return { escalation: resting(known, { isSuppressed, nowMs }), messages };
  const isFresh = known === undefined || known.policyId !== policyId || !waiting.some(isNotified);
  const start: KeptEscalation = isFresh
    ? {
        ruleId,
        policyId,
        reached: 0,
        round: 0,
        receivers: [...(known?.receivers ?? [])],
        dueMs: nowMs + (policy.steps[0]?.afterMs ?? 0),
      }
    : { ...known, receivers: [...known.receivers] };
  const round = new EscalationRound(view, policy, start, alerts, messages, nowMs);
  // Steps that were notified before may have other people now.
  if (!isFresh && unsent.length > 0) round.notifyNewcomers();
  round.climb();
  return { escalation: round.escalation, messages };
}

/** Handles the case that no alert waits. Suppressed alerts are checked again later. */
function resting(
  known: ReadOnly<KeptEscalation> | undefined,
  { isSuppressed, nowMs }: { readonly isSuppressed: boolean; readonly nowMs: number },
): KeptEscalation | undefined {
  if (known === undefined) return undefined;
  const isDue = known.dueMs > 0 && known.dueMs <= nowMs;
  const later = isSuppressed ? (isDue ? nowMs + suppressedRetryMs : known.dueMs) : 0;
  return { ...known, receivers: [...known.receivers], dueMs: later };
}

class EscalationRound {
  readonly escalation: KeptEscalation;
  readonly #view: AlertsView;
  readonly #policy: ReadOnly<EscalationPolicy>;
  readonly #alerts: RuleAlerts;
  readonly #messages: Map<string, EscalationMessage>;
  readonly #nowMs: number;

  constructor(
    view: AlertsView,
    policy: ReadOnly<EscalationPolicy>,
    escalation: KeptEscalation,
    alerts: RuleAlerts,
    messages: Map<string, EscalationMessage>,
    nowMs: number,
  ) {
    this.#view = view;
    this.#policy = policy;
    this.escalation = escalation;
    this.#alerts = alerts;
    this.#messages = messages;
    this.#nowMs = nowMs;
  }

  notifyNewcomers(): void {
    const notified = new Set(this.escalation.receivers);
    const { round, reached } = this.escalation;
    const { steps } = this.#policy;
    for (const [at, step] of (round > 0 ? steps : steps.slice(0, reached)).entries())
      this.#notify(at + 1, step, (receiver) => !notified.has(receiver));
  }

  climb(): void {
    const { escalation } = this;
    const { steps, repeats, repeatAfterMs } = this.#policy;
    while (escalation.dueMs > 0 && escalation.dueMs <= this.#nowMs) {
      const step = steps[escalation.reached];
      // The policy has fewer steps than before.
      if (step === undefined) {
        escalation.dueMs = 0;
        return;
      }
      escalation.reached += 1;
      this.#notify(escalation.reached, step, () => true);
      const next = steps[escalation.reached];
      if (next !== undefined) escalation.dueMs = this.#nowMs + next.afterMs;
      else if (escalation.round >= repeats) escalation.dueMs = 0;
      else {
        escalation.round += 1;
        escalation.reached = 0;
        escalation.dueMs = this.#nowMs + (repeatAfterMs || repeatAfterByDefaultMs);
      }
    }
  }

  #notify(number: number, step: ReadOnly<EscalationStep>, isSelected: (receiver: string) => boolean): void {
    const { receivers: notified } = this.escalation;
    const { unsent, waiting } = this.#alerts;
    for (const [receiver, onCall] of this.#receiversOf(step)) {
      if (!isSelected(receiver)) continue;
      const isKnown = notified.includes(receiver);
      // Ends are only for receivers that know of the start.
      const alerts = isKnown ? [...new Set([...unsent, ...waiting])] : waiting;
      this.#messages.set(receiver, { alerts, step: number, onCall });
      if (!isKnown) notified.push(receiver);
    }
  }

  /** Returns the receivers of a step, with the people on call for each. */
  #receiversOf({ receivers, rotations }: ReadOnly<EscalationStep>): ReadonlyMap<string, readonly string[]> {
    const found = new Map<string, string[]>(receivers.map((receiver) => [receiver, []]));
    for (const id of rotations) {
      const rotation = this.#view.rotations.get(id)?.rotation;
      if (rotation === undefined) continue;
      const shift = onCallAt(rotation, this.#nowMs);
      for (const receiver of shift.receivers) {
        const people = found.get(receiver) ?? [];
        if (!people.includes(shift.member)) people.push(shift.member);
        found.set(receiver, people);
      }
    }
    return found;
  }
}

function isNotified({ status, told }: KeptAlert): boolean {
  return told === status;
}
