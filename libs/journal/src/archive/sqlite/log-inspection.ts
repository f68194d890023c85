/**
 * Reads SQLite's write-ahead log as its file format describes it: a header of 32 bytes, then frames, each with a header
 * of 24 bytes and a page. Checksums run from frame to frame.
 */
const headerBytes = 32;
const frameHeaderBytes = 24;
const magic = 0x377f0682;

export interface LogDamage {
  /** Counted from 1. */
  readonly frame: number;
  /** Number of commits that SQLite ignores because of it. */
  readonly commitsBehind: number;
}

/**
 * Returns the damage of a log. Undefined if it is sound. A torn end counts as sound: the last transaction of the log
 * may be half there, and no caller got a reply to it. Frames of an earlier use of the file, behind the end, have other
 * salts.
 */
export function inspectLog(log: Uint8Array): LogDamage | undefined {
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  if (log.length < headerBytes) return;
  const found = view.getUint32(0);
  if (found !== magic && found !== magic + 1) return { frame: 0, commitsBehind: 0 };
  const isLittle = found === magic;
  const pageBytes = view.getUint32(8);
  const salts = [view.getUint32(16), view.getUint32(20)] as const;
  const frameBytes = frameHeaderBytes + pageBytes;
  let sums = sumOf(view, 0, 24, [0, 0], isLittle);
  if (sums[0] !== view.getUint32(24) || sums[1] !== view.getUint32(28)) return { frame: 0, commitsBehind: 0 };
  const count = Math.floor((log.length - headerBytes) / frameBytes);
  for (let frame = 0; frame < count; frame++) {
    const at = headerBytes + frame * frameBytes;
    if (!isOfThisUse(view, at, salts)) return damageAt(view, frame, count, frameBytes, salts);
    sums = sumOf(view, at, 8, sums, isLittle);
    sums = sumOf(view, at + frameHeaderBytes, pageBytes, sums, isLittle);
    const isSound = sums[0] === view.getUint32(at + 16) && sums[1] === view.getUint32(at + 20);
    if (!isSound) return damageAt(view, frame, count, frameBytes, salts);
  }
  return;
}

/** Reports damage if there are commits behind the one of the frame. */
function damageAt(
  view: DataView,
  frame: number,
  count: number,
  frameBytes: number,
  salts: readonly [number, number],
): LogDamage | undefined {
  let commits = 0;
  for (let later = frame; later < count; later++) {
    const at = headerBytes + later * frameBytes;
    if (isOfThisUse(view, at, salts) && view.getUint32(at + 4) > 0) commits++;
  }
  return commits > 1 ? { frame: frame + 1, commitsBehind: commits } : undefined;
}

function isOfThisUse(view: DataView, at: number, salts: readonly [number, number]): boolean {
  return view.getUint32(at + 8) === salts[0] && view.getUint32(at + 12) === salts[1];
}

function sumOf(
  view: DataView,
  from: number,
  bytes: number,
  [first, second]: readonly [number, number],
  isLittle: boolean,
): [number, number] {
  let one = first;
  let other = second;
  for (let at = from; at < from + bytes; at += 8) {
    one = (one + view.getUint32(at, isLittle) + other) >>> 0;
    other = (other + view.getUint32(at + 4, isLittle) + one) >>> 0;
  }
  return [one, other];
}
