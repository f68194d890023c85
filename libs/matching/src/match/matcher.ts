/**
 * Gives waiting tasks to agents with room.
 *
 * 1. Matching continues as long as a cohort has a ready agent and a task that may find it. So at its end no
 *    task waits that an agent with room could do.
 * 2. The cohort with the least loaded first agent is served first, so that alike agents of different cohorts
 *    get alike.
 * 3. A task that cannot go now blocks no other task: it moves to the limit that holds it or to the agent that
 *    it is bound to. A wait group without a fit agent is parked as a whole.
 */

import { assert, isBefore } from "@tutti/kernel";
import type { Agent, Cohort } from "../agents/agent.ts";
import type { AgentIndex } from "../agents/agent-index.ts";
import type { Readiness } from "../agents/readiness.ts";
import { comparedMax, judgedMax } from "../bounds.ts";
import { isFit } from "../demand/fit.ts";
import type { CohortMatch } from "../demand/matches.ts";
import type { LiveSettings } from "../settings.ts";
import type { Strategy } from "../strategies/strategy.ts";
import type { Assigner } from "../task/assigner.ts";
import type { BoundTasks } from "../task/bound-tasks.ts";
import type { Task } from "../task/task.ts";
import { viewOf } from "../task/view.ts";
import type { Waiting } from "../task/waiting.ts";
import type { Affinity } from "./affinity.ts";
import type { LearnedTimes } from "./learned-times.ts";
import type { ReadyCohorts } from "./ready-cohorts.ts";

export interface MatcherParts {
  readonly cohorts: ReadyCohorts;
  readonly assigner: Assigner;
  readonly waiting: Waiting;
  readonly bound: BoundTasks;
  readonly readiness: Readiness;
  readonly settings: LiveSettings;
  readonly agents: AgentIndex;
  readonly affinity: Affinity;
  readonly times: LearnedTimes;
}

export class Matcher {
  readonly #cohorts: ReadyCohorts;
  readonly #assigner: Assigner;
  readonly #waiting: Waiting;
  readonly #bound: BoundTasks;
  readonly #readiness: Readiness;
  readonly #settings: LiveSettings;
  readonly #agents: AgentIndex;
  readonly #affinity: Affinity;
  readonly #times: LearnedTimes;

  constructor(parts: MatcherParts) {
    this.#cohorts = parts.cohorts;
    this.#assigner = parts.assigner;
    this.#waiting = parts.waiting;
    this.#bound = parts.bound;
    this.#readiness = parts.readiness;
    this.#settings = parts.settings;
    this.#agents = parts.agents;
    this.#affinity = parts.affinity;
    this.#times = parts.times;
  }

  /** Assigns at most `max` tasks. Returns the number of assigned tasks. */
  match(nowMs: number, max: number): number {
    let assigned = 0;
    for (
      let cohort = this.#cohorts.next();
      cohort !== undefined && assigned < max;
      cohort = this.#cohorts.next()
    ) {
      const entry = cohort.next()?.waitEntries.first;
      const task = entry?.share.head;
      assert(entry !== undefined && task !== undefined, "a task waits in a live wait group", {
        cohort: cohort.key,
      });
      if (task.extras === undefined) {
        if (this.#serve(entry.match, task, nowMs)) assigned++;
      } else if (this.#serveChoosy(entry.match, task, nowMs)) assigned++;
    }
    return assigned;
  }

  #serve(match: CohortMatch, task: Task, nowMs: number): boolean {
    const chosen = task.demand.picky ? this.#preferred(task, match) : match;
    const agent = this.#byKey(chosen, task) ?? this.#agentAt(chosen, task);
    if (agent === undefined) {
      match.waitGroup.park();
      return false;
    }
    this.#assigner.assign(task, agent, chosen, nowMs);
    return true;
  }

  /** Serves a task with limits or keys of its own. */
  #serveChoosy(match: CohortMatch, task: Task, nowMs: number): boolean {
    const { extras, profile } = task;
    if (extras === undefined || this.#waiting.holdForLimit(task, extras, nowMs)) return false;
    const { stickyKey, contextKey } = extras;
    if (stickyKey !== "" && extras.unbound === undefined) {
      const agent = this.#known(profile.namespace, stickyKey);
      const known = agent === undefined ? undefined : siteFor(task, agent);
      if (agent !== undefined && known !== undefined) {
        if (!agent.hasRoom || !isFit(agent, task.demand.fit)) {
          if (extras.mayBind) {
            this.#bound.bind(task, extras, agent, nowMs);
            return false;
          }
        } else {
          this.#assigner.assign(task, agent, known, nowMs);
          return true;
        }
      }
    }
    if (contextKey !== "") {
      const agent =
        this.#readiness.holderOf(contextKey, task) ??
        this.#named(contextKey) ??
        this.#known(profile.namespace, contextKey);
      const match = agent?.hasRoom === true ? siteFor(task, agent) : undefined;
      if (agent !== undefined && match !== undefined && isFit(agent, task.demand.fit)) {
        this.#assigner.assign(task, agent, match, nowMs);
        return true;
      }
    }
    return this.#serve(match, task, nowMs);
  }

  /** Returns the agent that the strategy finds by a key of the task, if it has room. */
  #byKey({ cohort }: CohortMatch, task: Task): Agent | undefined {
    const { stickTo, placeBy } = this.#settings.current.strategy;
    if (stickTo === undefined && placeBy === undefined) return undefined;
    const view = viewOf(task);
    const { fit } = task.demand;
    const isFree = (agent: Agent | undefined): agent is Agent =>
      agent?.cohort === cohort && agent.hasRoom && isFit(agent, fit);
    if (stickTo !== undefined) {
      const agent = this.#known(task.profile.namespace, stickTo(view));
      if (isFree(agent)) return agent;
    }
    if (placeBy === undefined) return undefined;
    let compared = 0;
    for (const agentId of cohort.around(placeBy(view))) {
      const agent = this.#agents.get(agentId);
      if (isFree(agent)) return agent;
      if (++compared >= comparedMax) break;
    }
    return undefined;
  }

