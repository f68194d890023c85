/** Names of the platform itself that several packages use. */

/** The durable function that is an agent. Its input is the `agent` of the task. */
export const agentFunction = "tutti.agent";

/** The label of the platform's own workflows. Agents cannot use them as tools. */
export const internalLabel = "tutti.internal";

/** Returns whether a workflow belongs to the platform itself. Lists leave it out, and it is no tool. */
export function isInternal({ name, labels }: InternalFacts): boolean {
  return labels[internalLabel] !== undefined || name === agentFunction;
}

interface InternalFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}
