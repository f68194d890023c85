/** Sessions begin. */
import { createHash } from "node:crypto";
import {
  type ExecuteSessionReply,
  ExecuteSessionRequest,
  Mode,
  SessionOrder,
  SessionSpec,
} from "@tutti/contracts/session/v1";
import { idToStart } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { beginSession, sessionErrors, showWork } from "@tutti/machine-session";
import { checkDemands } from "../../resources/demands.ts";
import { sessionServiceErrors } from "../../sessions/errors.ts";
import { checkOrchestrator, checkPlanner, checkTasks } from "./capabilities.ts";
import { askSession, type SessionDesk, sessionNamed, tellSession } from "./desk.ts";
import { checkWaits } from "./waits.ts";
import { resolved } from "./work.ts";

export async function executeSession(
  desk: SessionDesk,
  request: ExecuteSessionRequest,
  context: CallContext,
): Promise<ExecuteSessionReply> {
  const { idempotencyKey } = request;
  const sessionId = idToStart(desk, { kind: "session", chosen: request.sessionId, idempotencyKey }, context);
  const isRepeatable = request.sessionId !== "" || idempotencyKey !== "";
  const requestHash = isRepeatable ? hashOf(request) : new Uint8Array();
  let order: SessionOrder;
  try {
    order = await checkedOrder(desk, request, { sessionId, requestHash }, context);
  } catch (refusal) {
    // What has begun goes on, whoever or whatever of what it was held against is there no longer.
    if (!isRepeatable || !(await hasBegun(desk, sessionId, requestHash, context))) throw refusal;
    return { session: await sessionNamed(desk, sessionId, context), existed: true };
  }
  // The id alone says that it is the same: the machine compares what is asked for.
  const told = { command: beginSession, body: { order }, idempotencyKey: "" };
  const { existed } = await tellSession(desk, sessionId, told, context);
  return { session: await sessionNamed(desk, sessionId, context), existed };
}

interface Beginning {
  readonly sessionId: string;
  readonly requestHash: Uint8Array;
}

/** Throws where it could never be done. */
async function checkedOrder(
  desk: SessionDesk,
  { spec: given = SessionSpec.create(), sessionId: chosen, parent }: ExecuteSessionRequest,
  { sessionId, requestHash }: Beginning,
  context: CallContext,
): Promise<SessionOrder> {
  const { spec, definition, hash } = await resolved(desk, given, context);
  if (spec.mode === Mode.MODE_CUSTOM && spec.orchestrator === "")
    throw sessionServiceErrors.orchestratorUnnamed();
  const tasks = spec.work?.$case === "tasks" ? spec.work.value.tasks : [];
  const asker = { namespace: context.namespace, options: { context } };
  if (spec.work?.$case === "goal") await checkPlanner(desk, spec.work.value.planner, spec.pool, asker);
  if (spec.mode === Mode.MODE_CUSTOM) await checkOrchestrator(desk, spec.orchestrator, spec.pool, asker);
  await checkTasks(desk, tasks, spec.pool, asker);
  await checkDemands(desk, tasks, spec, asker);
  await checkWaits(desk, sessionId, spec.dependsOn, context);
  const order = SessionOrder.fromPartial({ definition, hash, idChosen: chosen !== "", requestHash });
  order.spec = spec;
  order.parent = parent;
  return order;
}

/** Whether the session is there, and was started with the same. */
async function hasBegun(
  desk: SessionDesk,
  sessionId: string,
  requestHash: Uint8Array,
  context: CallContext,
): Promise<boolean> {
  try {
    const { order } = await askSession(desk, sessionId, { query: showWork, body: undefined }, context);
    return Buffer.from(requestHash).equals(Buffer.from(order?.requestHash ?? []));
  } catch (error) {
    if (sessionErrors.missing.is(error)) return false;
    throw error;
  }
}

/** What has to be the same for a start to be the same again. */
function hashOf(request: ExecuteSessionRequest): Uint8Array {
  const said = { ...request, namespace: "", sessionId: "", idempotencyKey: "" };
  return createHash("sha256").update(ExecuteSessionRequest.encode(said).finish()).digest().subarray(0, 16);
}
