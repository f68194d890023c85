import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Draws } from "../chance/draws.ts";
import { execute } from "../execution/execute.ts";
import { chain, intended, layers, present, situated } from "../testing/situations.ts";
import { Believed } from "./believed.ts";
import { engineOf, usualDelays } from "./engines.ts";
import type { Mode } from "./mode.ts";
import type { RecordedAgent, RecordedSession } from "./recorded.ts";
import { replay } from "./replay.ts";
import type { IntendedTask } from "./situation.ts";

const crew = present([0.6, 1, 1.4, 1.9]);

interface World {
  readonly seed?: number;
  readonly agents?: readonly RecordedAgent[];
}

/** Returns a session in a mode, with durations that differ from the expectations. */
function lived(
  tasks: readonly IntendedTask[],
  mode: Exclude<Mode, "hybrid">,
  { seed = 1, agents = crew }: World = {},
): RecordedSession {
  const situation = situated(tasks, agents);
  const draws = new Draws(seed);
  const sizesMs = situation.mediansMs.map((medianMs) => medianMs * Math.exp(0.5 * draws.normal()));
  const slotFromMs = Float64Array.from(situation.problem.agentOfSlot, (agent) => agents[agent]?.joinMs ?? 0);
  const taken = agents.flatMap((each, agent) => (each.taken ?? []).map((use) => ({ agent, ...use })));
  const problem = { ...situation.problem, sizesMs, slotFromMs, taken };
  const beliefs = {
    mediansMs: situation.mediansMs,
    kindVariance: new Float64Array(tasks.length).fill(0.125),
    ownVariance: new Float64Array(tasks.length).fill(0.125),
    kindOf: new Uint32Array(tasks.length).map((_, task) => task),
  };
  const outlookOf = () => new Believed(problem, beliefs);
  const { dispatcher, delaysOf } = engineOf(mode, problem, {
    ...{ outlookOf, copies: false, delays: usualDelays, parts: [] },
  });
  const done = execute(problem, dispatcher, delaysOf);
  return {
    mode,
    realMs: done.makespanMs,
    agents,
    tasks: tasks.map(({ id, needs, demand, capability = id }, task) => {
      const workMs = (sizesMs[task] ?? 0) * (situation.problem.paces[done.agentOf[task] ?? 0] ?? 1);
      const endMs = done.endMs[task] ?? 0;
      return {
        ...{ id, needs, demand, capability, expectedMs: situation.mediansMs[task] ?? 0, deviation: 0.5 },
        ...{ agentId: `agent-${done.agentOf[task]}`, workMs, startMs: endMs - workMs, endMs },
        ...(mode === "intelligence" && { decideMs: done.startMs[task] ?? 0 }),
      };
    }),
  };
}

const heavy = intended(layers(5, 12), (id) => 1_000 * (1 + (Number(id.split("-")[2]) % 9)));
/** Rounding errors. The time of a plan's decision is the median of the measured ones. */
const exactly = { workflow: 1e-9, swarm: 1e-9, intelligence: 1e-3 };
const compared = (session: RecordedSession) => {
  const comparison = replay(session);
  if ("refused" in comparison) throw new Error(comparison.refused.detail);
  return comparison;
};

