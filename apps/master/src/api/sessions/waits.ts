/** Rejects sessions that wait for each other, and names the cycle. */
import type { SessionDependency } from "@tutti/contracts/session/v1";
import { type CallContext, isTuttiError } from "@tutti/kernel";
import { sessionServiceErrors } from "../../sessions/errors.ts";
import type { SessionDependencies } from "./dependencies.ts";

interface SessionsQuery {
  readonly sessions: Pick<SessionDependencies["sessions"], "getSession">;
}

/** Maximum of sessions to read. Waits beyond these are not followed. */
const sessionsReadMax = 1_000;

export async function checkWaits(
  { sessions }: SessionsQuery,
  sessionId: string,
  dependsOn: readonly SessionDependency[],
  context: CallContext,
): Promise<void> {
  const { namespace } = context;
  const own = nameOf(namespace, sessionId);
  const visited = new Set<string>();
  const open = namesIn(dependsOn, namespace).map((name) => [name]);
  for (let path = open.shift(); path !== undefined && visited.size < sessionsReadMax; path = open.shift()) {
    const name = path.at(-1) ?? "";
    if (name === own) {
      const circle = [own, ...path].map((each) => displayName(each, namespace)).join(" waits for ");
      throw sessionServiceErrors.waitsInCircle({ circle });
    }
    if (visited.has(name)) continue;
    visited.add(name);
    const [inside = "", id = ""] = [name.slice(0, name.indexOf("/")), name.slice(name.indexOf("/") + 1)];
    const isNamed = path.length === 1;
    for (const next of await waitsOf({ sessions }, { namespace: inside, sessionId: id, isNamed }, context))
      open.push([...path, next]);
  }
}

interface WaitedFor {
  readonly namespace: string;
  readonly sessionId: string;
  /** True if the caller named it: then the caller must have the right to see it. */
  readonly isNamed: boolean;
}

async function waitsOf(
  { sessions }: SessionsQuery,
  { namespace, sessionId, isNamed }: WaitedFor,
  context: CallContext,
): Promise<readonly string[]> {
  try {
    const { session } = await sessions.getSession({ namespace, sessionId, atEvent: 0 }, { context });
    return session?.endTime === undefined ? namesIn(session?.spec?.dependsOn ?? [], namespace) : [];
  } catch (error) {
    // A session that does not exist yet waits for none. Its own start is checked in turn.
    if (isTuttiError(error) && error.status === "NOT_FOUND") return [];
    // Others may wait for sessions in a namespace that the caller must not read.
    if (isTuttiError(error) && error.status === "PERMISSION_DENIED" && !isNamed) return [];
    throw error;
  }
}

function namesIn(dependsOn: readonly SessionDependency[], namespace: string): string[] {
  return dependsOn.flatMap(({ session }) =>
    session === undefined ? [] : [nameOf(session.namespace || namespace, session.id)],
  );
}

/** Returns the name, with its namespace if that differs. */
function displayName(name: string, namespace: string): string {
  return name.startsWith(`${namespace}/`) ? name.slice(namespace.length + 1) : name;
}

/** Namespaces have no slash in them. */
function nameOf(namespace: string, id: string): string {
  return `${namespace}/${id}`;
}
