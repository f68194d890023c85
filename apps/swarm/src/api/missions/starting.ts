/** Starts missions. */
import { createHash } from "node:crypto";
import { MissionOrder, type StartMissionReply, StartMissionRequest } from "@tutti/contracts/swarm/v1";
import { idToStart, startOnce } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { beginMission } from "@tutti/machine-mission";
import { missionServiceErrors } from "../../missions/errors.ts";
import { requireFitting } from "../../missions/fit.ts";
import { withDefaults } from "../../missions/task-defaults.ts";
import { keyOf, type MissionDependencies, missionNamed } from "./dependencies.ts";

export async function startMission(
  dependencies: MissionDependencies,
  request: StartMissionRequest,
  context: CallContext,
): Promise<StartMissionReply> {
  const { labels, parent, root, depth, depthLeft, parentBudget, idempotencyKey } = request;
  for (const ancestor of [parent, root])
    if (ancestor !== undefined && (ancestor.namespace || context.namespace) !== context.namespace)
      throw missionServiceErrors.parentForeign({ found: ancestor.namespace, namespace: context.namespace });
  const missionId = idToStart(
    dependencies,
    { kind: "mission", requestedId: request.missionId, idempotencyKey },
    context,
  );
  const isRepeatable = request.missionId !== "" || idempotencyKey !== "";
  const requestHash = isRepeatable ? hashOf(request) : new Uint8Array();
  const order = async () => {
    const { spec, definition, hash } = await dependencies.definitions.specOf(request.what, context);
    await requireFitting(spec.tasks, () => spec.assignment);
    const missionOrder = MissionOrder.fromPartial({
      definition,
      hash,
      labels: { ...labels },
      depth,
      idChosen: request.missionId !== "",
      requestHash,
    });
    const retry = dependencies.retryIn(context.namespace);
    missionOrder.spec = { ...spec, tasks: await withDefaults(spec.tasks, retry, () => spec) };
    missionOrder.parent = parent;
    missionOrder.root = root ?? parent;
    missionOrder.depthLeft = depthLeft;
    missionOrder.parentBudget = parentBudget;
    return missionOrder;
  };
  const repeatedOrder = () => MissionOrder.fromPartial({ requestHash, parent });
  const start = { command: beginMission, order, repeatedOrder };
  const { existed } = await startOnce(dependencies, keyOf(context.namespace, missionId), start, context);
  return { mission: await missionNamed(dependencies, missionId, context), existed };
}

/** Returns the hash of the fields that must be equal for a repeated start. */
function hashOf(request: StartMissionRequest): Uint8Array {
  const content = { ...request, namespace: "", missionId: "", idempotencyKey: "" };
  return createHash("sha256").update(StartMissionRequest.encode(content).finish()).digest().subarray(0, 16);
}
