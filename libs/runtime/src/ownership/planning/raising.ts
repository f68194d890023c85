/**
 * When newer behaviours may be brought into force: as soon as every process that may own partitions of a
 * service has had them for a while. So a process that restarts during an upgrade is waited for.
 */
import { type BehaviourLevels, beyond, commonLevels, joined } from "../../behaviour/behaviours.ts";
import type { Picture } from "../table/picture.ts";

interface Seen {
  /** As text, to be compared. */
  readonly common: string;
  readonly sinceMs: number;
}

export class Raising {
  readonly #afterMs: number;
  readonly #seen = new Map<string, Seen>();

  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  /** What is to be allowed in a service from now on. Undefined while it stays as it is. */
  due(picture: Picture, service: string, nowMs: number): BehaviourLevels | undefined {
    const holders = [...picture.holders].filter(({ loads }) => loads.has(service));
    const common = commonLevels(holders.map(({ behaviours }) => behaviours.get(service) ?? none));
    const { levels } = picture.allowed(service);
    if (beyond(common, levels).size === 0) {
      this.#seen.delete(service);
      return;
    }
    const text = [...common].sort().join();
    const seen = this.#seen.get(service);
    if (seen?.common !== text) {
      this.#seen.set(service, { common: text, sinceMs: nowMs });
      return;
    }
    return nowMs - seen.sinceMs >= this.#afterMs ? joined(levels, common) : undefined;
  }
}

const none: BehaviourLevels = new Map();
