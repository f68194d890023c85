/**
 * Plans that wait for an approval, to explain why nothing starts. They are not stored: the planner of a part
 * asks again after a crash, and finds its question.
 */
import { type Explanation, WaitCause } from "@tutti/contracts/types/v1";
import { isWaiting, prefaced, waitSince } from "@tutti/host/serving";
import { type InstanceKey, textOf } from "@tutti/kernel";

interface HeldPlan {
  /** Open approvals, with their questions. */
  readonly questions: readonly { readonly message: string; readonly approval: string }[];
  readonly sinceMs: number;
}

export class HeldPlans {
  readonly #bySession = new Map<string, Map<number, HeldPlan>>();

  /** Sets the held plan of a part. Without questions the plan is no longer held. */
  set(key: InstanceKey, part: number, plan: HeldPlan): void {
    const name = textOf(key);
    const parts = this.#bySession.get(name) ?? new Map<number, HeldPlan>();
    const { sinceMs } = parts.get(part) ?? plan;
    if (plan.questions.length > 0) parts.set(part, { ...plan, sinceMs });
    else parts.delete(part);
    if (parts.size > 0) this.#bySession.set(name, parts);
    else this.#bySession.delete(name);
  }

  /** Puts the question first if a plan is held and the explained work waits. */
  explained(key: InstanceKey, explanation: Explanation): Explanation {
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
        text: "Decide the approval",
        command: `tutti approve ${subject}`,
      })),
    });
  }
}
