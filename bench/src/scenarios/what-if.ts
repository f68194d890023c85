import { type RecordedAgent, type RecordedAttempt, type Recording, whatIf } from "@tutti/matching";
import { Draws } from "@tutti/planner";
import { rounded } from "../measure/statistics.ts";
import type { Result, Scenario } from "../scenario.ts";

const startMs = 1_800_000_000_000;
const hourMs = 3_600_000;
const policy = { namespace: "default", pool: "default", settings: {}, limits: [] };
const goals = { waitMs: 0, pricePerHour: 0 };
const [workers, slots] = [4, 2];
/** Arrivals per second. The owner of a pool keeps 32,768 attempts: 1.5 hours of the first rate, 11 minutes of the second. */
const rates = [6, 50] as const;
const busyShare = 0.85;

/** Replays a recorded hour of a pool with one more worker: the self-check's error, and the speed against real time. */
export const whatIfReplay: Scenario = {
  name: "what-if",
  about: "an hour of a pool replayed with one worker more: error of the self-check, and speed over real time",
  goals: [
    { line: { ratePerSec: 6 }, figure: "error", atMost: 0.05 },
    { line: { ratePerSec: 6 }, figure: "timesRealTime", atLeast: 1_000 },
  ],
  async *run({ rounds }) {
    for (const rate of rates) {
      const recording = recordingOf(rate);
      const durationMs = (recording.attempts.at(-1)?.endedMs ?? 0) - startMs;
      let [bestMs, error] = [Number.POSITIVE_INFINITY, 1];
      for (let round = 0; round < rounds; round++) {
        const before = process.cpuUsage();
        const scenario = { workers: workers + 1, slots: undefined, load: undefined };
        const found = whatIf({ recording, policy, otherPolicy: policy, scenario, goals });
        const { user, system } = process.cpuUsage(before);
        bestMs = Math.min(bestMs, (user + system) / 1_000);
        error = found.check.error;
      }
      yield {
        variant: "replay",
        ratePerSec: rate,
        attempts: recording.attempts.length,
        error: rounded(error),
        spanSec: rounded(durationMs / 1_000),
        cpuMs: rounded(bestMs),
        timesRealTime: rounded(durationMs / bestMs),
      } satisfies Result;
    }
  },
};

/** Computes a FIFO queue, independent of the pool. A slot is empty for 5 to 15 ms between two tasks. */
function recordingOf(ratePerSec: number): Recording {
  const draws = new Draws(ratePerSec);
  const free = Array.from({ length: workers * slots }, (_, at) => ({
    agentId: `w${at % workers}`,
    freeMs: startMs,
  }));
  const executionMs = (1_000 * busyShare * workers * slots) / ratePerSec;
  const attempts: RecordedAttempt[] = [];
  let offeredMs = startMs;
  for (let at = 0; offeredMs < startMs + hourMs && attempts.length < 32_768; at++) {
    offeredMs += (-Math.log(1 - draws.next()) * 1_000) / ratePerSec;
    const slot = free.reduce((one, other) => (other.freeMs < one.freeMs ? other : one));
    const assignedMs = slot.freeMs <= offeredMs ? offeredMs : slot.freeMs + 5 + 10 * draws.next();
    const endedMs = assignedMs + executionMs * (0.5 + draws.next());
    slot.freeMs = endedMs;
    attempts.push({
      namespace: "default",
      kind: "run",
      workId: `run-${at}`,
      task: "work",
      attempt: 1,
      definition: "job",
      capability: "work",
      agentId: slot.agentId,
      slots,
      priority: 0,
      share: "",
      readyMs: offeredMs,
      offeredMs,
      assignedMs,
      endedMs,
      dueMs: 0,
      isCopy: false,
      status: "completed",
      money: 0,
      demand: "",
    });
  }
  return { namespace: "default", pool: "default", attempts, agents: agentsThere() };
}

function agentsThere(): RecordedAgent[] {
  const always = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };
  return Array.from({ length: workers }, (_, number) => ({
    agentId: `w${number}`,
    likeId: `w${number}`,
    slots,
    labels: {},
    resources: {},
    ...always,
    capabilities: [{ name: "work", version: "1.0.0", money: 0 }],
  }));
}
