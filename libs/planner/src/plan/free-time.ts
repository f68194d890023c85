/**
 * The free time of a slot: gaps in the order of time. The last one is as long as its agent stays. A task is
 * placed into the first sufficient gap, also before earlier placed tasks.
 *
 * A gap includes its start and its end, so a task without duration fits there. Gaps without length are not
 * kept: nothing is placed between two consecutive tasks.
 */
export class FreeTime {
  #from = new Float64Array(8);
  #to = new Float64Array(8);
  #count = 0;

  /** Removes all placements. */
  reset(fromMs: number, untilMs: number): void {
    this.#from[0] = fromMs;
    this.#to[0] = untilMs;
    this.#count = fromMs <= untilMs ? 1 : 0;
  }

  /** Returns the earliest start of a task with a ready time and a duration. `Infinity` if there is none. */
  earliest(readyMs: number, taskMs: number): number {
    const at = this.#find(readyMs, taskMs);
    return at < 0 ? Number.POSITIVE_INFINITY : Math.max(readyMs, this.#from[at] ?? 0);
  }

  /** Takes the time from `earliest` on for it. */
  occupy(readyMs: number, taskMs: number): void {
    const at = this.#find(readyMs, taskMs);
    if (at < 0) throw new RangeError(`expected room for a task of ${taskMs} ms, got none`);
    const from = this.#from[at] ?? 0;
    const to = this.#to[at] ?? 0;
    const startMs = Math.max(readyMs, from);
    const endMs = startMs + taskMs;
    const before = startMs > from;
    const after = to > endMs;
    if (before && after) {
      this.#insert(at + 1, endMs, to);
      this.#to[at] = startMs;
    } else if (before) this.#to[at] = startMs;
    else if (after) this.#from[at] = endMs;
    else if (this.#count > 1) this.#remove(at);
    else this.#from[at] = endMs;
  }

  #find(readyMs: number, taskMs: number): number {
    const soonestMs = readyMs + taskMs;
    const to = this.#to;
    // Binary search for the first gap that does not end too early.
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((to[middle] ?? 0) >= soonestMs) high = middle;
      else low = middle + 1;
    }
    for (let at = low; at < this.#count; at++) {
      const from = this.#from[at] ?? 0;
      if ((from > readyMs ? from : readyMs) + taskMs <= (to[at] ?? 0)) return at;
    }
    return -1;
  }

  #insert(at: number, from: number, to: number): void {
    if (this.#count === this.#from.length) {
      this.#from = doubled(this.#from);
      this.#to = doubled(this.#to);
    }
    this.#from.copyWithin(at + 1, at, this.#count);
    this.#to.copyWithin(at + 1, at, this.#count);
    this.#from[at] = from;
    this.#to[at] = to;
    this.#count++;
  }

  #remove(at: number): void {
    this.#from.copyWithin(at, at + 1, this.#count);
    this.#to.copyWithin(at, at + 1, this.#count);
    this.#count--;
  }
}

function doubled(values: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
}
