/** Bounds of everything in a tenant that could grow. */
export const principalsMax = 20_000;
export const rolesMax = 1_000;
export const bindingsMax = 20_000;
export const callerLimitsMax = 10_000;
export const rulesMax = 1_000;
export const policiesMax = 5_000;
export const keysMax = 20_000;
export const tokensMax = 50_000;
/** Maximum number of lockouts at the same time. */
export const lockoutsMax = 1_000;
export const idLengthMax = 250;
/** What one thing that is kept may weigh, encoded. */
export const bytesMax = 1_000_000;
/** What all together may weigh: a snapshot has 16 MiB. */
export const weightMax = 12 * 2 ** 20;
/** What earlier versions of policies may weigh together. Older ones are no longer kept. */
export const versionsWeightMax = 2 ** 21;
export const versionsMax = 500;
/** What rules as they were may weigh together, and how many are kept. Those that ended first are no longer. */
export const pastRulesWeightMax = 2 ** 20;
export const pastRulesMax = 1_000;
/** How long after its end a key is listed. */
export const endedKeyMs = 30 * 86_400_000;
/** How long after its end a token is remembered: longer than clocks are apart. */
export const endedTokenMs = 3_600_000;
/** How often what has ended is forgotten. */
export const forgetEveryMs = 3_600_000;
