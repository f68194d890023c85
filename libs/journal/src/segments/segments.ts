import { reasonOf } from "@tutti/kernel";
import { type Disk, isDiskFull } from "../disk/disk.ts";
import type { PartitionName } from "../port.ts";
import type { DroppedSegment, Places } from "./places.ts";
import {
  nameOfSegment,
  nextSegmentBytes,
  preparedName,
  preparingName,
  type SegmentSizes,
} from "./segment-files.ts";
import type { Durable } from "./writer.ts";

export interface SegmentsParts {
  readonly disk: Disk;
  /** Directory of the files, if the disk is a directory of the machine: another thread may read them there. */
  readonly directory: string | undefined;
  readonly sizes: SegmentSizes;
  readonly places: Places;
  readonly logId: Uint8Array;
  readonly partitions: readonly PartitionName[];
}

/** The next segment exists, there is no room for it, or it cannot be created for another reason. */
export type Prepared = "made" | "not-made" | { readonly noRoom: string };

/**
 * The segments of a log in its owner's thread: places of batches, removable segments, and the prepared next one.
 *
 * 1. Segments are removed from the oldest on, when every partition has allowed it: the rest is one log without gaps.
 * 2. A prepared segment gives speed and a reserve. If it is missing, the writer creates one itself. If there is no room
 *    for it, that is known while half a segment is left. Under a steady load it is a reused old segment, and nothing is
 *    written twice.
 * 3. After its close it removes nothing: another opening of the log may read every segment.
 */
export class Segments {
  readonly disk: Disk;
  readonly directory: string | undefined;
  readonly places: Places;
  readonly logId: Uint8Array;
  readonly partitions: readonly PartitionName[];
  readonly #sizes: SegmentSizes;
  /** Numbers of the first batches that are still needed. */
  readonly #cuts: Float64Array;
  /** Numbers of the last batches, to start the list of a new segment. */
  readonly #numbers: Float64Array;
  /** The segment during which the next one was prepared, so that it is tried once. */
  #preparedIn = 0;
  #preparing: Promise<unknown> = Promise.resolve();
  #activeBytes = 0;
  /** Unneeded segments that still exist, the oldest first. */
  readonly #dropped: DroppedSegment[] = [];
  #removing: Promise<void> = Promise.resolve();
  #holds = 0;
  #isClosed = false;

  constructor({ disk, directory, sizes, places, logId, partitions }: SegmentsParts, numbers: Float64Array) {
    this.disk = disk;
    this.directory = directory;
    this.places = places;
    this.logId = logId;
    this.partitions = partitions;
    this.#sizes = sizes;
    this.#cuts = new Float64Array(partitions.length);
    this.#numbers = numbers.slice();
  }

  /** Records the places of a group that became durable, in a new segment if the group starts one. */
  enter(place: Durable, batches: readonly { readonly partition: number; readonly number: number }[]): void {
    const { segment, offset, segmentBytes } = place;
    this.#activeBytes = segmentBytes;
    if (segment > this.places.newest) this.places.addSegment(segment, segmentBytes, this.#numbers);
    for (const { partition, number } of batches) {
      this.places.add(partition, number, offset);
      this.#numbers[partition] = number;
    }
  }

  /** Prepares the next segment once this one is half full. Undefined while that is not due. */
  prepareNext({ segment, offset, segmentBytes }: Durable): Promise<Prepared> | undefined {
    if (offset * 2 < segmentBytes || this.#preparedIn === segment) return;
    this.#preparedIn = segment;
    return this.prepare();
  }

  /** Prepares the next segment. */
  prepare(): Promise<Prepared> {
    const preparing = this.#prepare(nextSegmentBytes(this.#sizes, this.#activeBytes));
    this.#preparing = preparing;
    return preparing;
  }

  /** Allows the batches below a number to be removed, and removes unneeded segments. */
  truncate(partition: number, before: number): Promise<void> {
    this.#cuts[partition] = Math.max(before, this.#cuts[partition] ?? 0);
    return this.#drop();
  }

  /** From its resolution until the returned function is called, no segment is removed: a copy is in progress. */
  async hold(): Promise<() => void> {
    this.#holds++;
    await this.#removing.catch(() => {});
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holds--;
      this.#drop().catch(() => {});
    };
  }

  #drop(): Promise<void> {
    if (this.#holds > 0 || this.#isClosed) return Promise.resolve();
    this.#dropped.push(...this.places.dropBelow(this.#cuts));
    this.#removing = this.#removing.catch(() => {}).then(() => this.#removeDropped());
    return this.#removing;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#preparing;
    await this.#removing.catch(() => {});
  }

  /** Removed in order, even if one of them cannot be removed at the moment: a gap would be damage. */
  async #removeDropped(): Promise<void> {
    for (let [oldest] = this.#dropped; oldest !== undefined; [oldest] = this.#dropped) {
      const name = nameOfSegment(oldest.segment);
      const isOfUse = oldest.bytes === this.#sizes.maxBytes && !this.disk.list().includes(preparedName);
      // Reused without clearing: its content names another segment, so it does not count as part of the next.
      if (isOfUse) this.disk.rename(name, preparedName);
      else await this.disk.later.remove(name);
      this.#dropped.shift();
    }
  }

  async #prepare(bytes: number): Promise<Prepared> {
    try {
      if (this.disk.list().includes(preparedName)) return "made";
      await this.disk.later.create(preparingName, bytes);
      this.disk.rename(preparingName, preparedName);
      return "made";
    } catch (error) {
      // The writer finds any other problem when it creates the segment itself, with a caller that waits for an answer.
      return isDiskFull(error) ? { noRoom: reasonOf(error) } : "not-made";
    }
  }
}