describe("a session done again", () => {
  for (const mode of ["workflow", "swarm", "intelligence"] as const)
    it(`ends as it did as ${mode}, and the others end as they would have`, () => {
      const session = lived(heavy, mode);
      const { modes, trustworthy, assumptions } = compared(session);
      const [real, ...others] = modes;
      assert.deepEqual([real?.mode, real?.real], [mode, true]);
      assert.ok((real?.error ?? 1) < exactly[mode], `${mode} is off by ${real?.error}`);
      assert.ok(trustworthy);
      assert.match(assumptions, /^60 tasks take their recorded times.*off by/);
      for (const other of others) {
        if (other.mode === "hybrid") continue;
        const { realMs } = lived(heavy, other.mode);
        const off = Math.abs(other.simulatedMs - realMs) / realMs;
        assert.ok(off < 0.02, `${other.mode} instead of ${mode} is off by ${off}`);
      }
    });

  for (const mode of ["workflow", "swarm"] as const)
    it(`ends as it did as ${mode} if agents joined late and some slots were in use by others`, () => {
      const agents = present([0.6, 1, 1.4, 1.9], 2).map((agent, at) => ({
        ...agent,
        joinMs: at === 2 ? 5_000 : 0,
        taken:
          at === 3
            ? [
                { fromMs: 2_000, untilMs: 9_000 },
                { fromMs: 4_000, untilMs: 20_000 },
              ]
            : [],
      }));
      const [real, other] = compared(lived(heavy, mode, { agents })).modes;
      assert.ok((real?.error ?? 1) < exactly[mode], `off by ${real?.error}`);
      // With all agents from the start it would have been quicker.
      assert.ok(
        (other?.simulatedMs ?? 0) >
          lived(heavy, "workflow", { agents: present([0.6, 1, 1.4, 1.9], 2) }).realMs,
      );
    });

  it("derives the speed of agents from durations compared with the stated sizes", () => {
    const session = lived(heavy, "workflow");
    const stated = new Map(heavy.map(({ id, statedMs = 0 }) => [id, statedMs]));
    const asStated = {
      ...session,
      agents: session.agents.map(({ slowness: _, ...agent }) => agent),
      tasks: session.tasks.map((task) => ({ ...task, statedMs: stated.get(task.id) ?? 0 })),
    };
    const known = compared(session);
    const comparison = compared(asStated);
    assert.ok((comparison.modes[0]?.error ?? 1) < 0.05, `off by ${comparison.modes[0]?.error}`);
    known.modes.forEach(({ mode, simulatedMs }, at) => {
      const off = Math.abs((comparison.modes[at]?.simulatedMs ?? 0) - simulatedMs) / simulatedMs;
      assert.ok(off < 0.15, `${mode} is off by ${off}`);
    });
  });

  it("predicts that short steps are slower and long steps faster by a plan", () => {
    const times = (session: RecordedSession) =>
      Object.fromEntries(compared(session).modes.map(({ mode, simulatedMs }) => [mode, simulatedMs]));
    const short = times(
      lived(
        intended(chain(30), () => 1),
        "workflow",
      ),
    );
    assert.ok((short["intelligence"] ?? 0) > 1.5 * (short["workflow"] ?? 0));
    const long = times(lived(heavy, "workflow"));
    assert.ok((long["intelligence"] ?? 0) < 0.95 * (long["workflow"] ?? 0), JSON.stringify(long));
  });

  it("reports that it is not reliable if the replay does not match the real time", () => {
    const session = lived(heavy, "workflow");
    const { modes, trustworthy, assumptions } = compared({ ...session, realMs: session.realMs * 2 });
    assert.deepEqual([trustworthy, Math.round((modes[0]?.error ?? 0) * 10)], [false, 5]);
    assert.match(assumptions, /not reliable/);
  });

  it("includes tasks that were found at run time, and does not plan them in advance", () => {
    const session = lived(heavy, "workflow");
    const found = { ...session.tasks[3], id: "found", needs: [], foundBy: session.tasks[59]?.id ?? "" };
    const grown = {
      ...session,
      tasks: [...session.tasks, { ...session.tasks[3], ...found, workMs: 50_000 }],
    };
    for (const { mode, simulatedMs } of compared(grown as RecordedSession).modes)
      assert.ok(simulatedMs > 50_000 / 1.9, mode);
  });

  it("an agent that was not there at first is not there at first", () => {
    const session = lived(heavy, "workflow");
    const late = session.agents.map((agent) => ({ ...agent, joinMs: 100_000 }));
    for (const { mode, simulatedMs } of compared({ ...session, agents: late }).modes)
      assert.ok(simulatedMs > 100_000, mode);
  });
});
