/** A race: one job in several modes at once, as sessions with its name in a label. */
import type { Mode, Session } from "@tutti/rest/types";
import { durationMs } from "../../elements/moments.ts";
import { tasksOver } from "../missions/mission.ts";

/** Label with the name of the race of a session. */
export const raceLabel = "race";

export interface Race {
  readonly name: string;
  readonly startMs: number;
  /** In the order of the requested modes. */
  readonly sessions: readonly Session[];
  /** The first of those that succeeded, once all have ended. */
  readonly firstId: string | undefined;
}

const order: readonly Mode[] = ["workflow", "swarm", "intelligence", "hybrid", "adaptive", "custom"];

/** All races there are, the newest first. */
export function racesOf(sessions: readonly Session[]): readonly Race[] {
  const byName = new Map<string, Session[]>();
  for (const session of sessions) {
    const name = session.spec?.labels?.[raceLabel];
    if (name === undefined) continue;
    const together = byName.get(name);
    if (together === undefined) byName.set(name, [session]);
    else together.push(session);
  }
  return [...byName]
    .map(([name, together]) => raceOf(name, together))
    .sort((one, other) => other.startMs - one.startMs);
}

function raceOf(name: string, sessions: readonly Session[]): Race {
  const place = ({ spec, effectiveMode }: Session) =>
    order.indexOf(spec?.mode ?? effectiveMode ?? "unspecified");
  const isOver = sessions.every(({ endTimeMs = 0 }) => endTimeMs > 0);
  const [first] = sessions
    .filter(({ status }) => status === "completed")
    .sort((one, other) => durationMs(one, 0) - durationMs(other, 0));
  return {
    name,
    firstId: isOver ? first?.sessionId : undefined,
    startMs: Math.min(...sessions.map(({ createTimeMs = 0 }) => createTimeMs)),
    sessions: [...sessions].sort((one, other) => place(one) - place(other)),
  };
}

export interface Lane {
  readonly over: number;
  readonly total: number;
  /** How long it has taken, or took. */
  readonly tookMs: number;
  readonly money: number;
  /** Taken on the average. */
  readonly slots: number;
  readonly efficiency: number;
}

export function laneOf(session: Session, nowMs: number): Lane {
  const { performance, used } = session;
  return {
    over: tasksOver(session.tasks),
    total: session.tasks?.total ?? 0,
    tookMs: durationMs(session, nowMs),
    money: used?.money ?? 0,
    slots: performance?.slots ?? 0,
    efficiency: performance?.efficiency ?? 0,
  };
}
