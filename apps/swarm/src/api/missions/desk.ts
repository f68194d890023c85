/** What handlers of missions and boards work with, and how they speak with a mission. */
import type { agentService, Mission, missionService, poolService } from "@tutti/contracts/swarm/v1";
import { whenOwned } from "@tutti/host";
import { ask, type MachineDesk, type Told, tell } from "@tutti/host/serving";
import type { CallContext, Foundation, IdSource, InstanceKey, Query } from "@tutti/kernel";
import { missionErrors, showMission } from "@tutti/machine-mission";
import type { Client } from "@tutti/mesh";
import { runtimeErrors } from "@tutti/runtime/errors";
import type { Definitions } from "../../missions/definitions.ts";

export interface MissionDesk extends MachineDesk {
  readonly ids: Pick<IdSource, "newId">;
  readonly foundation: Pick<Foundation, "clock" | "timers">;
  readonly definitions: Definitions;
  /** Missions of other owners. */
  readonly missions: Pick<Client<typeof missionService>, "listMissionApprovals" | "getMissionTimeline">;
  readonly pools: Pick<Client<typeof poolService>, "explainPlacement">;
  readonly agents: Pick<Client<typeof agentService>, "getAgent">;
  /** In which namespace a pool is that work of another one uses. */
  readonly namespaceOfPool: (pool: string, namespace: string) => string;
}

export function keyOf(namespace: string, id: string): InstanceKey {
  return { namespace, kind: "mission", id };
}

/** A command to a mission; `mission.mission_missing` where there is none, or it is kept no longer. */
export async function tellMission<Body, Reply>(
  desk: MachineDesk,
  id: string,
  told: Told<Body, Reply>,
  context: CallContext,
): Promise<Reply> {
  try {
    return await tell(desk, keyOf(context.namespace, id), told, context);
  } catch (error) {
    throw runtimeErrors.idTaken.is(error) ? missionErrors.missionMissing({ id }) : error;
  }
}

interface Asked<Body, Reply> {
  // biome-ignore lint/suspicious/noExplicitAny: a question knows its own types
  readonly query: Query<any, Body, Reply>;
  readonly body: Body;
  /** After which event; 0 for as it is. */
  readonly atEvent?: number;
}

/** A question about a mission; `mission.mission_missing` where there is none. */
export async function askMission<Body, Reply>(
  desk: MachineDesk,
  id: string,
  { query, body, atEvent = 0 }: Asked<Body, Reply>,
  context: CallContext,
): Promise<Reply> {
  const key = keyOf(context.namespace, id);
  try {
    if (atEvent === 0) return await ask(desk, key, { query, body }, context);
    return await whenOwned(desk, key, context, () => desk.runtime.askAt({ key, query, body }, atEvent));
  } catch (error) {
    throw isGone(error) ? missionErrors.missionMissing({ id }) : error;
  }
}

/** There is none, or its id alone is left. */
function isGone(error: unknown): boolean {
  return runtimeErrors.unknownInstance.is(error) || runtimeErrors.idTaken.is(error);
}

/** How many events a mission has; `mission.mission_missing` where there is none. */
export async function eventsOf(desk: MachineDesk, id: string, context: CallContext): Promise<number> {
  const key = keyOf(context.namespace, id);
  try {
    return (await whenOwned(desk, key, context, () => desk.runtime.instanceOf(key))).events;
  } catch (error) {
    throw isGone(error) ? missionErrors.missionMissing({ id }) : error;
  }
}

/** A mission as it is, with what the runtime knows of it. */
export async function missionNamed(
  desk: MachineDesk,
  id: string,
  context: CallContext,
  atEvent = 0,
): Promise<Mission> {
  // Before the mission itself: who waits for what comes after this number misses nothing.
  const events = atEvent || (await eventsOf(desk, id, context));
  const asked = { query: showMission, body: { whole: true }, atEvent };
  const mission = (await askMission(desk, id, asked, context)) as Mission;
  return { ...mission, eventCount: events, revision: `a${events}` };
}
