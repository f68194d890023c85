/**
 * Pieces of output that attempts send before their results, for callers that watch. Old pieces are dropped: the
 * result has everything that counts.
 *
 * 1. Of a task only the latest attempt is kept, and of that the newest pieces.
 * 2. When all together is too much, the tasks go first that have been silent longest.
 */
import type { PartialOutput } from "@tutti/contracts/agent/v1";
import type { OutputChunk } from "@tutti/contracts/workflow/v1";
import { type InstanceKey, textOf } from "@tutti/kernel";

export interface OutputBounds {
  readonly taskBytesMax: number;
  readonly bytesMax: number;
}

/** @defaults */
const usualBounds: OutputBounds = { taskBytesMax: 1024 * 1024, bytesMax: 64 * 1024 * 1024 };
/** Bytes of a piece besides its content. */
const pieceBytes = 200;

interface Kept {
  attempt: number;
  /** In order, without repetition. */
  chunks: OutputChunk[];
  bytes: number;
}

/** A piece, by its attempt and its number. */
export interface OutputPlace {
  readonly attempt: number;
  /** Number of the next piece. */
  readonly index: number;
}

export class OutputShelf {
  readonly #bounds: OutputBounds;
  /** The task that has been silent longest is first. */
  readonly #tasks = new Map<string, Kept>();
  #bytes = 0;

  constructor(bounds: OutputBounds = usualBounds) {
    this.#bounds = bounds;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(key: InstanceKey, taskId: string, attempt: number, output: PartialOutput): void {
    const name = nameOf(key, taskId);
    const kept = this.#keptFor(name, attempt);
    const { index, chunk, channel, mediaType } = output;
    // Pieces that were sent before, on an earlier link, are already here.
    if (kept === undefined || index <= (kept.chunks.at(-1)?.index ?? -1)) return;
    kept.chunks.push({ attempt, index, channel, chunk, mediaType });
    this.#count(kept, chunk.length + pieceBytes);
    while (kept.bytes > this.#bounds.taskBytesMax && kept.chunks.length > 1) this.#dropFirst(kept);
    this.#tasks.delete(name);
    this.#tasks.set(name, kept);
    for (const [silent, { bytes }] of this.#tasks) {
      if (this.#bytes <= this.#bounds.bytesMax) break;
      this.#tasks.delete(silent);
      this.#bytes -= bytes;
    }
  }

  /** Returns the pieces from a place on. A later attempt starts with its first piece. */
  from(key: InstanceKey, taskId: string, { attempt, index }: OutputPlace): readonly OutputChunk[] {
    const kept = this.#tasks.get(nameOf(key, taskId));
    if (kept === undefined || kept.attempt < attempt) return [];
    return kept.attempt > attempt ? kept.chunks : kept.chunks.filter((chunk) => chunk.index >= index);
  }

  /** Returns whether there are pieces from a place on. Cheap enough for frequent calls. */
  hasMore(key: InstanceKey, taskId: string, { attempt, index }: OutputPlace): boolean {
    const kept = this.#tasks.get(nameOf(key, taskId));
    const last = kept?.chunks.at(-1);
    if (kept === undefined || last === undefined) return false;
    return kept.attempt === attempt ? last.index >= index : kept.attempt > attempt;
  }

  /** Returns undefined for an attempt that a later one has replaced. */
  #keptFor(name: string, attempt: number): Kept | undefined {
    const kept = this.#tasks.get(name);
    if (kept === undefined) return { attempt, chunks: [], bytes: 0 };
    if (kept.attempt > attempt) return undefined;
    if (kept.attempt < attempt) {
      this.#count(kept, -kept.bytes);
      kept.attempt = attempt;
      kept.chunks = [];
    }
    return kept;
  }

  #dropFirst(kept: Kept): void {
    const dropped = kept.chunks.shift();
    if (dropped !== undefined) this.#count(kept, -(dropped.chunk.length + pieceBytes));
  }

  #count(kept: Kept, bytes: number): void {
    kept.bytes += bytes;
    this.#bytes += bytes;
  }
}

function nameOf(key: InstanceKey, taskId: string): string {
  return `${textOf(key)}/${taskId}`;
}
