/** Days of a scaler in virtual time, with and without a forecast, and agents that take four minutes to start. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Scaler } from "@tutti/contracts/swarm/v1";
import { Arrivals, stretchMs } from "./arrivals.ts";
import { decideScaling } from "./decide.ts";
import { scalerForecastOf } from "./forecast.ts";
import { type Load, newcomer, scalingRulesOf } from "./rules.ts";

const perDay = 96;
const dayMs = perDay * stretchMs;
const startMs = 20_000 * dayMs;
const tickMs = 10_000;
const startupMs = 240_000;
const taskMs = 20_000;
const slotsPerAgent = 4;

/** Tasks of a quarter of an hour, by its number. Day 0 is the first one that is played. */
type Pattern = (day: number, quarter: number) => number;

const burstAt =
  (hour: number): Pattern =>
  (_, quarter) =>
    Math.floor(quarter / 4) === hour ? 900 : 0;

interface Agent {
  readonly endsMs: number[];
  idleSinceMs: number;
}

interface Result {
  readonly agentHours: number;
  readonly meanWaitSec: number;
}

/** Plays days after a usual week. */
function play(days: number, usual: Pattern, pattern: Pattern, useForecast: boolean): Result {
  const week = Array.from({ length: 7 * perDay }, (_, at) => usual(Math.floor(at / perDay) - 7, at % perDay));
  const arrivals = new Arrivals({ firstStretch: (startMs - 7 * dayMs) / stretchMs, arrivals: week });
  const rules = scalingRulesOf(Scaler.fromPartial({ maxAgents: 40, idleMs: 120_000, coolDownMs: 60_000 }));
  let [memory, agentMs, waitMs, ended, due] = [{ ...newcomer, slotsPerAgent }, 0, 0, 0, 0];
  const agents: Agent[] = [];
  const readyMs: number[] = [];
  const queue: number[] = [];
  const recent: number[] = [];
  for (let nowMs = startMs; nowMs < startMs + days * dayMs; nowMs += tickMs) {
    const at = nowMs - startMs;
    due += (pattern(Math.floor(at / dayMs), Math.floor((at % dayMs) / stretchMs)) * tickMs) / stretchMs;
    const arrived = Math.floor(due);
    due -= arrived;
    for (let task = 0; task < arrived; task++) queue.push(nowMs);
    recent.push(arrived);
    if (recent.length > 60_000 / tickMs) recent.shift();
    while ((readyMs[0] ?? Number.POSITIVE_INFINITY) <= nowMs) {
      readyMs.shift();
      agents.push({ endsMs: [], idleSinceMs: nowMs });
    }
    for (const agent of agents) {
      while ((agent.endsMs[0] ?? Number.POSITIVE_INFINITY) <= nowMs) {
        agent.endsMs.shift();
        agent.idleSinceMs = nowMs;
      }
      while (agent.endsMs.length < slotsPerAgent && queue.length > 0) {
        waitMs += nowMs - (queue.shift() ?? nowMs);
        ended++;
        agent.endsMs.push(nowMs + taskMs);
      }
    }
    arrivals.add(arrived, nowMs);
    const leadMs = startupMs * 1.2;
    const running = agents.reduce((sum, { endsMs }) => sum + endsMs.length, 0);
    const slots = agents.length * slotsPerAgent;
    const idle = agents.filter(
      (agent) => agent.endsMs.length === 0 && nowMs - agent.idleSinceMs >= rules.idleMs,
    );
    const load: Load = {
      queued: queue.length,
      longestWaitMs: nowMs - (queue[0] ?? nowMs),
      running,
      arrivalsPerSec: recent.reduce((sum, count) => sum + count, 0) / 60,
      finishesPerSec: running / (taskMs / 1_000),
      expectedPerSec: useForecast ? arrivals.expectedPerSec(nowMs + leadMs) : 0,
      ...{ leadMs, meanMs: taskMs, foreignSlots: 0, foreignBusySlots: 0, isPoolPaused: false },
      ...{ slots, busySlots: running, roomySlots: slots - running },
      ...{ agents: agents.length, idleAgents: idle.length },
    };
    const decision = decideScaling(
      rules,
      { minAgents: 0, maxAgents: 40, isNight: false },
      load,
      memory,
      nowMs,
    );
    memory = decision.memory;
    while (agents.length + readyMs.length < decision.wanted) readyMs.push(nowMs + startupMs);
    for (const agent of idle)
      if (agents.length + readyMs.length > decision.wanted) agents.splice(agents.indexOf(agent), 1);
    agentMs += (agents.length + readyMs.length) * tickMs;
  }
  return { agentHours: agentMs / 3_600_000, meanWaitSec: waitMs / Math.max(1, ended) / 1_000 };
}

