/** A question of a hook in the form of the contract, for external services. */
import type { HookOccasion } from "@tutti/contracts/swarm/v1";
import type { HookQuestion } from "@tutti/matching";

/** `number`: the number of the question at the listener. */
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
