/** Monitoring level of a session, as settings of its observers. */
import { MonitoringLevel } from "@tutti/contracts/session/v1";
import type { SessionView } from "@tutti/machine-session";

/** Default share by which a task must exceed its plan to be reported. */
const deviationUsual = 0.5;

/** Returns whether everything observed is recorded, instead of a part each second. */
export function isInDetail({ order }: Pick<SessionView, "order">): boolean {
  return order?.spec?.monitoring?.level === MonitoringLevel.MONITORING_LEVEL_DETAILED;
}

/** Returns the factor by which a value must differ from its plan to be reported, and to cause a new plan. */
export function surprisingFactor({ order }: Pick<SessionView, "order">): number {
  return 1 + (order?.spec?.monitoring?.deviation || deviationUsual);
}
