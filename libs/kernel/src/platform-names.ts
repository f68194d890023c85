/** Names of the platform itself that several packages use. */

/** The durable function that is an agent. Its input is the `agent` of the task. */
export const agentFunction = "tutti.agent";

/** The label of the platform's own workflows. Agents cannot use them as tools. */
export const internalLabel = "tutti.internal";
