import { namespaceOf } from "@tutti/contracts/rpc";
import { boardService } from "@tutti/contracts/swarm/v1";
import { bringInOutcomes, withdrawTasks } from "@tutti/machine-mission";
import type { Handlers } from "@tutti/mesh";
import { atDoorOf } from "../../grants/refused-at-door.ts";
import { keyOf, type MissionDependencies, tellMission } from "../missions/dependencies.ts";
import * as operations from "./operations.ts";
import { watchOutput } from "./output.ts";
import { participate } from "./participating.ts";
import { getBudget, listEntries, listMessages, listTasks, listVotes } from "./reads.ts";
import { watchEntries, watchMessages } from "./watching.ts";

export function boardHandlers(dependencies: MissionDependencies): Handlers<typeof boardService> {
  return {
    participate: (requests, context) => participate(dependencies, requests, context),
    joinMission: (request, context) => operations.join(dependencies, request, context),
    leaveMission: (request, context) => operations.leave(dependencies, request, context),
    addTasks: (request, context) => operations.add(dependencies, request, context),
    withdrawTasks: (request, context) => {
      const { missionId, reason } = request;
      return tellMission(dependencies, missionId, { command: withdrawTasks, body: request, reason }, context);
    },
    bringInOutcomes: (request, context) =>
      tellMission(dependencies, request.missionId, { command: bringInOutcomes, body: request }, context),
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
    returnBudget: (request, context) => operations.giveBack(dependencies, request, context),
  };
}

/** Who may not take part at all is remembered as who may not with what it offers. */
export function boardRefusals({ refusedJoins }: Pick<MissionDependencies, "refusedJoins">) {
  const { joinMission } = boardService.methods;
  return {
    joinMission: atDoorOf(joinMission, namespaceOf, (request, error) =>
      refusedJoins.note(keyOf(namespaceOf(request), request.missionId), request, error),
    ),
  };
}
