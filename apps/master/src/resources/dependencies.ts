/** Dependencies between sessions: set at the start, or until the session starts. */
import type {
  AddDependencyReply,
  AddDependencyRequest,
  DependencyStatus,
  ListDependenciesReply,
  ListDependenciesRequest,
  RemoveDependencyReply,
  RemoveDependencyRequest,
  Session,
  SessionDependency,
} from "@tutti/contracts/session/v1";
import { NeedCondition, type WorkReference, WorkStatus } from "@tutti/contracts/types/v1";
import { allEntries } from "@tutti/host/serving";
import { type CallContext, isEnded, isTuttiError } from "@tutti/kernel";
import { addWait, dropWait } from "@tutti/machine-session";
import { executeOnSession, sessionNamed } from "../api/sessions/dependencies.ts";
import { checkWaits } from "../api/sessions/waits.ts";
import type { ResourceDependencies } from "./resource-dependencies.ts";

/** Maximum of pending sessions that are checked for their dependencies. */
const sessionsReadMax = 1_000;

export async function listDependencies(
  dependencies: ResourceDependencies,
  { sessionId }: ListDependenciesRequest,
  context: CallContext,
): Promise<ListDependenciesReply> {
  const { namespace } = context;
  const { session } = await dependencies.sessions.getSession(
    { namespace, sessionId, atEvent: 0 },
    { context },
  );
  const needs = await Promise.all(
    (session?.spec?.dependsOn ?? []).map(async (dependency) => {
      const { namespace: inside = "", id = "" } = dependency.session ?? {};
      const status = (await sessionIn(dependencies, inside || namespace, id, context))?.status ?? 0;
      return dependencyStatus(
        { namespace: inside || namespace, kind: "session", id, task: "" },
        dependency,
        status,
      );
    }),
  );
  return { needs, neededBy: await dependentsOf(dependencies, sessionId, session, context) };
}

/** Adds a dependency before the session starts. A repetition changes nothing. */
export async function addDependency(
  dependencies: ResourceDependencies,
  { sessionId, dependency, reason }: AddDependencyRequest,
  context: CallContext,
): Promise<AddDependencyReply> {
  if (dependency !== undefined) await checkWaits(dependencies, sessionId, [dependency], context);
  await executeOnSession(
    dependencies,
    sessionId,
    { command: addWait, body: { dependency, reason }, reason },
    context,
  );
  return { session: await sessionNamed(dependencies, sessionId, context) };
}

/** Removes a dependency. A missing one is no error. */
export async function removeDependency(
  dependencies: ResourceDependencies,
  { sessionId, session, reason }: RemoveDependencyRequest,
  context: CallContext,
): Promise<RemoveDependencyReply> {
  await executeOnSession(
    dependencies,
    sessionId,
    { command: dropWait, body: { session, reason }, reason },
    context,
  );
  return { session: await sessionNamed(dependencies, sessionId, context) };
}

/** Returns sessions of the same namespace that wait for one: others do not exist for the caller. */
async function dependentsOf(
  dependencies: ResourceDependencies,
  sessionId: string,
  session: Session | undefined,
  context: CallContext,
): Promise<DependencyStatus[]> {
  const { namespace } = context;
  const status = session?.status ?? WorkStatus.WORK_STATUS_UNSPECIFIED;
  const entries = await allEntries(dependencies, {
    namespace,
    kinds: ["session"],
    statuses: [WorkStatus.WORK_STATUS_PENDING, WorkStatus.WORK_STATUS_RUNNING],
  });
  const found = await Promise.all(
    entries.slice(0, sessionsReadMax).map(async ({ key }) => {
      const other = await sessionIn(dependencies, namespace, key.id, context);
      const dependency = other?.spec?.dependsOn.find(
        ({ session: target }) => target?.id === sessionId && (target.namespace || namespace) === namespace,
      );
      if (dependency === undefined) return [];
      return [dependencyStatus({ namespace, kind: "session", id: key.id, task: "" }, dependency, status)];
    }),
  );
  return found.flat();
}

function dependencyStatus(
  session: WorkReference,
  dependency: SessionDependency,
  status: WorkStatus,
): DependencyStatus {
  const condition = dependency.condition || NeedCondition.NEED_CONDITION_SUCCESS;
  return { session, condition, status, met: isMet(condition, status) };
}

function isMet(condition: NeedCondition, status: WorkStatus): boolean {
  if (!isEnded(status)) return false;
  const isGood = status === WorkStatus.WORK_STATUS_COMPLETED;
  if (condition === NeedCondition.NEED_CONDITION_ALWAYS) return true;
  return condition === NeedCondition.NEED_CONDITION_FAILURE ? !isGood : isGood;
}

async function sessionIn(
  { sessions }: ResourceDependencies,
  namespace: string,
  sessionId: string,
  context: CallContext,
): Promise<Session | undefined> {
  try {
    return (await sessions.getSession({ namespace, sessionId, atEvent: 0 }, { context })).session;
  } catch (error) {
    // The caller may see a dependency without access to its namespace.
    if (isTuttiError(error) && ["NOT_FOUND", "PERMISSION_DENIED"].includes(error.status)) return undefined;
    throw error;
  }
}
