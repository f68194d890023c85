/** Snapshots of a page in one buffer, so that they are copied between threads as a whole instead of one by one. */
import type { OutstandingInstance } from "./port.ts";

/** A page ends with the snapshot that reaches this size: its reader has several pages in memory. */
export const pageBytesMax = 1024 * 1024;

export interface PackedPage {
  readonly incarnations: readonly number[];
  /** End of each snapshot. */
  readonly ends: readonly number[];
  readonly bytes: Uint8Array;
}

export function packPage(instances: readonly OutstandingInstance[]): PackedPage {
  const bytes = new Uint8Array(instances.reduce((sum, { snapshot }) => sum + snapshot.length, 0));
  let at = 0;
  const ends = instances.map(({ snapshot }) => {
    bytes.set(snapshot, at);
    at += snapshot.length;
    return at;
  });
  return { incarnations: instances.map(({ incarnation }) => incarnation), ends, bytes };
}

export function unpackPage({ incarnations, ends, bytes }: PackedPage): OutstandingInstance[] {
  return incarnations.map((incarnation, index) => {
    return { incarnation, snapshot: bytes.subarray(ends[index - 1] ?? 0, ends[index]) };
  });
}
