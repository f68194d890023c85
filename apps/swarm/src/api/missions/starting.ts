/** Starts missions. */
import { createHash } from "node:crypto";
import { MissionOrder, type StartMissionReply, StartMissionRequest } from "@tutti/contracts/swarm/v1";
import { begin, idToStart } from "@tutti/host/serving";
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
    { kind: "mission", chosen: request.missionId, idempotencyKey },
    context,
  );
  const isRepeatable = request.missionId !== "" || idempotencyKey !== "";
  const requestHash = isRepeatable ? hashOf(request) : new Uint8Array();
  const order = async () => {
    const { spec, definition, hash } = await dependencies.definitions.specOf(request.what, context);
    await requireFitting(spec.tasks, () => spec.assignment);
    const made = MissionOrder.fromPartial({
      definition,
      hash,
      labels: { ...labels },
      depth,
      idChosen: request.missionId !== "",
      requestHash,
    });
    const retry = dependencies.retryIn(context.namespace);
    made.spec = { ...spec, tasks: await withDefaults(spec.tasks, retry, () => spec) };
    made.parent = parent;
    made.root = root ?? parent;
    made.depthLeft = depthLeft;
    made.parentBudget = parentBudget;
    return made;
  };
  const again = () => MissionOrder.fromPartial({ requestHash, parent });
  const beginning = { command: beginMission, order, again };
  const { existed } = await begin(dependencies, keyOf(context.namespace, missionId), beginning, context);
  return { mission: await missionNamed(dependencies, missionId, context), existed };
}

/** Returns the hash of the fields that must be equal for a repeated start. */
function hashOf(request: StartMissionRequest): Uint8Array {
  const content = { ...request, namespace: "", missionId: "", idempotencyKey: "" };
  return createHash("sha256").update(StartMissionRequest.encode(content).finish()).digest().subarray(0, 16);
}
