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

interface TaskOutput {
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

export class OutputBuffer {
  readonly #bounds: OutputBounds;
  /** The task that has been silent longest is first. */
  readonly #tasks = new Map<string, TaskOutput>();
  #bytes = 0;

  constructor(bounds: OutputBounds = usualBounds) {
    this.#bounds = bounds;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(key: InstanceKey, taskId: string, attempt: number, output: PartialOutput): void {
    const name = nameOf(key, taskId);
    const task = this.#taskFor(name, attempt);
    const { index, chunk, channel, mediaType } = output;
    // Pieces that were sent before, on an earlier link, are already here.
    if (task === undefined || index <= (task.chunks.at(-1)?.index ?? -1)) return;
    task.chunks.push({ attempt, index, channel, chunk, mediaType });
    this.#count(task, chunk.length + pieceBytes);
    while (task.bytes > this.#bounds.taskBytesMax && task.chunks.length > 1) this.#dropFirst(task);
    this.#tasks.delete(name);
    this.#tasks.set(name, task);
    for (const [silent, { bytes }] of this.#tasks) {
      if (this.#bytes <= this.#bounds.bytesMax) break;
      this.#tasks.delete(silent);
      this.#bytes -= bytes;
    }
  }

  /** Returns the pieces from a place on. A later attempt starts with its first piece. */
  from(key: InstanceKey, taskId: string, { attempt, index }: OutputPlace): readonly OutputChunk[] {
    const task = this.#tasks.get(nameOf(key, taskId));
    if (task === undefined || task.attempt < attempt) return [];
    return task.attempt > attempt ? task.chunks : task.chunks.filter((chunk) => chunk.index >= index);
  }

  /** Returns whether there are pieces from a place on. Cheap enough for frequent calls. */
  hasMore(key: InstanceKey, taskId: string, { attempt, index }: OutputPlace): boolean {
    const task = this.#tasks.get(nameOf(key, taskId));
    const last = task?.chunks.at(-1);
    if (task === undefined || last === undefined) return false;
    return task.attempt === attempt ? last.index >= index : task.attempt > attempt;
  }

  /** Returns undefined for an attempt that a later one has replaced. */
  #taskFor(name: string, attempt: number): TaskOutput | undefined {
    const task = this.#tasks.get(name);
    if (task === undefined) return { attempt, chunks: [], bytes: 0 };
    if (task.attempt > attempt) return undefined;
    if (task.attempt < attempt) {
      this.#count(task, -task.bytes);
      task.attempt = attempt;
      task.chunks = [];
    }
    return task;
  }

  #dropFirst(task: TaskOutput): void {
    const dropped = task.chunks.shift();
    if (dropped !== undefined) this.#count(task, -(dropped.chunk.length + pieceBytes));
  }

  #count(task: TaskOutput, bytes: number): void {
    task.bytes += bytes;
    this.#bytes += bytes;
  }
}

function nameOf(key: InstanceKey, taskId: string): string {
  return `${textOf(key)}/${taskId}`;
}
