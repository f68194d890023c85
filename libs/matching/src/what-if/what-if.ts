/**
 * The past of a pool with other settings. First the past is replayed unchanged: only a replay that reproduces
 * the recorded waits predicts anything.
 */
import { quantile } from "@tutti/analysis";
import { type Prepared, prepareReplay } from "./prepare.ts";
import { asItWas, type RecordedAgent, type Recording, type Scenario } from "./recording.ts";
import { type Replayed, type ReplayPolicy, replay } from "./replay.ts";
import { countedOf, type Goals, type PoolReport, reportOf, waitsOf } from "./report.ts";

export interface WhatIf {
  readonly check: SelfCheck;
  readonly past: PoolReport;
  /** Undefined if the self-check failed. */
  readonly scenario: PoolReport | undefined;
}

export interface SelfCheck {
  readonly isGood: boolean;
  /** The largest error, as a share. */
  readonly error: number;
  readonly quantiles: readonly CheckedQuantile[];
  /** Median of the measured delays from the end of a task to the next one in its slot. */
  readonly hopMs: number;
  readonly tasks: number;
}

interface CheckedQuantile {
  readonly name: "wait_p50" | "wait_p99";
  readonly pastMs: number;
  readonly replayedMs: number;
  readonly error: number;
}

const errorMax = 0.05;
/** First queueing is recorded in whole milliseconds. */
const resolutionMs = 1;
/** Minimum number of waits for a p99. */
const p99From = 500;

export interface WhatIfQuery {
  readonly recording: Recording;
  /** The configuration of the pool in the past, and the changed one. */
  readonly policy: ReplayPolicy;
  readonly otherPolicy: ReplayPolicy;
  readonly scenario: Scenario;
  readonly goals: Goals;
}

export function whatIf({ recording, policy, otherPolicy, scenario, goals }: WhatIfQuery): WhatIf {
  const prepared = prepareReplay(recording);
  const past = reportOf(recording.attempts, recording.agents, goals);
  const check = selfCheck(recording, prepared, policy);
  if (!check.isGood) return { check, past, scenario: undefined };
  const agents = agentsOf(recording, scenario);
  const { placed, unserved } = replay(prepared, agents, otherPolicy, scenario.load ?? 1);
  return { check, past, scenario: reportOf(placed, agents, goals, unserved.length) };
}

export function selfCheck(recording: Recording, prepared: Prepared, policy: ReplayPolicy): SelfCheck {
  return checkOf(recording, prepared, replay(prepared, agentsOf(recording, asItWas), policy));
}

export function checkOf(
  recording: Recording,
  prepared: Prepared,
  { placed, unserved }: Pick<Replayed, "placed" | "unserved">,
): SelfCheck {
  const was = waitsOf(countedOf(recording.attempts));
  const is = waitsOf(countedOf(placed));
  const median = ["wait_p50", 0.5] as const;
  const compared = was.length >= p99From ? [median, ["wait_p99", 0.99] as const] : [median];
  const quantiles = compared.map(([name, share]): CheckedQuantile => {
    const [pastMs, replayedMs] = [quantile(was, share) || 0, quantile(is, share) || 0];
    const error = Math.max(0, Math.abs(replayedMs - pastMs) - resolutionMs) / Math.max(pastMs, resolutionMs);
    return { name, pastMs, replayedMs, error };
  });
  const missing = unserved.length / Math.max(1, prepared.jobs.length);
  const error = Math.max(missing, ...quantiles.map((each) => each.error));
  return {
    isGood: was.length > 0 && error <= errorMax,
    error,
    quantiles,
    tasks: was.length,
    hopMs: quantile(prepared.hopsMs, 0.5) || 0,
  };
}

function agentsOf(
  { agents }: Pick<Recording, "agents">,
  { workers, slots }: Scenario,
): readonly RecordedAgent[] {
  const slotted = agents.map((agent) => ({ ...agent, slots: slots ?? agent.slots }));
  if (workers === undefined) return slotted;
  const [fromMs, toMs] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  // An agent with a gap in its presence is listed twice.
  const distinct = [...new Map(slotted.map((agent) => [agent.agentId, agent])).values()];
  return Array.from({ length: workers }, (_, at): RecordedAgent[] => {
    const alike = distinct[at % Math.max(1, distinct.length)];
    if (alike === undefined) return [];
    const round = Math.floor(at / distinct.length);
    const agentId = round === 0 ? alike.agentId : `${alike.agentId}+${round}`;
    return [{ ...alike, agentId, fromMs, toMs }];
  }).flat();
}