const alternating: Pattern = (day, quarter) => burstAt(Math.abs(day) % 2 === 0 ? 15 : 9)(day, quarter);
const wandering: Pattern = (day, quarter) => burstAt((Math.abs(day) * 7) % 24)(day, quarter);

describe("a scaler with a forecast, over three days", () => {
  const days = 3;

  it("lets the tasks of a daily burst wait much shorter, with no more agent hours", () => {
    const reactive = play(days, burstAt(9), burstAt(9), false);
    const foreseeing = play(days, burstAt(9), burstAt(9), true);
    assert.ok(foreseeing.meanWaitSec < reactive.meanWaitSec / 5, `${foreseeing.meanWaitSec} s`);
    assert.ok(foreseeing.agentHours <= reactive.agentHours, `${foreseeing.agentHours} h`);
  });

  it("starts agents in vain for at most a quarter of an hour if the burst moves or ends", () => {
    // Seven agents for a quarter of an hour, with their start and their idle time.
    const vainHoursMost = 2.5;
    for (const pattern of [burstAt(13), () => 0]) {
      const reactive = play(days, burstAt(9), pattern, false);
      const foreseeing = play(days, burstAt(9), pattern, true);
      assert.ok(foreseeing.meanWaitSec <= reactive.meanWaitSec, `${foreseeing.meanWaitSec} s`);
      const vainHours = foreseeing.agentHours - reactive.agentHours;
      assert.ok(vainHours <= vainHoursMost, `${vainHours} h`);
    }
  });

  it("does the same as without one if the load of other days says nothing about the next", () => {
    for (const pattern of [alternating, wandering])
      assert.deepEqual(play(days, pattern, pattern, true), play(days, pattern, pattern, false));
  });
});

describe("the forecast that a scaler shows", () => {
  const idleMs = 120_000;
  const known = { leadMs: 300_000, meanMs: taskMs };

  /** Returns the forecast at noon, after days with a burst at these hours. */
  function forecastAfter(hours: readonly number[], load = known) {
    const past = hours.flatMap((hour, day) =>
      Array.from({ length: perDay }, (_, at) => burstAt(hour)(day, at)),
    );
    const arrivals = new Arrivals({ firstStretch: startMs / stretchMs, arrivals: past });
    const nowMs = startMs + hours.length * dayMs;
    arrivals.add(0, nowMs);
    return scalerForecastOf(arrivals.forecast(nowMs + load.leadMs), load, idleMs);
  }

  const verdicts: readonly (readonly [string, ReturnType<typeof forecastAfter>, boolean, RegExp])[] = [
    ["is not used before two days", forecastAfter([0]), false, /^24 of 48 hours are observed$/],
    ["is used while it is better", forecastAfter([0, 0, 0, 0, 0]), true, /lower than without/],
    ["is not used if it was off", forecastAfter([0, 0, 0, 0, 12]), false, /not lower than without/],
    [
      "is not used before a task has run",
      forecastAfter([0, 0, 0, 0, 0], { ...known, meanMs: 0 }),
      false,
      /no task has run yet/,
    ],
    ["is not used for rare tasks", forecastAfter([5, 5, 5, 5, 5]), false, /^so few tasks are expected/],
  ];
  for (const [title, { used, reason }, isUsed, expected] of verdicts)
    it(title, () => {
      assert.equal(used, isUsed, reason);
      assert.match(reason, expected);
    });

  it("has an interval and the errors of the last day", () => {
    const { expectedPerSec, lowPerSec, highPerSec, error, reactiveError } = forecastAfter([0, 0, 0, 0, 0]);
    assert.ok(lowPerSec <= expectedPerSec && expectedPerSec <= highPerSec);
    assert.ok(Math.abs(expectedPerSec - 1) < 0.3, `${expectedPerSec}`);
    assert.ok(error < 0.2 && Math.abs(reactiveError - 0.5) < 0.01, `${error} ${reactiveError}`);
  });
});
