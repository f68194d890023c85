/** Times of the calendar: cron expressions, time zones, days as numbers. */
export { civilDay, dayMs, dayNumber } from "./civil.ts";
export { type Cron, cronProblem, nextLocal, readCron } from "./cron.ts";
export { type Zone, type ZonePeriod, zoneOf, zoneProblem } from "./zone.ts";
