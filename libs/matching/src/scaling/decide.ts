/**
 * The number of agents that a scaler wants, from the load, the present agents, and its earlier decisions.
 * Pure.
 *
 * 1. The number is within the bounds of the moment, for any earlier number.
 * 2. It grows at once. It shrinks only if nothing changed during the cool-down time, and only by the agents
 *    that have been idle long enough. So it never swings within that time, unless the bounds do.
 * 3. If there is work that no other agent does, at least one agent is wanted: the first task wakes one.
 * 4. If tasks wait too long and no agent has room, at least one more agent is wanted, however many slots the agents claim.
 * 5. Nothing changes while the scaler is paused.
 */
import { counted, durationText } from "@tutti/kernel";
import { foreignSlotsOf, isLate, needOf } from "./need.ts";
import type { Load, ScalerMemory, ScalingRules } from "./rules.ts";
import type { Bounds } from "./windows.ts";

export interface ScalingDecision {
  readonly wanted: number;
  /** The reason, as a text. */
  readonly reason: string;
  /** The numbers behind the decision, by name. */
  readonly figures: Readonly<Record<string, number>>;
  readonly memory: ScalerMemory;
}

export function decideScaling(
  rules: ScalingRules,
  bounds: Bounds,
  load: Load,
  before: ScalerMemory,
  nowMs: number,
): ScalingDecision {
  const slotsPerAgent = load.agents > 0 && load.slots > 0 ? load.slots / load.agents : before.slotsPerAgent;
  const need = needOf(load, rules);
  const slots = need.slots - foreignSlotsOf(load, rules);
  const desired = Math.max(leastOf(load, rules), agentsFor(slots, slotsPerAgent));
  const { wanted, reason } = rules.paused
    ? { wanted: before.wanted, reason: "the scaler is paused" }
    : choose(rules, bounds, load, before, { desired, reason: need.reason }, nowMs);
  const changedMs = wanted === before.wanted ? before.changedMs : nowMs;
  return {
    wanted,
    reason,
    figures: figuresOf(load, bounds, desired),
    memory: { wanted, changedMs, isNight: bounds.isNight, slotsPerAgent },
  };
}

interface Proposal {
  readonly desired: number;
  readonly reason: string;
}

function choose(
  { coolDownMs, idleMs }: ScalingRules,
  { minAgents, maxAgents, isNight }: Bounds,
  { idleAgents }: Load,
  { wanted: before, changedMs, isNight: wasNight }: ScalerMemory,
  { desired, reason }: Proposal,
  nowMs: number,
): Proposal & { readonly wanted: number } {
  const within = Math.min(maxAgents, Math.max(minAgents, before));
  const target = Math.min(maxAgents, Math.max(minAgents, desired));
  const decision = (wanted: number, text: string) => ({ wanted, desired, reason: text });
  if (isNight && !wasNight && target === 0) return decision(0, "a time has started in which all sleep");
  if (target > within) return decision(target, withLimit(desired, maxAgents, reason));
  if (within < before)
    return decision(within, `at most ${counted(maxAgents, "agent is", "agents are")} allowed now`);
  if (within > before)
    return decision(within, `at least ${counted(minAgents, "agent is", "agents are")} wanted now`);
  if (target === within) return decision(within, withLimit(desired, maxAgents, reason));
  const coolInMs = changedMs + coolDownMs - nowMs;
  if (coolInMs > 0)
    return decision(within, `${reason}; fewer agents would do, in ${durationText(coolInMs)} they may go`);
  const fewer = Math.max(target, within - idleAgents);
  if (fewer === within)
    return decision(within, `${reason}; no agent has been idle for ${durationText(idleMs)}`);
  return decision(
    fewer,
    `${reason}; ${counted(within - fewer, "agent has", "agents have")} been idle for ${durationText(idleMs)}`,
  );
}

function withLimit(desired: number, maxAgents: number, reason: string): string {
  return desired > maxAgents
    ? `${reason}; ${desired} would be needed, ${counted(maxAgents, "is", "are")} allowed`
    : reason;
}

/** Returns whole agents. */
function agentsFor(slots: number, slotsPerAgent: number): number {
  // A sum of whole agents must not become one more by rounding.
  return Math.max(0, Math.ceil(slots / slotsPerAgent - 1e-9));
}

/** Returns the agents for work that no other agent does: see 3 and 4. */
function leastOf(load: Load, rules: ScalingRules): number {
  const { queued, running, roomySlots, agents, isPoolPaused } = load;
  if (queued === 0 || roomySlots > 0 || isPoolPaused) return 0;
  return isLate(load, rules) ? Math.min(agents + 1, queued + running) : 1;
}

function figuresOf(load: Load, bounds: Bounds, desired: number): Record<string, number> {
  const { slots, busySlots, isPoolPaused: _, ...rest } = load;
  const busyShare = slots === 0 ? 0 : busySlots / slots;
  const { minAgents, maxAgents } = bounds;
  return { ...rest, slots, busySlots, busyShare, desired, minAgents, maxAgents };
}
