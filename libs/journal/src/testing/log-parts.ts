import { Frames } from "../segments/frames.ts";
import { inspectGroup } from "../segments/inspection.ts";
import { nameOfSegment } from "../segments/segment-files.ts";
import { readSegmentHeaders } from "../segments/segment-headers.ts";
import { SegmentWindow } from "../segments/segment-window.ts";
import type { MemoryDisk } from "./memory-disk.ts";

/** A meaningful part of a file, and the batch of its records. */
export interface LogPart {
  readonly file: string;
  readonly from: number;
  readonly to: number;
  /** `last group`: that group and its records, which nothing behind them confirms. */
  readonly kind: "segment header" | "group" | "records" | "last group";
  readonly batch?: { readonly partition: number; readonly number: number };
}

/** Returns all parts of a sound log, in order, as targets for damage in tests. */
export function partsOfLog(disk: MemoryDisk): LogPart[] {
  const parts: LogPart[] = [];
  const headers = readSegmentHeaders(disk);
  for (const { segment, headerBytes, logId, partitions } of headers) {
    const file = nameOfSegment(segment);
    parts.push({ file, from: 0, to: headerBytes, kind: "segment header" });
    const window = new SegmentWindow(disk.open(file));
    for (let offset = headerBytes; ; ) {
      const group = inspectGroup({ window, logId, segment, partitions }, offset);
      if (group.kind !== "sound") break;
      const to = offset + group.bytes.length;
      parts.push({ file, from: offset, to, kind: "group" });
      const frames = new Frames(group.bytes, group.view, group.header.bytes);
      while (frames.next()) {
        const { partition, number, recordsAt, batchAt, batchBytes } = frames;
        const from = offset + recordsAt;
        const end = offset + batchAt + batchBytes;
        if (end > from) parts.push({ file, from, to: end, kind: "records", batch: { partition, number } });
      }
      offset = to;
    }
  }
  const last = parts.findLastIndex(({ kind }) => kind === "group");
  const newest = nameOfSegment(headers.at(-1)?.segment ?? 0);
  return parts.map((part, index) =>
    index >= last && part.file === newest && part.kind !== "segment header"
      ? { ...part, kind: "last group" }
      : part,
  );
}
