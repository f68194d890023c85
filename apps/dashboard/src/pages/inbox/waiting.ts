/** Questions that wait for a person, and their order. */
import type { Approval, Inbox } from "@tutti/rest/types";

function isOpen({ verdict }: Pick<Approval, "verdict">): boolean {
  return verdict === undefined || verdict === "unspecified";
}

/** Returns the open questions that a person can answer now: no other person has claimed them, and the answer is missing. */
export function waitingFor(approvals: readonly Approval[], me: string): Approval[] {
  return approvals.filter((approval) => {
    const { claim, decisions } = approval;
    const isClaimed = claim !== undefined && claim.person !== me;
    return isOpen(approval) && !isClaimed && !decisions.some(({ cause }) => cause?.actor?.id === me);
  });
}

/** Orders by due time, then by time of the request. */
export function dueFirst(approvals: readonly Approval[]): Approval[] {
  const dueMs = ({ expireTimeMs = 0 }: Approval) => expireTimeMs || Number.POSITIVE_INFINITY;
  return [...approvals].sort((one, other) => {
    const [due, otherDue] = [dueMs(one), dueMs(other)];
    return due === otherDue ? (one.requestTimeMs ?? 0) - (other.requestTimeMs ?? 0) : due - otherDue;
  });
}

const slotsByDefault = 100;

/** Returns how many tasks of an inbox are open, and how many can be. */
export function loadOf({ openTasks = 0, slots = 0 }: Pick<Inbox, "openTasks" | "slots">) {
  const most = slots || slotsByDefault;
  return { open: openTasks, most, share: openTasks / most };
}

/** Returns when people get tasks, in words. */
export function hoursOf({ hours }: Pick<Inbox, "hours">): string {
  if (hours.length === 0) return "always";
  return hours.map(({ begin, end, timeZone = "" }) => `${begin} to ${end} ${timeZone || "UTC"}`).join(", ");
}

const views = ["mine", "open", "decided", "inboxes"] as const;

export interface InboxSearch {
  readonly view?: (typeof views)[number];
}

/** Reads the address of the page. */
export function inboxSearch({ view }: Record<string, unknown>): InboxSearch {
  const known = views.find((each) => each === view);
  return known === undefined ? {} : { view: known };
}
