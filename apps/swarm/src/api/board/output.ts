/** Partial output of tasks that pools give to agents, while it comes. */
import type { WatchTaskOutputReply, WatchTaskOutputRequest } from "@tutti/contracts/swarm/v1";
import { outputOf } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { showBoardTask } from "@tutti/machine-mission";
import { askMission, type MissionDependencies, missionWork } from "../missions/dependencies.ts";

export function watchOutput(
  dependencies: MissionDependencies,
  { missionId, taskId, channel, cursor }: WatchTaskOutputRequest,
  context: CallContext,
): AsyncGenerator<WatchTaskOutputReply, void> {
  const hasEnded = async (): Promise<boolean> => {
    const asked = { query: showBoardTask, body: { taskId } };
    return (await askMission(dependencies, missionId, asked, context)).endTime !== undefined;
  };
  return outputOf(dependencies, missionWork, { id: missionId, taskId, channel, cursor, hasEnded }, context);
}
