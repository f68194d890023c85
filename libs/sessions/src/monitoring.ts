/** How closely a session is watched, in what that comes to for those who watch. */
import { MonitoringLevel } from "@tutti/contracts/session/v1";
import type { SessionView } from "@tutti/machine-session";

/** What takes longer than it was to by this share is told. */
const deviationUsual = 0.5;

/** Returns whether all that is seen is written down, and not only some of it each second. */
export function isInDetail({ order }: Pick<SessionView, "order">): boolean {
  return order?.spec?.monitoring?.level === MonitoringLevel.MONITORING_LEVEL_DETAILED;
}

/** By which factor something has to differ from its plan to be told, and to be a reason for another plan. */
export function surprisingFactor({ order }: Pick<SessionView, "order">): number {
  return 1 + (order?.spec?.monitoring?.deviation || deviationUsual);
}
