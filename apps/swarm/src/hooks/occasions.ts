/** What those outside are informed of a question, in the contract's form. */
import type { HookOccasion } from "@tutti/contracts/swarm/v1";
import type { HookQuestion } from "@tutti/matching";

/** `number` is that of the asked listener. */
export function occasionOf(question: HookQuestion, number: number): HookOccasion {
  const { moment, work, capability, attempt, agentId, labels, priority, input, outcome, timeoutMs } =
    question;
  return {
    number,
    moment,
    work,
    capability,
    attempt,
    agentId,
    priority,
    input,
    outcome,
    timeoutMs,
    labels: { ...labels },
  };
}
