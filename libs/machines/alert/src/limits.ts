/** Bounds of everything in the alerts of a namespace that could grow. */
export const rulesMax = 1_000;
export const silencesMax = 1_000;
/** Duration of a recurring silence. */
export const recurrenceMinMs = 60_000;
export const recurrenceMaxMs = 30 * 24 * 3_600_000;
/** Label sets of one rule. Further ones are left out of an observation. */
export const alertsOfRuleMax = 10_000;
/** Firing alerts that other systems reported. Further ones are left out. */
export const reportsMax = 10_000;
/** A reported alert without an end time ends after this time, as with Alertmanager. */
export const reportedForMs = 5 * 60_000;
/** The rule of reported alerts that have no rule of their own. */
export const externalRuleId = "external";
/** Ended alerts. The oldest are dropped first. */
export const endedMax = 1_000;
/** Alerts in one message. The message names the number of all. */
export const alertsInMessageMax = 100;
/** Pending messages of one rule to one receiver. The oldest become dead. */
export const pendingMessagesMax = 50;
/** Failed deliveries. The oldest are dropped first. */
export const deadMax = 200;
/** Stored incidents. The oldest resolved ones are dropped first. */
export const incidentsMax = 200;
/** Entries in the timeline of an incident. The first entry stays, then the oldest are dropped first. */
export const incidentEntriesMax = 200;
/** Labels, and ids of alerts, that an incident keeps. */
export const incidentPartsMax = 100;
/** A resolved incident opens again if an alert joins it within this time. */
export const incidentReopenMs = 30 * 60_000;
export const rotationsMax = 200;
export const policiesMax = 200;
/** A later step of an escalation waits at least this long. */
export const stepAfterMinMs = 1_000;
/** The steps of an escalation are repeated after this time. */
export const repeatAfterByDefaultMs = 5 * 60_000;
/** An escalation whose alerts are silenced or inhibited is checked again after this time. */
export const suppressedRetryMs = 60_000;
/** Alerts of a rule that change within this time, one after the other, are one message. */
export const groupWaitMs = 200;
/** A message does not wait longer for further changes. */
export const groupWaitMaxMs = 2_000;
/** Minimum interval between messages of a rule. */
export const groupIntervalMs = 10_000;
