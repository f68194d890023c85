/** Commands on existing missions. */
import type {
  DeleteMissionReply,
  DeleteMissionRequest,
  Mission,
  SignalMissionReply,
  SignalMissionRequest,
} from "@tutti/contracts/swarm/v1";
import type { CallContext, Command } from "@tutti/kernel";
import { missionErrors, removeMission, signalMission } from "@tutti/machine-mission";
import { executeOnMission, type MissionDependencies, missionNamed } from "./dependencies.ts";

interface Steered {
  readonly missionId: string;
  readonly reason: string;
  readonly idempotencyKey?: string;
}

/** Sends a command that has only a reason. Returns the mission after it. */
export async function steer(
  dependencies: MissionDependencies,
  // biome-ignore lint/suspicious/noExplicitAny: the machine's own types do not matter here
  command: Command<any, { reason: string }, any>,
  { missionId, reason, idempotencyKey = "" }: Steered,
  context: CallContext,
): Promise<{ mission: Mission }> {
  await executeOnMission(
    dependencies,
    missionId,
    { command, body: { reason }, reason, idempotencyKey },
    context,
  );
  return { mission: await missionNamed(dependencies, missionId, context) };
}

/** Removes a mission. Returns false if it does not exist any more. */
export async function remove(
  dependencies: MissionDependencies,
  { missionId, reason }: DeleteMissionRequest,
  context: CallContext,
): Promise<DeleteMissionReply> {
  try {
    await executeOnMission(
      dependencies,
      missionId,
      { command: removeMission, body: { reason }, reason },
      context,
    );
    return { removed: true };
  } catch (error) {
    if (missionErrors.missionMissing.is(error)) return { removed: false };
    throw error;
  }
}

/** Sends a message to the readers. Returns the number of the event that records it. */
export async function signal(
  dependencies: MissionDependencies,
  { missionId, signal: name, payload, idempotencyKey }: SignalMissionRequest,
  context: CallContext,
): Promise<SignalMissionReply> {
  const call = { command: signalMission, body: { signal: name, payload }, idempotencyKey };
  const { event } = await executeOnMission(dependencies, missionId, call, context);
  return { event };
}
