/**
 * Agents on a circle: each has several places, by hashes of its name, and a key belongs to the agent whose place is the
 * next one after the key's. When an agent comes or goes, only the keys before its own places move.
 */
import { stableHash } from "@tutti/kernel";

const placesPerAgent = 64;

export class Circle {
  readonly #places: Uint32Array;
  readonly #agentIds: readonly string[];

  constructor(agentIds: readonly string[]) {
    const all = agentIds.flatMap((agentId) =>
      Array.from({ length: placesPerAgent }, (_, number) => ({
        agentId,
        at: stableHash(agentId, String(number)),
      })),
    );
    // By name where hashes are the same, so that every pool has the same circle.
    all.sort((one, other) => one.at - other.at || (one.agentId < other.agentId ? -1 : 1));
    this.#places = Uint32Array.from(all, ({ at }) => at);
    this.#agentIds = all.map(({ agentId }) => agentId);
  }

  /** The agents from the key's place on, each as often as it has places. */
  *from(key: string): Generator<string> {
    const { length } = this.#places;
    const first = this.#placeAfter(stableHash(key));
    for (let step = 0; step < length; step++) yield this.#agentIds[(first + step) % length] ?? "";
  }

  #placeAfter(wanted: number): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#places[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
