import type { Demand, Fit, Share, Site, Wish } from "../parts.ts";
import { PartyShare } from "../queue/share.ts";
import { ShareStop } from "../queue/stand.ts";
import { WaitLog } from "../waits/wait-log.ts";

/** Shares that nobody waits in are forgotten when there are so many. */
const sharesKept = 256;

export class SharedDemand implements Demand {
  readonly key: string;
  readonly wish: Wish;
  readonly fit: Fit;
  /** Those which will do, the preferred ones first. */
  readonly sites: Site[] = [];
  readonly waits = new WaitLog();
  readonly #shares = new Map<string, Share>();
  #sweepAt = sharesKept;
  /** Profiles and tasks that refer to it: without any it is forgotten. */
  uses = 0;
  /** Whether some sites are preferred to others. */
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
      for (const site of this.sites) addStop(share, site);
    }
    share.weight = weight;
    return share;
  }

  addSite(site: Site): void {
    this.sites.push(site);
    this.sites.sort((one, other) => other.preference - one.preference);
    this.picky = this.sites.some(({ preference }) => preference !== site.preference);
    site.cohort.sites.add(site);
    for (const share of this.#shares.values()) addStop(share, site);
  }

  removeSite(site: Site): void {
    const { sites } = this;
    sites.splice(sites.indexOf(site), 1);
    this.picky = sites.some(({ preference }) => preference !== sites[0]?.preference);
    site.cohort.sites.delete(site);
    for (const share of this.#shares.values()) removeStop(share, site);
  }

  #forgetIdle(): void {
    for (const [party, share] of this.#shares) {
      if (share.size > 0) continue;
      for (const site of this.sites) removeStop(share, site);
      this.#shares.delete(party);
    }
    this.#sweepAt = Math.max(sharesKept, 2 * this.#shares.size);
  }

  /** Nothing refers to it any more. */
  dispose(): void {
    for (const site of [...this.sites]) this.removeSite(site);
    this.#shares.clear();
  }
}

function addStop(share: Share, site: Site): void {
  const stop = new ShareStop(share, site, site.stand);
  site.stand.stops++;
  share.stops.push(stop);
  if (share.size > 0) stop.enter();
}

function removeStop(share: Share, site: Site): void {
  const at = share.stops.findIndex((stop) => stop.site === site);
  const [stop] = share.stops.splice(at, 1);
  stop?.leave();
  site.stand.stops--;
  site.cohort.forget(site.stand);
}
