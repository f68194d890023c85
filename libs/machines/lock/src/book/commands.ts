import { DeadlockBooked, GiveWay, ResolveDeadlock } from "@tutti/contracts/session/v1";
import type { Command, Message } from "@tutti/kernel";
import { lockErrors } from "../errors.ts";
import { circleMax } from "../limits.ts";
import { deadlockFound } from "./events.ts";
import type { Deadlocks } from "./state.ts";

const giveWayMessage: Message<GiveWay> = { type: "give_way", codec: GiveWay };

/**
 * A request is chosen as victim once: finding the same cycle again before the victim's lock has processed it
 * changes nothing.
 */
export const resolveDeadlock: Command<Deadlocks, ResolveDeadlock, DeadlockBooked, never> = {
  type: "resolve_deadlock",
  codec: ResolveDeadlock,
  reply: DeadlockBooked,
  decide(state, { circle, reason }, step) {
    const [victim] = circle;
    if (victim === undefined || circle.length > circleMax) {
      const problem = `expected a circle of 1 to ${circleMax}, got ${circle.length}`;
      return lockErrors.wishInvalid.refusal({ problem });
    }
    const isKnown = state.found.some(({ circle: [first] }) => isSameWait(first, victim));
    if (isKnown) return { isNew: false };
    step.emit(deadlockFound, { circle, reason, findMs: step.nowMs });
    const { namespace, lock: id, ticket } = victim;
    const address = { service: bookedBy, namespace, kind: "lock", id };
    step.send(address, giveWayMessage, { ticket, message: reason });
    return { isNew: true };
  },
};

/** Name of the service that hosts locks. */
const bookedBy = "master";

interface WaitReference {
  readonly namespace: string;
  readonly lock: string;
  readonly ticket: number;
}

function isSameWait(one: WaitReference | undefined, other: WaitReference): boolean {
  return one?.ticket === other.ticket && one.lock === other.lock && one.namespace === other.namespace;
}
