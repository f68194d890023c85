/** A question of a hook as external services get it, in the form of the contract. */
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
