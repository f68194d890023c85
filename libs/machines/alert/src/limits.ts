/** Bounds of everything in the alerts of a namespace that could grow. */
export const rulesMax = 1_000;
export const silencesMax = 1_000;
/** How long a recurring silence lasts each time. */
export const recurrenceMinMs = 60_000;
export const recurrenceMaxMs = 30 * 24 * 3_600_000;
/** Label sets of one rule. Further ones are left out of an observation. */
export const alertsOfRuleMax = 10_000;
/** Firing alerts that other systems reported. Further ones are left out. */
export const reportsMax = 10_000;
/** A reported alert that does not say when it ends is over after this time, as with Alertmanager. */
export const reportedForMs = 5 * 60_000;
/** The rule of reported alerts that have no rule of their own. */
export const externalRuleId = "external";
/** Alerts that are over. The oldest give way. */
export const endedMax = 1_000;
/** Alerts in one message. The message names the number of all. */
export const alertsInMessageMax = 100;
/** Messages of one rule that wait for one receiver. The oldest become dead. */
export const underWayMax = 50;
/** Deliveries that cannot be made. The oldest give way. */
export const deadMax = 200;
/** Incidents that are kept. The oldest resolved ones give way. */
export const incidentsMax = 200;
/** Entries in the timeline of an incident. The first stays, then the oldest give way. */
export const incidentEntriesMax = 200;
/** Labels, and ids of alerts, that an incident keeps. */
export const incidentPartsMax = 100;
/** An incident that was resolved so long ago opens again when an alert joins it. */
export const incidentReopenMs = 30 * 60_000;
export const rotationsMax = 200;
export const policiesMax = 200;
/** A later step of an escalation waits at least this long. */
export const stepAfterMinMs = 1_000;
/** The steps of an escalation are repeated after this time. */
export const repeatAfterByDefaultMs = 5 * 60_000;
/** An escalation whose alerts are silenced or inhibited is looked at again after this time. */
export const suppressedRetryMs = 60_000;
/** Alerts of a rule that change within this time are one message. */
export const groupWaitMs = 200;
/** A rule sends its messages at least this far apart. */
export const groupIntervalMs = 10_000;
