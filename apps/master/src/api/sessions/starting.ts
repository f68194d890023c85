/** Starts sessions. */
import { createHash } from "node:crypto";
import {
  type ExecuteSessionReply,
  ExecuteSessionRequest,
  Mode,
  SessionOrder,
  SessionSpec,
} from "@tutti/contracts/session/v1";
import { idToStart, startOnce } from "@tutti/host/serving";
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
    { kind: "session", requestedId: request.sessionId, idempotencyKey },
    context,
  );
  const isRepeatable = request.sessionId !== "" || idempotencyKey !== "";
  const requestHash = isRepeatable ? hashOf(request) : new Uint8Array();
  const startCall = {
    command: beginSession,
    order: () => checkedOrder(dependencies, request, { sessionId, requestHash }, context),
    repeatedOrder: () => SessionOrder.fromPartial({ requestHash }),
  };
  const { existed } = await startOnce(dependencies, keyOf(context.namespace, sessionId), startCall, context);
  return { session: await sessionNamed(dependencies, sessionId, context), existed };
}

interface OrderIdentity {
  readonly sessionId: string;
  readonly requestHash: Uint8Array;
}

/** Returns the order. Throws if the session could never be done. */
async function checkedOrder(
  dependencies: SessionDependencies,
  { spec: requested = SessionSpec.create(), sessionId: requestedId, parent }: ExecuteSessionRequest,
  { sessionId, requestHash }: OrderIdentity,
  context: CallContext,
): Promise<SessionOrder> {
  const { spec, definition, hash } = await resolved(dependencies, requested, context);
  if (spec.mode === Mode.MODE_CUSTOM && spec.orchestrator === "")
    throw sessionServiceErrors.orchestratorUnnamed();
  const tasks = spec.work?.$case === "tasks" ? spec.work.value.tasks : [];
  const caller = { namespace: context.namespace, options: { context } };
  if (spec.work?.$case === "goal")
    await checkPlanner(dependencies, spec.work.value.planner, spec.pool, caller);
  if (spec.mode === Mode.MODE_CUSTOM)
    await checkOrchestrator(dependencies, spec.orchestrator, spec.pool, caller);
  await checkTasks(dependencies, tasks, spec.pool, caller);
  await checkDemands(dependencies, tasks, spec, caller);
  await checkWaits(dependencies, sessionId, spec.dependsOn, context);
  const order = SessionOrder.fromPartial({ definition, hash, idChosen: requestedId !== "", requestHash });
  order.spec = spec;
  order.parent = parent;
  return order;
}

/** Returns the hash of the fields that must be equal for a repeated start. */
function hashOf(request: ExecuteSessionRequest): Uint8Array {
  const content = { ...request, namespace: "", sessionId: "", idempotencyKey: "" };
  return createHash("sha256").update(ExecuteSessionRequest.encode(content).finish()).digest().subarray(0, 16);
}
