/** How tasks of a session can be carried: each is an engine of its own. */
export const modes = ["workflow", "swarm", "intelligence", "hybrid"] as const;

export type Mode = (typeof modes)[number];

/** Does no harm: what was declared, in the order in which it was. */
export const safeMode: Mode = "workflow";
