/** Bounds of everything in the alerts of a namespace that could grow. */
export const rulesMax = 1_000;
export const silencesMax = 1_000;
/** Label sets of one rule. Further ones are left out of an observation. */
export const alertsOfRuleMax = 10_000;
/** Alerts that are over. The oldest give way. */
export const endedMax = 1_000;
/** Alerts in one message. The message names the number of all. */
export const alertsInMessageMax = 100;
/** Messages of one rule that wait for one receiver. The oldest become dead. */
export const underWayMax = 50;
/** Deliveries that cannot be made. The oldest give way. */
export const deadMax = 200;
/** Alerts of a rule that change within this time are one message. */
export const groupWaitMs = 200;
/** A rule sends its messages at least this far apart. */
export const groupIntervalMs = 10_000;
