/**
 * Places of the batches of each partition: for every group with some of them, the number of the first and the place of
 * the group. Kept in memory, built when the log is opened and extended with every group. Dropped with its segment.
 */
export interface GroupPlace {
  readonly segment: number;
  readonly offset: number;
  /** Number of the partition's first batch in this group. */
  readonly number: number;
}

/** An unneeded segment, and its file size. */
export interface DroppedSegment {
  readonly segment: number;
  readonly bytes: number;
}

export class Places {
  readonly #partitions: number;
  readonly #segments: SegmentPlaces[];

  /** With the known segments of a log whose table had fewer partitions. */
  constructor(partitions: number, known?: Places) {
    this.#partitions = partitions;
    const segments = known === undefined ? [] : known.#segments;
    this.#segments = segments.map((segment) => ({ ...segment, before: this.#grown(segment.before) }));
  }

  /** A segment starts. `numbers` are those of each partition's last batch before it. */
  addSegment(segment: number, bytes: number, numbers: Float64Array): void {
    const groups = Array.from({ length: this.#partitions }, () => new GroupList());
    this.#segments.push({ segment, bytes, before: this.#grown(numbers), groups });
  }

  /** A batch became durable, in the last segment. */
  add(partition: number, number: number, offset: number): void {
    this.#segments.at(-1)?.groups[partition]?.add(number, offset);
  }

  get newest(): number {
    return this.#segments.at(-1)?.segment ?? 0;
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Returns the number of the first remaining batch. */
  first(partition: number): number {
    return (this.#segments[0]?.before[partition] ?? 0) + 1;
  }

  /**
   * Drops the oldest segments in which every partition's batches are below its cut, and returns them. The newest stays.
   */
  dropBelow(cuts: Float64Array): readonly DroppedSegment[] {
    const dropped: DroppedSegment[] = [];
    for (;;) {
      const [oldest, next] = this.#segments;
      if (oldest === undefined || next === undefined) return dropped;
      const { before } = oldest;
      const isDone = next.before.every(
        (number, partition) => number === before[partition] || number < (cuts[partition] ?? 0),
      );
      if (!isDone) return dropped;
      dropped.push({ segment: oldest.segment, bytes: oldest.bytes });
      this.#segments.shift();
    }
  }

  /** New partitions are at the end of the table. Older segments do not contain them. */
  #grown(numbers: Float64Array): Float64Array {
    const grown = new Float64Array(this.#partitions);
    grown.set(numbers);
    return grown;
  }

  /** Returns the groups with a partition's batches from a number on, in order, as of the call. */
  *from(partition: number, number: number): Generator<GroupPlace> {
    const startIndex = this.#segments.findLastIndex(({ before }) => (before[partition] ?? 0) < number);
    for (const { segment, groups } of this.#segments.slice(Math.max(startIndex, 0))) {
      const list = groups[partition];
      if (list === undefined) continue;
      for (let index = list.indexOf(number); index < list.length; index++) {
        yield { segment, offset: list.offset(index), number: list.number(index) };
      }
    }
  }
}

interface SegmentPlaces {
  readonly segment: number;
  readonly bytes: number;
  readonly before: Float64Array;
  readonly groups: readonly GroupList[];
}

/** Pairs of number and offset, both ascending. Twelve bytes per group. */
class GroupList {
  #numbers = new Float64Array(4);
  #offsets = new Uint32Array(4);
  length = 0;

  /** Stores the first batch of each group only. */
  add(number: number, offset: number): void {
    if (this.length > 0 && this.#offsets[this.length - 1] === offset) return;
    if (this.length === this.#numbers.length) this.#grow();
    this.#numbers[this.length] = number;
    this.#offsets[this.length] = offset;
    this.length++;
  }

  number(index: number): number {
    return this.#numbers[index] ?? 0;
  }

  offset(index: number): number {
    return this.#offsets[index] ?? 0;
  }

  /** Returns the index of the group with this number, or of the first group if the number is older. */
  indexOf(number: number): number {
    let low = 0;
    for (let high = this.length - 1; low < high; ) {
      const middle = (low + high + 1) >>> 1;
      if (this.number(middle) <= number) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #grow(): void {
    const numbers = new Float64Array(this.length * 2);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    const offsets = new Uint32Array(this.length * 2);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
  }
}
