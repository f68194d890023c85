import { namespaceOf } from "@tutti/contracts/rpc";
import type * as swarm from "@tutti/contracts/swarm/v1";
import {
  boardService,
  type WatchTaskOutputReply,
  type WatchTaskOutputRequest,
} from "@tutti/contracts/swarm/v1";
import { lookupsOf, outputOf } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { bringInOutcomes, showBoardTask, withdrawTasks } from "@tutti/machine-mission";
import type { Handlers } from "@tutti/mesh";
import { refusedListenerOf } from "../../grants/refused-listener.ts";
import {
  executeOnMission,
  keyOf,
  type MissionDependencies,
  missionWork,
  queryMission,
} from "../missions/dependencies.ts";
import { ChangedEntries, NewMessages } from "./changes.ts";
import * as operations from "./operations.ts";
import { missionIn } from "./operations.ts";
import { participate } from "./participating.ts";
import { getBudget, listEntries, listMessages, listTasks, listVotes } from "./reads.ts";

export function boardHandlers(dependencies: MissionDependencies): Handlers<typeof boardService> {
  return {
    participate: (requests, context) => participate(dependencies, requests, context),
    joinMission: (request, context) => operations.join(dependencies, request, context),
    leaveMission: (request, context) => operations.leave(dependencies, request, context),
    addTasks: (request, context) => operations.add(dependencies, request, context),
    withdrawTasks: (request, context) => {
      const { missionId, reason } = request;
      return executeOnMission(
        dependencies,
        missionId,
        { command: withdrawTasks, body: request, reason },
        context,
      );
    },
    bringInOutcomes: (request, context) =>
      executeOnMission(dependencies, request.missionId, { command: bringInOutcomes, body: request }, context),
    listTasks: (request, context) => listTasks(dependencies, request, context),
    watchTaskOutput: (request, context) => watchOutput(dependencies, request, context),
    claimTasks: (request, context) => operations.claim(dependencies, request, context),
    renewClaims: (request, context) => operations.renew(dependencies, request, context),
    releaseTasks: (request, context) => operations.release(dependencies, request, context),
    completeTasks: (request, context) => operations.complete(dependencies, request, context),
    handOffTask: (request, context) => operations.handOff(dependencies, request, context),
    delegateTask: (request, context) => operations.delegate(dependencies, request, context),
    getEntries: (request, context) => operations.get(dependencies, request, context),
    listEntries: (request, context) => listEntries(dependencies, request, context),
    putEntries: (request, context) => operations.put(dependencies, request, context),
    watchEntries: (request, context) => watchEntries(dependencies, request, context),
    sendMessages: (request, context) => operations.send(dependencies, request, context),
    listMessages: (request, context) => listMessages(dependencies, request, context),
    watchMessages: (request, context) => watchMessages(dependencies, request, context),
    openVote: (request, context) => operations.open(dependencies, request, context),
    castVote: (request, context) => operations.cast(dependencies, request, context),
    closeVote: (request, context) => operations.close(dependencies, request, context),
    listVotes: (request, context) => listVotes(dependencies, request, context),
    getBudget: (request, context) => getBudget(dependencies, request, context),
    reserveBudget: (request, context) => operations.reserve(dependencies, request, context),
    spendBudget: (request, context) => operations.spend(dependencies, request, context),
    returnBudget: (request, context) => operations.returnUnspent(dependencies, request, context),
  };
}

/** Records an agent whose caller may not join at all, like an agent whose offering is refused. */
export function boardRefusals({ refusedJoins }: Pick<MissionDependencies, "refusedJoins">) {
  const { joinMission } = boardService.methods;
  return {
    joinMission: refusedListenerOf(joinMission, namespaceOf, (request, error) =>
      refusedJoins.record(keyOf(namespaceOf(request), request.missionId), request, error),
    ),
  };
}

/** Streams partial output of a task that a pool assigned to an agent. */
function watchOutput(
  dependencies: MissionDependencies,
  { missionId, taskId, channel, cursor }: WatchTaskOutputRequest,
  context: CallContext,
): AsyncGenerator<WatchTaskOutputReply, void> {
  const hasEnded = async (): Promise<boolean> => {
    const call = { query: showBoardTask, body: { taskId } };
    return (await queryMission(dependencies, missionId, call, context)).endTime !== undefined;
  };
  return outputOf(dependencies, missionWork, { id: missionId, taskId, channel, cursor, hasEnded }, context);
}

/** Sends all entries, then changes. With a cursor, only the changes after it. */
async function* watchEntries(
  dependencies: MissionDependencies,
  request: swarm.WatchEntriesRequest,
  context: CallContext,
): AsyncGenerator<swarm.WatchEntriesReply, void> {
  const { missionId, prefix, cursor } = missionIn({ ...request, agentId: "" });
  const changed = new ChangedEntries({ dependencies, missionId, context }, [prefix]);
  // A watcher that continues would mistake a snapshot that is live at once for changes.
  let isRestarted = cursor !== "" && !(await resumeAt(changed, cursor));
  for await (const { isLookup } of lookupsOf(dependencies, missionWork, missionId, context)) {
    const entries = isLookup ? await changed.read() : [];
    if (isRestarted) yield { entries, live: false, cursor: "" };
    yield { entries: isRestarted ? [] : entries, live: true, cursor: `a${changed.after}` };
    isRestarted = false;
  }
}

async function* watchMessages(
  dependencies: MissionDependencies,
  request: swarm.WatchMessagesRequest,
  context: CallContext,
): AsyncGenerator<swarm.WatchMessagesReply, void> {
  const { missionId, agentId, afterNumber } = missionIn(request);
  const fresh = new NewMessages({ dependencies, missionId, context }, agentId, afterNumber);
  for await (const { isLookup } of lookupsOf(dependencies, missionWork, missionId, context))
    yield { messages: isLookup ? await fresh.read() : [] };
}

/** Continues after a cursor. An unreadable cursor is too old. Its first character is the version of the format. */
async function resumeAt(changed: ChangedEntries, cursor: string): Promise<boolean> {
  const [, number] = /^a(\d{1,10})$/.exec(cursor) ?? [];
  return number !== undefined && (await changed.resume(Number(number)));
}
