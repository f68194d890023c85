import type { AgentCohort } from "../agents/cohort.ts";
import { Share } from "../queue/share.ts";
import { type CohortWaitGroup, WaitEntry } from "../queue/wait-group.ts";
import type { Task } from "../task/task.ts";
import { WaitLog } from "../waits/wait-log.ts";
import type { CohortMatch, Demand } from "./matches.ts";
import type { Fit, Requirements } from "./requirements.ts";

/** Above this number, shares without waiting tasks are forgotten. */
const idleSharesMax = 256;

/** A cohort that satisfies a demand, with its queues. */
export interface QueueMatch extends CohortMatch {
  readonly cohort: AgentCohort;
  readonly waitGroup: CohortWaitGroup;
}

export class SharedDemand implements Demand<Share<Task>> {
  readonly key: string;
  readonly requirements: Requirements;
  readonly fit: Fit;
  /** The matching cohorts, the preferred ones first. */
  readonly matches: QueueMatch[] = [];
  readonly waits = new WaitLog();
  readonly #shares = new Map<string, Share<Task>>();
  #sweepAt = idleSharesMax;
  /** Profiles and tasks that refer to the demand. At 0 it is forgotten. */
  uses = 0;
  ganged = 0;
  /** Whether some matches are preferred to others. */
  picky = false;

  constructor(key: string, requirements: Requirements, fit: Fit) {
    this.key = key;
    this.requirements = requirements;
    this.fit = fit;
  }

  get shares(): Iterable<Share<Task>> {
    return this.#shares.values();
  }

  shareOf(party: string, weight = 1): Share<Task> {
    let share = this.#shares.get(party);
    if (share === undefined) {
      if (this.#shares.size >= this.#sweepAt) this.#forgetIdle();
      share = new Share<Task>(party);
      this.#shares.set(party, share);
      for (const match of this.matches) addEntry(share, match);
    }
    share.weight = weight;
    return share;
  }

  addMatch(match: QueueMatch): void {
    this.matches.push(match);
    this.matches.sort((one, other) => other.preference - one.preference);
    this.picky = this.matches.some(({ preference }) => preference !== match.preference);
    match.cohort.matches.add(match);
    for (const share of this.#shares.values()) addEntry(share, match);
  }

  /** Removes a cohort that no longer exists. */
  removeCohort(cohort: AgentCohort): void {
    const match = this.matches.find((match) => match.cohort === cohort);
    if (match !== undefined) this.#removeMatch(match);
  }

  #removeMatch(match: QueueMatch): void {
    const { matches } = this;
    matches.splice(matches.indexOf(match), 1);
    this.picky = matches.some(({ preference }) => preference !== matches[0]?.preference);
    match.cohort.matches.delete(match);
    for (const share of this.#shares.values()) removeEntry(share, match);
  }

  #forgetIdle(): void {
    for (const [party, share] of this.#shares) {
      if (share.size > 0) continue;
      for (const match of this.matches) removeEntry(share, match);
      this.#shares.delete(party);
    }
    this.#sweepAt = Math.max(idleSharesMax, 2 * this.#shares.size);
  }

  /** Disposes the demand when nothing refers to it any more. */
  dispose(): void {
    for (const match of [...this.matches]) this.#removeMatch(match);
    this.#shares.clear();
  }
}

function addEntry(share: Share<Task>, match: QueueMatch): void {
  const entry = new WaitEntry(share, match, match.waitGroup);
  match.waitGroup.waitEntries++;
  share.waitEntries.push(entry);
  if (share.size > 0) entry.enter();
}

function removeEntry(share: Share<Task>, match: QueueMatch): void {
  const at = share.waitEntries.findIndex((entry) => entry.match === match);
  const [entry] = share.waitEntries.splice(at, 1);
  entry?.leave();
  match.waitGroup.waitEntries--;
  match.cohort.removeIfEmpty(match.waitGroup);
}
