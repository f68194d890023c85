/** The modes of a session: each is an engine of its own. */
export const modes = ["workflow", "swarm", "intelligence", "hybrid"] as const;

export type Mode = (typeof modes)[number];

/** The declared order, without changes. */
export const safeMode: Mode = "workflow";
