/** Bounds of everything in a pool that could grow, in addition to its settings. */
export const profilesPerStreamMax = 10_000;
export const poolsPerStreamMax = 1_000;
export const namespacesMax = 10_000;
/** Results kept for a sender, in windows. More tasks are accepted only after some are durable. */
export const retainedWindowsMax = 8;
export const limitKeysMax = 100_000;
export const limitRulesMax = 10_000;
export const heldAgentsMax = 100_000;
/** Agents whose joins are counted. The oldest counts are forgotten. */
export const flappingAgentsMax = 20_000;
/** Sticky and context keys that are remembered. The least recently used are forgotten. */
export const affinitiesMax = 100_000;
/** Maximum number of tokens of joining agents that no sender has offered yet. */
export const claimsMax = 1_000_000;
export const capabilitiesPerAgentMax = 1_000;
export const capabilityNumbersMax = 100_000;
export const slotsMax = 100_000;
export const creditMax = 1_000_000;
/** Number of placements that are remembered for explanations, and for how long. */
export const placementsMax = 131_072;
export const placementsMs = 3_600_000;
/** Number of attempts that are kept for readers of the past, and for how long after they were read. */
export const attemptsRetainedMax = 32_768;
export const attemptsReadMs = 1_800_000;
/** How often one task may be answered as busy before it goes back to its sender. */
export const busyAnswersMax = 20;
/** The pause after a busy answer without a time. */
export const busyBackoff = { firstMs: 100, maxMs: 30_000 };
export const busyPauseMaxMs = 300_000;
/** How many capabilities or groups of them an agent may pause for itself. With more, it is paused as a whole. */
export const pausesPerAgentMax = 64;
/** Concurrency of an agent after a busy answer, as a share of the one before. */
export const busyFactor = 0.7;
/** Maximum of results from one agent for one attempt. The number of each further one is settled at once. */
export const repeatsMax = 16;
/** How many agents a strategy judges, and how many with room are checked for a demand on the one agent. */
export const judgedMax = 16;
export const comparedMax = 64;
/** Minimum of every retry-after time. */
export const retryAfterMs = 1_000;
/** Maximum number of waiting tasks or candidates in an explanation. */
export const namedMax = 100;
