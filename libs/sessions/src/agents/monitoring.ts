/** How closely a session is watched, in what that comes to for those who watch. */
import { MonitoringLevel } from "@tutti/contracts/session/v1";
import type { SessionView } from "@tutti/machine-session";

/** A task that takes longer than planned by this share is reported. */
const deviationUsual = 0.5;

/** Returns whether all that is seen is written down, and not only some of it each second. */
export function isInDetail({ order }: Pick<SessionView, "order">): boolean {
  return order?.spec?.monitoring?.level === MonitoringLevel.MONITORING_LEVEL_DETAILED;
}

/**
 * The factor by which something has to differ from its plan to be reported, and to be a reason for another
 * plan.
 */
export function surprisingFactor({ order }: Pick<SessionView, "order">): number {
  return 1 + (order?.spec?.monitoring?.deviation || deviationUsual);
}
