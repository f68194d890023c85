/** The cohorts with a ready agent and a task that may find it. Each knows its place in the list. */

import { isBefore } from "@tutti/kernel";
import type { AgentCohort, CohortWatch } from "../agents/cohort.ts";

export class ReadyCohorts implements CohortWatch {
  readonly #cohorts: AgentCohort[] = [];

  update(cohort: AgentCohort): void {
    const isReady = cohort.isLive && cohort.ready.size > 0;
    if (isReady === cohort.place >= 0) return;
    if (isReady) {
      cohort.place = this.#cohorts.length;
      this.#cohorts.push(cohort);
      return;
    }
    const last = this.#cohorts.pop();
    if (last !== undefined && last !== cohort) {
      this.#cohorts[cohort.place] = last;
      last.place = cohort.place;
    }
    cohort.place = -1;
  }

  /** Returns the cohort whose first agent goes before the first agents of the others. */
  next(): AgentCohort | undefined {
    const cohorts = this.#cohorts;
    let best = cohorts[0];
    for (let at = 1; at < cohorts.length; at++) {
      const cohort = cohorts[at];
      const agent = cohort?.ready.first;
      const other = best?.ready.first;
      if (agent !== undefined && other !== undefined && isBefore(agent, other)) best = cohort;
    }
    return best;
  }
}
