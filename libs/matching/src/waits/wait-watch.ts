/** Looks now and then why tasks wait for agents, all alike at once: after turns, and not more often than this. */
import { WaitCause } from "@tutti/contracts/types/v1";
import { isBroken } from "../agents/breaker.ts";
import type { PoolCore } from "../books.ts";
import { comparedMax } from "../bounds.ts";
import { isEverFit } from "../demand/fit.ts";
import { newestIn } from "../demand/versions.ts";
import type { Demand } from "../parts.ts";
import { isStill } from "../settings.ts";
import { Due } from "../time/due.ts";

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

export class WaitWatch extends Due {
  readonly #core: PoolCore;
  readonly #demands: () => Iterable<Demand>;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** The first turn after that: what is otherwise has been so since then. */
  #sinceMs: number | undefined = undefined;
  /** Whether a task waited then. */
  #isOpen = false;

  constructor(core: PoolCore, demands: () => Iterable<Demand>) {
    super();
    this.#core = core;
    this.#demands = demands;
  }

  /** A turn is over. */
  look(nowMs: number): void {
    if (this.#core.queued === 0 && !this.#isOpen) return;
    this.#sinceMs ??= nowMs;
    if (nowMs < this.#lookedMs + everyMs) this.#core.wheel.set(this, this.#lookedMs + everyMs);
    else this.run(nowMs);
  }

  override run(nowMs: number): void {
    this.#core.wheel.remove(this);
    const sinceMs = this.#sinceMs ?? nowMs;
    this.#sinceMs = undefined;
    this.#lookedMs = nowMs;
    this.#isOpen = false;
    for (const demand of this.#demands()) {
      const { waits } = demand;
      const cause = isWaitedIn(demand) ? causeOf(this.#core, demand, nowMs) : WAIT_CAUSE_UNSPECIFIED;
      waits.note(cause, sinceMs);
      this.#isOpen ||= waits.isOpen;
    }
  }
}

/** Why the first who asks for this is not given out. */
function causeOf(core: PoolCore, demand: Demand, nowMs: number): WaitCause {
  if (isStill(core.settings)) return WAIT_CAUSE_PAUSED;
  if (demand.matches.length === 0) return missingCause(core, demand, nowMs);
  let looked = 0;
  let fit = 0;
  let asleep = 0;
  let slowed = 0;
  let broken = false;
  let isSetAside = false;
  for (const { cohort } of demand.matches) {
    for (const agent of cohort.agents) {
      if (++looked > comparedMax) break;
      if (!isEverFit(agent, demand.fit)) continue;
      if (demand.fit.side?.refusalAt(agent, demand.fit) !== undefined) {
        isSetAside = true;
        continue;
      }
      if (agent.hasRoom && agent.isAble) return WAIT_CAUSE_BEHIND_OTHERS;
      fit++;
      if (isBroken(agent)) broken = true;
      if (agent.life === "asleep") asleep++;
      if (agent.slowed) slowed++;
    }
  }
  if (isSetAside && fit === 0) return WAIT_CAUSE_LOCK;
  if (fit === 0) return WAIT_CAUSE_NO_MATCH;
  if (asleep === fit) return WAIT_CAUSE_AGENT_START;
  if (broken) return WAIT_CAUSE_BREAKER;
  return slowed === fit ? WAIT_CAUSE_SLOWED_DOWN : WAIT_CAUSE_BUSY;
}

/** Why no agent will do, where none does. */
function missingCause(core: PoolCore, { wish }: Demand, nowMs: number): WaitCause {
  if (core.turnedAway.able(wish, nowMs).length > 0) return WAIT_CAUSE_POLICY;
  const cohorts = [...(core.demands.fieldOf(wish.capability)?.cohorts ?? [])];
  const versions = cohorts.flatMap(({ offered }) =>
    offered.filter(({ name }) => name === wish.capability).map(({ version }) => version),
  );
  return newestIn(versions, wish.range) === undefined ? WAIT_CAUSE_NO_CAPABILITY : WAIT_CAUSE_NO_MATCH;
}

function isWaitedIn(demand: Demand): boolean {
  for (const { size } of demand.shares) if (size > 0) return true;
  return false;
}
