/** Checks after turns why tasks wait for agents, once per demand, and at most once per interval. */
import { WaitCause } from "@tutti/contracts/types/v1";
import { isBroken } from "../agents/breaker.ts";
import type { CapabilityPauses } from "../agents/pauses.ts";
import type { RefusedAgents } from "../agents/refused-agents.ts";
import { comparedMax } from "../bounds.ts";
import type { Demands } from "../demand/demands.ts";
import { isEverFit } from "../demand/fit.ts";
import type { Demand } from "../demand/matches.ts";
import { newestIn } from "../demand/versions.ts";
import type { LiveSettings } from "../settings.ts";
import type { Waiting } from "../task/waiting.ts";
import { Due } from "../time/due.ts";
import type { Wheel } from "../time/wheel.ts";

const everyMs = 250;
const {
  WAIT_CAUSE_UNSPECIFIED,
  WAIT_CAUSE_PAUSED,
  WAIT_CAUSE_NO_CAPABILITY,
  WAIT_CAUSE_NO_MATCH,
  WAIT_CAUSE_BEHIND_OTHERS,
  WAIT_CAUSE_AGENT_START,
  WAIT_CAUSE_SLOWED_DOWN,
  WAIT_CAUSE_BUSY,
  WAIT_CAUSE_LOCK,
  WAIT_CAUSE_BREAKER,
  WAIT_CAUSE_POLICY,
} = WaitCause;

/** The parts that WaitWatch needs. */
export interface WaitWatchParts {
  readonly settings: LiveSettings;
  readonly wheel: Wheel;
  readonly waiting: Waiting;
  readonly demands: Demands;
  readonly refusedAgents: RefusedAgents;
  readonly pauses: CapabilityPauses;
}

export class WaitWatch extends Due {
  readonly #parts: WaitWatchParts;
  #checkedMs = Number.NEGATIVE_INFINITY;
  /** The first turn after the last check: a change counts from then on. */
  #sinceMs: number | undefined = undefined;
  /** True if a task waited at the last check. */
  #isOpen = false;

  constructor(parts: WaitWatchParts) {
    super();
    this.#parts = parts;
  }

  /** Called after a turn. */
  check(nowMs: number): void {
    if (this.#parts.waiting.count === 0 && !this.#isOpen) return;
    this.#sinceMs ??= nowMs;
    if (nowMs < this.#checkedMs + everyMs) this.#parts.wheel.set(this, this.#checkedMs + everyMs);
    else this.run(nowMs);
  }

  override run(nowMs: number): void {
    this.#parts.wheel.remove(this);
    const sinceMs = this.#sinceMs ?? nowMs;
    this.#sinceMs = undefined;
    this.#checkedMs = nowMs;
    this.#isOpen = false;
    for (const demand of this.#parts.demands.all) {
      const { waits } = demand;
      const cause = isWaitedIn(demand) ? this.#causeOf(demand, nowMs) : WAIT_CAUSE_UNSPECIFIED;
      waits.record(cause, sinceMs);
      this.#isOpen ||= waits.isOpen;
    }
  }

  /** Returns why the first task with this demand is not assigned. */
  #causeOf(demand: Demand, nowMs: number): WaitCause {
    if (this.#parts.settings.isStill) return WAIT_CAUSE_PAUSED;
    if (demand.matches.length === 0)
      return this.#parts.pauses.of(demand).length > 0
        ? WAIT_CAUSE_SLOWED_DOWN
        : this.#missingCause(demand, nowMs);
    let checked = 0;
    let fitAgents = 0;
    let asleep = 0;
    let slowed = 0;
    let broken = false;
    let isReserved = false;
    for (const { cohort } of demand.matches) {
      for (const agent of cohort.agents) {
        if (++checked > comparedMax) break;
        if (!isEverFit(agent, demand.fit)) continue;
        if (demand.fit.side?.refusalAt(agent, demand.fit) !== undefined) {
          isReserved = true;
          continue;
        }
        if (agent.hasRoom && agent.isAble) return WAIT_CAUSE_BEHIND_OTHERS;
        fitAgents++;
        if (isBroken(agent)) broken = true;
        if (agent.life === "asleep") asleep++;
        if (agent.slowed) slowed++;
      }
    }
    if (isReserved && fitAgents === 0) return WAIT_CAUSE_LOCK;
    if (fitAgents === 0) return WAIT_CAUSE_NO_MATCH;
    if (asleep === fitAgents) return WAIT_CAUSE_AGENT_START;
    if (broken) return WAIT_CAUSE_BREAKER;
    return slowed === fitAgents ? WAIT_CAUSE_SLOWED_DOWN : WAIT_CAUSE_BUSY;
  }

  /** Returns why no agent is suitable, if none is. */
  #missingCause({ requirements }: Demand, nowMs: number): WaitCause {
    if (this.#parts.refusedAgents.able(requirements, nowMs).length > 0) return WAIT_CAUSE_POLICY;
    const cohorts = [...(this.#parts.demands.fieldOf(requirements.capability)?.cohorts ?? [])];
    const versions = cohorts.flatMap(({ offered }) =>
      offered.filter(({ name }) => name === requirements.capability).map(({ version }) => version),
    );
    return newestIn(versions, requirements.range) === undefined
      ? WAIT_CAUSE_NO_CAPABILITY
      : WAIT_CAUSE_NO_MATCH;
  }
}

function isWaitedIn(demand: Demand): boolean {
  if (demand.ganged > 0) return true;
  for (const { size } of demand.shares) if (size > 0) return true;
  return false;
}
