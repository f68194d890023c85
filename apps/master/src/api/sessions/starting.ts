/** Starts sessions. */
import { createHash } from "node:crypto";
import {
  type ExecuteSessionReply,
  ExecuteSessionRequest,
  Mode,
  SessionOrder,
  SessionSpec,
} from "@tutti/contracts/session/v1";
import { begin, idToStart } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { beginSession } from "@tutti/machine-session";
import { checkDemands } from "../../resources/demands.ts";
import { sessionServiceErrors } from "../../sessions/errors.ts";
import { checkOrchestrator, checkPlanner, checkTasks } from "./capabilities.ts";
import { keyOf, type SessionDependencies, sessionNamed } from "./dependencies.ts";
import { checkWaits } from "./waits.ts";
import { resolved } from "./work.ts";

export async function executeSession(
  dependencies: SessionDependencies,
  request: ExecuteSessionRequest,
  context: CallContext,
): Promise<ExecuteSessionReply> {
  const { idempotencyKey, parent } = request;
  if (parent !== undefined && (parent.namespace || context.namespace) !== context.namespace)
    throw sessionServiceErrors.parentForeign({ found: parent.namespace, namespace: context.namespace });
  const sessionId = idToStart(
    dependencies,
    { kind: "session", chosen: request.sessionId, idempotencyKey },
    context,
  );
  const isRepeatable = request.sessionId !== "" || idempotencyKey !== "";
  const requestHash = isRepeatable ? hashOf(request) : new Uint8Array();
  const beginning = {
    command: beginSession,
    order: () => checkedOrder(dependencies, request, { sessionId, requestHash }, context),
    again: () => SessionOrder.fromPartial({ requestHash }),
  };
  const { existed } = await begin(dependencies, keyOf(context.namespace, sessionId), beginning, context);
  return { session: await sessionNamed(dependencies, sessionId, context), existed };
}

interface Beginning {
  readonly sessionId: string;
  readonly requestHash: Uint8Array;
}

/** Returns the order. Throws if the session could never be done. */
async function checkedOrder(
  dependencies: SessionDependencies,
  { spec: given = SessionSpec.create(), sessionId: chosen, parent }: ExecuteSessionRequest,
  { sessionId, requestHash }: Beginning,
  context: CallContext,
): Promise<SessionOrder> {
  const { spec, definition, hash } = await resolved(dependencies, given, context);
  if (spec.mode === Mode.MODE_CUSTOM && spec.orchestrator === "")
    throw sessionServiceErrors.orchestratorUnnamed();
  const tasks = spec.work?.$case === "tasks" ? spec.work.value.tasks : [];
  const asker = { namespace: context.namespace, options: { context } };
  if (spec.work?.$case === "goal")
    await checkPlanner(dependencies, spec.work.value.planner, spec.pool, asker);
  if (spec.mode === Mode.MODE_CUSTOM)
    await checkOrchestrator(dependencies, spec.orchestrator, spec.pool, asker);
  await checkTasks(dependencies, tasks, spec.pool, asker);
  await checkDemands(dependencies, tasks, spec, asker);
  await checkWaits(dependencies, sessionId, spec.dependsOn, context);
  const order = SessionOrder.fromPartial({ definition, hash, idChosen: chosen !== "", requestHash });
  order.spec = spec;
  order.parent = parent;
  return order;
}

/** Returns the hash of the fields that must be equal for a repeated start. */
function hashOf(request: ExecuteSessionRequest): Uint8Array {
  const content = { ...request, namespace: "", sessionId: "", idempotencyKey: "" };
  return createHash("sha256").update(ExecuteSessionRequest.encode(content).finish()).digest().subarray(0, 16);
}
