/** Watches of the blackboard and of messages. */
import type * as swarm from "@tutti/contracts/swarm/v1";
import { looksAt } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { type MissionDependencies, missionWork } from "../missions/dependencies.ts";
import { ChangedEntries, NewMessages } from "./changes.ts";
import { missionIn } from "./operations.ts";

/** All that is there, then what changes. From a cursor on, what changed since. */
export async function* watchEntries(
  dependencies: MissionDependencies,
  request: swarm.WatchEntriesRequest,
  context: CallContext,
): AsyncGenerator<swarm.WatchEntriesReply, void> {
  const { missionId, prefix, cursor } = missionIn({ ...request, agentId: "" });
  const changed = new ChangedEntries({ dependencies, missionId, context }, [prefix]);
  // Who asked to continue would take a snapshot that is live at once for what is new.
  let isAnew = cursor !== "" && !(await goesOn(changed, cursor));
  for await (const { isLook } of looksAt(dependencies, missionWork, missionId, context)) {
    const entries = isLook ? await changed.look() : [];
    if (isAnew) yield { entries, live: false, cursor: "" };
    yield { entries: isAnew ? [] : entries, live: true, cursor: `a${changed.after}` };
    isAnew = false;
  }
}

export async function* watchMessages(
  dependencies: MissionDependencies,
  request: swarm.WatchMessagesRequest,
  context: CallContext,
): AsyncGenerator<swarm.WatchMessagesReply, void> {
  const { missionId, agentId, afterNumber } = missionIn(request);
  const fresh = new NewMessages({ dependencies, missionId, context }, agentId, afterNumber);
  for await (const { isLook } of looksAt(dependencies, missionWork, missionId, context))
    yield { messages: isLook ? await fresh.look() : [] };
}

/** One that cannot be read is too old. The letter is the version of its form. */
async function goesOn(changed: ChangedEntries, cursor: string): Promise<boolean> {
  const [, number] = /^a(\d{1,10})$/.exec(cursor) ?? [];
  return number !== undefined && (await changed.goOn(Number(number)));
}
