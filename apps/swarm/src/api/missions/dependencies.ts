/** The dependencies of the handlers of missions and boards, and their calls to missions. */
import type { sessionService } from "@tutti/contracts/session/v1";
import type { agentService, Mission, missionService } from "@tutti/contracts/swarm/v1";
import type { runService } from "@tutti/contracts/workflow/v1";
import type { Guard } from "@tutti/host";
import {
  type LineDependencies,
  type MachineDependencies,
  type PlacementDependencies,
  type StoredOutputs,
  workOf,
} from "@tutti/host/serving";
import type { CallContext, ConfiguredRetryOf, IdSource } from "@tutti/kernel";
import { missionErrors, showMission } from "@tutti/machine-mission";
import type { Client } from "@tutti/mesh";
import type { Definitions } from "../../missions/definitions.ts";
import type { RefusedJoins } from "../../missions/refused-joins.ts";

export interface MissionDependencies extends LineDependencies, PlacementDependencies {
  readonly ids: Pick<IdSource, "newId">;
  readonly definitions: Definitions;
  /** Retry defaults of the configuration. */
  readonly retryIn: ConfiguredRetryOf;
  readonly outputs: StoredOutputs;
  /** Missions of other owners. */
  readonly missions: Pick<Client<typeof missionService>, "listMissionApprovals" | "getMissionTimeline">;
  readonly runs: Pick<Client<typeof runService>, "listRuns">;
  readonly sessions: Pick<Client<typeof sessionService>, "listSessions">;
  readonly agents: Pick<Client<typeof agentService>, "getAgent">;
  readonly refusedJoins: RefusedJoins;
  /** Rules about joining agents and about results. Undefined if nothing is enforced. */
  readonly admission: Pick<Guard["admission"], "agent" | "hasAnyAboutResults" | "result"> | undefined;
}

export const missionWork = workOf({ kind: "mission", missing: (id) => missionErrors.missionMissing({ id }) });
export const { keyOf, execute: executeOnMission, query: queryMission, eventsOf, recordsOf } = missionWork;

/** Returns the present state of a mission, with the facts of the runtime. */
export async function missionNamed(
  dependencies: MachineDependencies,
  id: string,
  context: CallContext,
  atEvent = 0,
): Promise<Mission> {
  // Before the mission itself: a caller that waits for later events misses nothing.
  const events = atEvent || (await eventsOf(dependencies, id, context));
  const call = { query: showMission, body: { whole: true }, atEvent };
  const mission = (await queryMission(dependencies, id, call, context)) as Mission;
  return { ...mission, eventCount: events, revision: `a${events}` };
}
