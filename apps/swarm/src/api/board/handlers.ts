import { namespaceOf } from "@tutti/contracts/rpc";
import { boardService } from "@tutti/contracts/swarm/v1";
import { bringInOutcomes, withdrawTasks } from "@tutti/machine-mission";
import type { Handlers } from "@tutti/mesh";
import { atDoorOf } from "../../grants/refused-at-door.ts";
import { keyOf, type MissionDesk, tellMission } from "../missions/desk.ts";
import * as operations from "./operations.ts";
import { watchOutput } from "./output.ts";
import { participate } from "./participating.ts";
import { getBudget, listEntries, listMessages, listTasks, listVotes } from "./reads.ts";
import { watchEntries, watchMessages } from "./watching.ts";

export function boardHandlers(desk: MissionDesk): Handlers<typeof boardService> {
  return {
    participate: (requests, context) => participate(desk, requests, context),
    joinMission: (request, context) => operations.join(desk, request, context),
    leaveMission: (request, context) => operations.leave(desk, request, context),
    addTasks: (request, context) => operations.add(desk, request, context),
    withdrawTasks: (request, context) => {
      const { missionId, reason } = request;
      return tellMission(desk, missionId, { command: withdrawTasks, body: request, reason }, context);
    },
    bringInOutcomes: (request, context) =>
      tellMission(desk, request.missionId, { command: bringInOutcomes, body: request }, context),
    listTasks: (request, context) => listTasks(desk, request, context),
    watchTaskOutput: (request, context) => watchOutput(desk, request, context),
    claimTasks: (request, context) => operations.claim(desk, request, context),
    renewClaims: (request, context) => operations.renew(desk, request, context),
    releaseTasks: (request, context) => operations.release(desk, request, context),
    completeTasks: (request, context) => operations.complete(desk, request, context),
    handOffTask: (request, context) => operations.handOff(desk, request, context),
    delegateTask: (request, context) => operations.delegate(desk, request, context),
    getEntries: (request, context) => operations.get(desk, request, context),
    listEntries: (request, context) => listEntries(desk, request, context),
    putEntries: (request, context) => operations.put(desk, request, context),
    watchEntries: (request, context) => watchEntries(desk, request, context),
    sendMessages: (request, context) => operations.send(desk, request, context),
    listMessages: (request, context) => listMessages(desk, request, context),
    watchMessages: (request, context) => watchMessages(desk, request, context),
    openVote: (request, context) => operations.open(desk, request, context),
    castVote: (request, context) => operations.cast(desk, request, context),
    closeVote: (request, context) => operations.close(desk, request, context),
    listVotes: (request, context) => listVotes(desk, request, context),
    getBudget: (request, context) => getBudget(desk, request, context),
    reserveBudget: (request, context) => operations.reserve(desk, request, context),
    spendBudget: (request, context) => operations.spend(desk, request, context),
    returnBudget: (request, context) => operations.giveBack(desk, request, context),
  };
}

/** Who may not take part at all is remembered as who may not with what it offers. */
export function boardRefusals({ refusedJoins }: Pick<MissionDesk, "refusedJoins">) {
  const { joinMission } = boardService.methods;
  return {
    joinMission: atDoorOf(joinMission, namespaceOf, (request, error) =>
      refusedJoins.note(keyOf(namespaceOf(request), request.missionId), request, error),
    ),
  };
}
