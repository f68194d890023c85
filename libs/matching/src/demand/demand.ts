import type { CohortMatch, Demand, Share } from "../parts.ts";
import { PartyShare } from "../queue/share.ts";
import { ShareStop } from "../queue/wait-group.ts";
import { WaitLog } from "../waits/wait-log.ts";
import type { Fit, Wish } from "./wish.ts";

/** Shares without waiters are forgotten when there are so many. */
const sharesKept = 256;

export class SharedDemand implements Demand {
  readonly key: string;
  readonly wish: Wish;
  readonly fit: Fit;
  /** Those which will do, the preferred ones first. */
  readonly matches: CohortMatch[] = [];
  readonly waits = new WaitLog();
  readonly #shares = new Map<string, Share>();
  #sweepAt = sharesKept;
  /** Profiles and tasks that refer to it: without any it is forgotten. */
  uses = 0;
  /** Whether some matches are preferred to others. */
  picky = false;

  constructor(key: string, wish: Wish, fit: Fit) {
    this.key = key;
    this.wish = wish;
    this.fit = fit;
  }

  get shares(): Iterable<Share> {
    return this.#shares.values();
  }

  get size(): number {
    let size = 0;
    for (const share of this.#shares.values()) size += share.size;
    return size;
  }

  shareOf(party: string, weight = 1): Share {
    let share = this.#shares.get(party);
    if (share === undefined) {
      if (this.#shares.size >= this.#sweepAt) this.#forgetIdle();
      share = new PartyShare(party, this);
      this.#shares.set(party, share);
      for (const match of this.matches) addStop(share, match);
    }
    share.weight = weight;
    return share;
  }

  addMatch(match: CohortMatch): void {
    this.matches.push(match);
    this.matches.sort((one, other) => other.preference - one.preference);
    this.picky = this.matches.some(({ preference }) => preference !== match.preference);
    match.cohort.matches.add(match);
    for (const share of this.#shares.values()) addStop(share, match);
  }

  removeMatch(match: CohortMatch): void {
    const { matches } = this;
    matches.splice(matches.indexOf(match), 1);
    this.picky = matches.some(({ preference }) => preference !== matches[0]?.preference);
    match.cohort.matches.delete(match);
    for (const share of this.#shares.values()) removeStop(share, match);
  }

  #forgetIdle(): void {
    for (const [party, share] of this.#shares) {
      if (share.size > 0) continue;
      for (const match of this.matches) removeStop(share, match);
      this.#shares.delete(party);
    }
    this.#sweepAt = Math.max(sharesKept, 2 * this.#shares.size);
  }

  /** Nothing refers to it any more. */
  dispose(): void {
    for (const match of [...this.matches]) this.removeMatch(match);
    this.#shares.clear();
  }
}

function addStop(share: Share, match: CohortMatch): void {
  const stop = new ShareStop(share, match, match.waitGroup);
  match.waitGroup.waitEntries++;
  share.waitEntries.push(stop);
  if (share.size > 0) stop.enter();
}

function removeStop(share: Share, match: CohortMatch): void {
  const at = share.waitEntries.findIndex((stop) => stop.match === match);
  const [stop] = share.waitEntries.splice(at, 1);
  stop?.leave();
  match.waitGroup.waitEntries--;
  match.cohort.forget(match.waitGroup);
}
