/** Watches of the blackboard and of messages. */
import type * as swarm from "@tutti/contracts/swarm/v1";
import type { CallContext } from "@tutti/kernel";
import type { MissionDesk } from "../missions/desk.ts";
import { looksAt } from "../missions/looks.ts";
import { ChangedEntries, NewMessages } from "./changes.ts";
import { missionIn } from "./operations.ts";

/** All that is there, then what changes; from a cursor on, what changed since. */
export async function* watchEntries(
  desk: MissionDesk,
  request: swarm.WatchEntriesRequest,
  context: CallContext,
): AsyncGenerator<swarm.WatchEntriesReply, void> {
  const { missionId, prefix, cursor } = missionIn({ ...request, agentId: "" });
  const changed = new ChangedEntries({ desk, missionId, context }, [prefix], numberOf(cursor));
  for await (const isLook of looksAt(desk, missionId, context)) {
    const entries = isLook ? await changed.look() : [];
    yield { entries, live: true, cursor: `a${changed.after}` };
  }
}

export async function* watchMessages(
  desk: MissionDesk,
  request: swarm.WatchMessagesRequest,
  context: CallContext,
): AsyncGenerator<swarm.WatchMessagesReply, void> {
  const { missionId, agentId, afterNumber } = missionIn(request);
  const fresh = new NewMessages({ desk, missionId, context }, agentId, afterNumber);
  for await (const isLook of looksAt(desk, missionId, context))
    yield { messages: isLook ? await fresh.look() : [] };
}

/** One that cannot be read is too old: the stream begins with all that is there. The letter is the version of its form. */
function numberOf(cursor: string): number {
  return Number(/^a(\d{1,10})$/.exec(cursor)?.[1] ?? 0);
}
