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
/** Maximum bytes of one encoded item. */
export const bytesMax = 1_000_000;
/** Maximum bytes of all items together: a snapshot has 16 MiB. */
export const weightMax = 12 * 2 ** 20;
/** Maximum bytes of earlier versions of policies together. Older ones are dropped. */
export const versionsWeightMax = 2 ** 21;
export const versionsMax = 500;
/** Maximum bytes and number of earlier rules. Those that ended first are dropped. */
export const pastRulesWeightMax = 2 ** 20;
export const pastRulesMax = 1_000;
/** Time for which a key is listed after its end. */
export const endedKeyMs = 30 * 86_400_000;
/** Time for which a token is kept after its end: longer than the difference between clocks. */
export const endedTokenMs = 3_600_000;
/** Interval of deletions of ended items. */
export const forgetEveryMs = 3_600_000;
