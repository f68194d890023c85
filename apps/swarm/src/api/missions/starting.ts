/** Missions begin. */
import { createHash } from "node:crypto";
import { MissionOrder, type StartMissionReply, StartMissionRequest } from "@tutti/contracts/swarm/v1";
import { idToStart } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { beginMission } from "@tutti/machine-mission";
import { insistOnFit } from "../../missions/fit.ts";
import { type MissionDesk, missionNamed, tellMission } from "./desk.ts";

export async function startMission(
  desk: MissionDesk,
  request: StartMissionRequest,
  context: CallContext,
): Promise<StartMissionReply> {
  const { labels, parent, root, depth, depthLeft, parentBudget, idempotencyKey } = request;
  const missionId = idToStart(desk, { kind: "mission", chosen: request.missionId, idempotencyKey }, context);
  const isRepeatable = request.missionId !== "" || idempotencyKey !== "";
  const { spec, definition, hash } = await desk.definitions.specOf(request.what, context);
  await insistOnFit(spec.tasks, () => spec.assignment);
  const order = MissionOrder.fromPartial({
    ...{ definition, hash, labels: { ...labels }, depth, idChosen: request.missionId !== "" },
    requestHash: isRepeatable ? hashOf(request) : new Uint8Array(),
  });
  order.spec = spec;
  order.parent = parent;
  order.root = root ?? parent;
  order.depthLeft = depthLeft;
  order.parentBudget = parentBudget;
  // The id alone says that it is the same: the machine compares what is asked for.
  const told = { command: beginMission, body: { order }, idempotencyKey: "" };
  const { existed } = await tellMission(desk, missionId, told, context);
  return { mission: await missionNamed(desk, missionId, context), existed };
}

/** What has to be the same for a start to be the same again. */
function hashOf(request: StartMissionRequest): Uint8Array {
  const said = { ...request, namespace: "", missionId: "", idempotencyKey: "" };
  return createHash("sha256").update(StartMissionRequest.encode(said).finish()).digest().subarray(0, 16);
}
