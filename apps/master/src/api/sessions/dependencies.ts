/** The dependencies of the handlers of sessions, and their calls to sessions. */
import type { registryService } from "@tutti/contracts/registry/v1";
import type { resourceService, Session, sessionService } from "@tutti/contracts/session/v1";
import type { agentService, missionService } from "@tutti/contracts/swarm/v1";
import type { definitionService, runService, taskService } from "@tutti/contracts/workflow/v1";
import { type LineDependencies, type MachineDependencies, workOf } from "@tutti/host/serving";
import type { CallContext, IdSource } from "@tutti/kernel";
import { sessionErrors, showSession } from "@tutti/machine-session";
import type { Client } from "@tutti/mesh";
import type { HeldPlans } from "@tutti/sessions";
import type { RecentOfferings } from "./recent-offerings.ts";

export interface SessionDependencies extends LineDependencies {
  readonly ids: Pick<IdSource, "newId">;
  /** The default capability that breaks goals down. */
  readonly planner: string;
  readonly registry: Pick<Client<typeof registryService>, "findCapabilities">;
  readonly agents: Pick<Client<typeof agentService>, "listAgents">;
  readonly recentOfferings: Pick<RecentOfferings, "record" | "isRecent">;
  readonly heldPlans: Pick<HeldPlans, "explained">;
  readonly definitions: Pick<Client<typeof definitionService>, "getDefinition">;
  readonly runs: Pick<Client<typeof runService>, "explainRun">;
  readonly tasks: Pick<Client<typeof taskService>, "getTimeline">;
  readonly missions: Pick<Client<typeof missionService>, "explainMission" | "getMissionTimeline">;
  /** Quotas and reservations of any owner. */
  readonly resources: Pick<Client<typeof resourceService>, "listQuotas" | "listReservations">;
  /** Sessions of any owner. */
  readonly sessions: Pick<Client<typeof sessionService>, "getSession" | "explainSession">;
}

export const sessionWork = workOf({ kind: "session", missing: (id) => sessionErrors.missing({ id }) });
export const { keyOf, execute: executeOnSession, query: querySession, eventsOf, recordsOf } = sessionWork;

/** Returns a session in its present or a past state, with the facts of the runtime. */
export async function sessionNamed(
  dependencies: MachineDependencies,
  id: string,
  context: CallContext,
  atEvent = 0,
): Promise<Session> {
  // Before the session itself: a caller that waits for later events misses nothing.
  const events = atEvent || (await eventsOf(dependencies, id, context));
  const call = { query: showSession, body: { whole: true }, atEvent };
  const session = (await querySession(dependencies, id, call, context)) as Session;
  return { ...session, eventCount: events, revision: `a${events}` };
}
