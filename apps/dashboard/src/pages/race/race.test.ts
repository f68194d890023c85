import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Mode, Session } from "@tutti/rest/types";
import { laneOf, racesOf } from "./race.ts";

const session = (name: string, effectiveMode: Mode, changes: Partial<Session> = {}): Session => ({
  sessionId: `${name}-${effectiveMode}`,
  status: "running",
  effectiveMode,
  parts: [],
  createTimeMs: 1_000,
  spec: { labels: { race: name }, limits: {}, reservationIds: [], dependsOn: [], locks: [] },
  ...changes,
});
const ended = (endTimeMs: number, status: Session["status"] = "completed") => ({ status, endTimeMs });

describe("races", () => {
  it("sort lanes by mode, in any order of arrival", () => {
    const [race] = racesOf([session("r", "intelligence"), session("r", "workflow")]);
    assert.deepEqual(
      race?.sessions.map(({ effectiveMode }) => effectiveMode),
      ["workflow", "intelligence"],
    );
  });

  it("have the chosen mode in the lane of that mode, for every choice", () => {
    const requested = (mode: Mode, effectiveMode: Mode): Session => {
      const { spec, ...rest } = session("r", effectiveMode, { sessionId: mode });
      return { ...rest, spec: { ...spec, mode } as NonNullable<Session["spec"]> };
    };
    const [race] = racesOf([
      requested("adaptive", "workflow"),
      requested("hybrid", "hybrid"),
      requested("workflow", "workflow"),
    ]);
    assert.deepEqual(
      race?.sessions.map(({ sessionId }) => sessionId),
      ["workflow", "hybrid", "adaptive"],
    );
  });

  it("have a winner once all sessions have ended, and only among completed sessions", () => {
    const slow = session("r", "workflow", ended(9_000));
    const firstOf = (sessions: readonly Session[]) => racesOf(sessions)[0]?.firstId;
    assert.equal(firstOf([slow, session("r", "swarm")]), undefined);
    assert.equal(firstOf([slow, session("r", "swarm", ended(5_000))]), "r-swarm");
    assert.equal(firstOf([slow, session("r", "swarm", ended(2_000, "failed"))]), "r-workflow");
  });

  it("mark the session with the shortest shown time as first, whenever it started", () => {
    const sessions = [
      session("r", "swarm", { ...ended(7_600), startTimeMs: 1_000 }),
      session("r", "hybrid", { ...ended(8_000), createTimeMs: 1_300, startTimeMs: 3_000 }),
    ];
    const [race] = racesOf(sessions);
    const durations = sessions.map((each) => laneOf(each, 0).tookMs);
    const [best] = sessions.filter((each) => laneOf(each, 0).tookMs === Math.min(...durations));
    assert.equal(race?.firstId, best?.sessionId);
  });

  it("are sorted newest first, and omit sessions without a race name", () => {
    const late = session("late", "swarm", { createTimeMs: 5_000 });
    const { spec: _, ...none } = session("r", "swarm");
    assert.deepEqual(
      racesOf([session("early", "swarm"), late, none]).map(({ name }) => name),
      ["late", "early"],
    );
  });

  it("have lanes with progress, duration and cost", () => {
    const going = session("r", "swarm", {
      ...{ startTimeMs: 2_000, tasks: { total: 4, completed: 1, failed: 1 }, used: { money: 3 } },
      performance: { waits: [], slots: 2, efficiency: 0.5 },
    });
    assert.deepEqual(laneOf(going, 5_000), {
      ...{ over: 2, total: 4, tookMs: 4_000, money: 3, slots: 2, efficiency: 0.5 },
    });
    assert.equal(laneOf({ ...going, endTimeMs: 4_000 }, 9_000).tookMs, 3_000);
  });
});
