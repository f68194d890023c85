/** Names that the platform has given itself, and that several packages know. */

/** The durable function that is an agent. Its input is the `agent` of the task. */
export const agentFunction = "tutti.agent";

/** The label of workflows of the platform. They are no tools of others. */
export const internalLabel = "tutti.internal";