  another(task: Task, than: Agent): { readonly agent: Agent; readonly match: CohortMatch } | undefined {
    const { judge } = this.#settings.current.strategy;
    for (const match of task.demand.matches) {
      const able: Agent[] = [];
      for (const agent of match.cohort.ready.items) {
        if (agent !== than && isFit(agent, task.demand.fit)) able.push(agent);
        if (able.length >= comparedMax) break;
      }
      const agent = this.#bestOf(able, judge, task);
      if (agent !== undefined) return { agent, match };
    }
    return undefined;
  }

  /** `agent/anna`: the planner prefers this agent. Another one serves the task while the agent is full or away. */
  #named(contextKey: string): Agent | undefined {
    if (!contextKey.startsWith("agent/")) return undefined;
    const agent = this.#agents.get(contextKey.slice("agent/".length));
    return agent?.isAble === true ? agent : undefined;
  }

  #known(namespace: string, key: string): Agent | undefined {
    const agentId = this.#affinity.get(namespace, key);
    const agent = agentId === undefined ? undefined : this.#agents.get(agentId);
    return agent?.isAble === true ? agent : undefined;
  }

  /** Returns the match with the most preferred labels among those with a ready agent. */
  #preferred(task: Task, match: CohortMatch): CohortMatch {
    for (const other of task.demand.matches) {
      if (other === match || other.preference <= match.preference) break;
      if (other.waitGroup.isLive && this.#agentAt(other, task) !== undefined) return other;
    }
    return match;
  }

  /** Returns those of the agents that are ready in a cohort. */
  #readyOf(agentIds: ReadonlySet<string>, cohort: Cohort): Agent[] {
    const ready: Agent[] = [];
    for (const agentId of agentIds) {
      const agent = this.#agents.get(agentId);
      if (agent?.cohort === cohort && agent.place >= 0) ready.push(agent);
    }
    return ready;
  }

  #agentAt({ cohort, waitGroup }: CohortMatch, task: Task): Agent | undefined {
    const { judge } = this.#settings.current.strategy;
    const { ready } = cohort;
    if (waitGroup.plain) {
      if (judge === undefined) return ready.first;
      return this.#bestOf(ready.items.slice(0, judgedMax), judge, task);
    }
    const { fit } = waitGroup;
    if (waitGroup.narrow !== undefined)
      waitGroup.narrow = waitGroup.narrow.filter((agent) => agent.place >= 0 && agent.cohort === cohort);
    const candidates =
      fit.only === undefined ? (waitGroup.narrow ?? ready.items) : this.#readyOf(fit.only, cohort);
    const able: Agent[] = [];
    for (const agent of candidates) {
      if (isFit(agent, fit)) able.push(agent);
      if (able.length >= comparedMax) break;
    }
    return this.#bestOf(able, judge, task);
  }

  /** Returns the agent judged best. Among equals, and without a judgement, the first in the order. */
  #bestOf(agents: readonly Agent[], judge: Strategy["judge"], task: Task): Agent | undefined {
    const times = this.#times;
    const view = judge === undefined ? undefined : viewOf(task);
    let best: Agent | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const agent of agents) {
      const score = judge === undefined || view === undefined ? 0 : judge(agent, view, times);
      if (best !== undefined && (score < bestScore || (score === bestScore && !isBefore(agent, best))))
        continue;
      best = agent;
      bestScore = score;
    }
    return best;
  }
}

function siteFor({ demand }: Task, { cohort }: Agent): CohortMatch | undefined {
  return demand.matches.find((match) => match.cohort === cohort);
}
