/** Why a task waits for the others of its gang. */
import { WaitCause } from "@tutti/contracts/types/v1";
import { counted, durationText } from "@tutti/kernel";
import type { Gang } from "../gangs/gang.ts";
import type { Gangs } from "../gangs/gangs.ts";
import type { Task } from "../task/task.ts";
import type { Reason } from "./reason.ts";

const { WAIT_CAUSE_NEEDS, WAIT_CAUSE_NO_MATCH, WAIT_CAUSE_BUSY } = WaitCause;
const namedMax = 5;

/** Returns the reason. The gang must be that of the task. */
export function gangReason(task: Task, gang: Gang, gangs: Gangs, nowMs: number): Reason {
  const { name, size, waiting, running } = gang;
  const reason = { subject: name, holders: [] };
  if (running.size > 0) {
    const message = `gang ${name}: its start is cancelled, because a member did not start. ${counted(running.size, "member")} of ${size} must end first`;
    return { ...reason, cause: WAIT_CAUSE_NEEDS, message, remedy: "wait until these members have ended" };
  }
  if (waiting.size < size) {
    const message = `gang ${name}: ${waiting.size} of ${size} members are here, and it waits for the others`;
    const remedy = `run \`tutti why ${task.offer.workId}\` to see why the other members are not ready`;
    return { ...reason, cause: WAIT_CAUSE_NEEDS, message, remedy };
  }
  const room = gangs.roomFor(gang);
  if (room < size) {
    const message = `gang ${name}: all workers together have room for ${room} of its ${size} members, even if no other task runs`;
    const remedy = `add workers or slots for ${counted(size - room, "more member")}, or make the gang smaller`;
    return { ...reason, cause: WAIT_CAUSE_NO_MATCH, message, remedy };
  }
  const placeable = gangs.placeable(gang, nowMs);
  const missing = [...waiting].filter((member) => !placeable.has(member));
  const untilMs = gangs.holdsUntilMs(gang);
  const holdText =
    untilMs === undefined
      ? ""
      : `. ${counted(placeable.size, "slot is", "slots are")} held for it for another ${durationText(untilMs - nowMs)}`;
  if (missing.length === 0 && gang.remoteSize > 0) {
    const message = `gang ${name}: all ${counted(size, "member")} in this pool fit, and wait for ${counted(gang.remoteSize, "member")} in other pools`;
    const remedy = `run \`tutti why ${task.offer.workId}\` to see why the members in other pools have not started`;
    return { ...reason, cause: WAIT_CAUSE_NEEDS, message, remedy };
  }
  const message =
    missing.length === 0
      ? `gang ${name}: all ${size} members fit, and start at the next turn`
      : `gang ${name}: ${placeable.size} of ${size} members fit, ${waitsText(missing)}${holdText}`;
  const remedy = "add workers or slots, or wait until other tasks end";
  return { ...reason, cause: WAIT_CAUSE_BUSY, message, remedy };
}

/** Describes how many members wait for how many slots of which capability. */
function waitsText(members: readonly Task[]): string {
  const byCapability = new Map<string, string[]>();
  for (const { demand, offer } of members) {
    const { capability } = demand.requirements;
    byCapability.set(capability, [...(byCapability.get(capability) ?? []), offer.taskId]);
  }
  return [...byCapability]
    .map(([capability, ids]) => {
      const named = ids.slice(0, namedMax);
      if (ids.length > namedMax) named.push(`${ids.length - namedMax} more`);
      const last = named.pop() ?? "";
      const membersText = named.length === 0 ? `${last} waits` : `${named.join(", ")} and ${last} wait`;
      return `${membersText} for ${counted(ids.length, "slot")} of ${capability}`;
    })
    .join(", ");
}
