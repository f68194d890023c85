/**
 * The person on call in a rotation, and the end of the shift.
 *
 * 1. A turn has whole days of the rotation's time zone, from handover to handover. So on the day on which clocks change
 *    a turn is an hour shorter or longer, and the handover has the same local time.
 * 2. At every moment one person is on call, also before the start day.
 * 3. Time zone data changes with releases of Node. Only decisions use it. Events contain their outcome.
 */
import type { Rotation, RotationMember, RotationOverride } from "@tutti/contracts/insight/v1";
import { civilDay, dayMs, dayNumber, type Zone, zoneOf } from "@tutti/definitions/timing";
import { fromTimestamp, type ReadOnly } from "@tutti/kernel";

type RotationView = ReadOnly<Rotation>;

export interface Shift {
  readonly member: string;
  readonly receivers: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly isOverridden: boolean;
}

const everyDaysByDefault = 7;
const handoverByDefault = "09:00";
/** 5 January 1970 was a Monday. */
const startDayByDefault = 4;
/** Maximum offset of a zone from UTC. */
const offsetMaxMs = dayMs;
/** Maximum distance in the search for the start and the end of a shift. */
const sightMs = 366 * dayMs;

/** Returns a part of the shift at a moment in which nothing changes. */
export function onCallAt(rotation: RotationView, atMs: number): Shift {
  return stretchAt(rotation, atMs);
}

/**
 * Returns the shift at a moment, and the following ones. Shifts of a rotation with one person have no end and
 * are cut.
 */
export function shiftsFrom(rotation: RotationView, atMs: number, count: number): readonly Shift[] {
  let shift = stretchAt(rotation, atMs);
  while (atMs - shift.fromMs < sightMs) {
    const before = stretchAt(rotation, shift.fromMs - 1);
    if (!isSame(before, shift)) break;
    shift = { ...shift, fromMs: before.fromMs };
  }
  const shifts: Shift[] = [];
  while (shifts.length < count) {
    const next = stretchAt(rotation, shift.toMs);
    if (isSame(next, shift) && shift.toMs - shift.fromMs < 2 * sightMs) {
      shift = { ...shift, toMs: next.toMs };
      continue;
    }
    shifts.push(shift);
    shift = next;
  }
  return shifts;
}

/** Returns the problem of a rotation, with its field. Undefined if there is none. */
export function rotationProblem({
  members,
  timeZone,
  handover,
  startDay,
  overrides,
}: RotationView): string | undefined {
  if (members.length === 0) return "`members`: expected at least one member, got none";
  const names = members.map(({ name }) => name);
  const duplicate = names.find((name, at) => names.indexOf(name) !== at);
  if (duplicate !== undefined) return `\`members\`: expected each member once, got \`${duplicate}\` twice`;
  const deaf = members.findIndex(({ receivers }) => receivers.length === 0);
  if (deaf >= 0) return `\`members[${deaf}].receivers\`: expected at least one receiver, got none`;
  if (zoneOf(timeZone) === undefined)
    return `\`timeZone\`: expected a time zone such as Europe/Berlin, got \`${timeZone}\``;
  if (handover !== "" && timeOfDayMs(handover) === undefined)
    return `\`handover\`: expected a time of day such as 09:00, got \`${handover}\``;
  if (startDay !== "" && dayIn(startDay) === undefined)
    return `\`startDay\`: expected a day such as 2026-11-23, got \`${startDay}\``;
  for (const [at, { member, receivers, span }] of overrides.entries()) {
    const place = `\`overrides[${at}]`;
    const fromMs = span?.from === undefined ? Number.NaN : fromTimestamp(span.from);
    const toMs = span?.to === undefined ? Number.NaN : fromTimestamp(span.to);
    if (!(fromMs < toMs)) return `${place}.span\`: expected \`from\` before \`to\``;
    if (receivers.length === 0 && !names.includes(member))
      return `${place}.receivers\`: expected receivers of \`${member}\`, who is no member, got none`;
  }
  return undefined;
}

/**
 * Returns a period in which nothing changes: without a handover, and without a start or an end of an
 * override.
 */
function stretchAt(rotation: RotationView, atMs: number): Shift {
  const turn = turnAt(rotation, atMs);
  let { fromMs, toMs } = turn;
  let found: ReadOnly<RotationOverride> | undefined;
  for (const override of rotation.overrides) {
    const startMs = override.span?.from === undefined ? 0 : fromTimestamp(override.span.from);
    const endMs = override.span?.to === undefined ? 0 : fromTimestamp(override.span.to);
    if (startMs <= atMs && atMs < endMs) found = override;
    for (const edgeMs of [startMs, endMs]) {
      if (edgeMs <= atMs) fromMs = Math.max(fromMs, edgeMs);
      else toMs = Math.min(toMs, edgeMs);
    }
  }
  const { member } = turn;
  if (found === undefined || found.member === member.name)
    return { member: member.name, receivers: member.receivers, fromMs, toMs, isOverridden: false };
  const named = rotation.members.find(({ name }) => name === found.member);
  const receivers = found.receivers.length > 0 ? found.receivers : (named?.receivers ?? []);
  return { member: found.member, receivers, fromMs, toMs, isOverridden: true };
}

function isSame(one: Shift, other: Shift): boolean {
  return one.member === other.member && one.isOverridden === other.isOverridden;
}

interface Turn {
  readonly member: ReadOnly<RotationMember>;
  readonly fromMs: number;
  readonly toMs: number;
}

function turnAt({ members, timeZone, handover, everyDays, startDay }: RotationView, atMs: number): Turn {
  const zone = zoneOf(timeZone) as Zone;
  const ofDayMs = timeOfDayMs(handover || handoverByDefault) ?? 0;
  const handoverOn = (day: number) => momentOf(zone, day * dayMs + ofDayMs);
  let day = Math.floor((atMs + zone.periodAt(atMs).offsetMs - ofDayMs) / dayMs);
  // In an hour that clocks skip or repeat, local times do not show which handovers have passed.
  while (handoverOn(day + 1) <= atMs) day++;
  while (handoverOn(day) > atMs) day--;
  const firstDay = dayIn(startDay) ?? startDayByDefault;
  const days = everyDays === 0 ? everyDaysByDefault : everyDays;
  const turn = Math.floor((day - firstDay) / days);
  const { length } = members;
  const member = members[((turn % length) + length) % length] as ReadOnly<RotationMember>;
  const fromMs = handoverOn(firstDay + turn * days);
  return { member, fromMs, toMs: handoverOn(firstDay + (turn + 1) * days) };
}

/** Returns the moment of a local time: the first of two, or the first after a gap. */
function momentOf(zone: Zone, localMs: number): number {
  let period = zone.periodAt(localMs - offsetMaxMs);
  while (localMs - period.offsetMs >= period.toMs) period = zone.periodAt(period.toMs);
  return Math.max(period.fromMs, localMs - period.offsetMs);
}

function timeOfDayMs(text: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  return hours === undefined ? undefined : (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** Returns the number of a calendar day. */
function dayIn(text: string): number | undefined {
  const [, year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const number = dayNumber({ year, month, day });
  const found = civilDay(number);
  return found.month === month && found.day === day && year >= 1970 ? number : undefined;
}
