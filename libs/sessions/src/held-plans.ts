/**
 * Plans that wait for somebody's yes, for the caller that asks why nothing starts. Nothing of it is kept: whoever plans
 * a part after a crash asks again, and finds what was asked.
 */
import { type Explanation, WaitCause } from "@tutti/contracts/types/v1";
import { isWaiting, prefaced, waitSince } from "@tutti/host/serving";
import { type InstanceKey, textOf } from "@tutti/kernel";

interface HeldPlan {
  /** The approvals that nobody has decided, with what they ask. */
  readonly questions: readonly { readonly message: string; readonly approval: string }[];
  readonly sinceMs: number;
}

export class HeldPlans {
  readonly #bySession = new Map<string, Map<number, HeldPlan>>();

  /** Without questions it is held no more. */
  put(key: InstanceKey, part: number, plan: HeldPlan): void {
    const name = textOf(key);
    const parts = this.#bySession.get(name) ?? new Map<number, HeldPlan>();
    const { sinceMs } = parts.get(part) ?? plan;
    if (plan.questions.length > 0) parts.set(part, { ...plan, sinceMs });
    else parts.delete(part);
    if (parts.size > 0) this.#bySession.set(name, parts);
    else this.#bySession.delete(name);
  }

  /** An explanation that starts with what is asked, where a plan is held and what is explained waits at all. */
  told(key: InstanceKey, explanation: Explanation): Explanation {
    const parts = [...(this.#bySession.get(textOf(key)) ?? [])].map(([, plan]) => plan);
    const isOfTask = (explanation.about?.task ?? "") !== "";
    if (parts.length === 0 || (isOfTask && !isWaiting(explanation))) return explanation;
    const cause = WaitCause.WAIT_CAUSE_APPROVAL;
    const waits = parts.flatMap(({ questions, sinceMs }) =>
      questions.map(({ message, approval: subject }) => waitSince(sinceMs, { cause, message, subject })),
    );
    return prefaced(explanation, {
      summary: `Its plan waits for a person: ${waits.map(({ message }) => message).join("; ")}.`,
      waits,
      remedies: waits.map(({ subject }) => ({
        text: "Decide what is asked",
        command: `tutti approve ${subject}`,
      })),
    });
  }
}
