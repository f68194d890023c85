/**
 * Content of attempts in the blob store. If the store is unavailable or its disk is full, an attempt waits until its
 * timeout. Readers of the run see the reason as its progress.
 */
import type { BlobReference } from "@tutti/contracts/types/v1";
import type { Logger, Timers } from "@tutti/kernel";
import { type BlobAccess, isFinal, readPatiently } from "../link/blobs.ts";
import type { Attempt } from "./attempt.ts";
import { messageLengthMax } from "./failure.ts";
import { StoredFile } from "./stored-file.ts";

export interface AttemptContentParts {
  /** The namespace of the worker's pool. */
  readonly namespace: string;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Called for each access: the worker may be linked to another host by then. */
  readonly blobs: () => BlobAccess;
}

/** Pause between two requests to an unavailable blob store. */
const pauseMs = 200;
const pauseMaxMs = 15_000;

export class AttemptContent {
  readonly #parts: AttemptContentParts;

  constructor(parts: AttemptContentParts) {
    this.#parts = parts;
  }

  /** Nothing is read yet. */
  file(attempt: Attempt, reference: BlobReference, mediaType: string): StoredFile {
    const { blobs } = this.#parts;
    const paused = (error: unknown, failures: number) => this.#paused(attempt, "read", error, failures);
    const resumed = () => reportMessage(attempt, "content can be read again");
    const read: BlobAccess["read"] = async function* (blob) {
      let hasFailed = false;
      const wait = (error: unknown, failures: number): Promise<void> => {
        hasFailed = true;
        return paused(error, failures);
      };
      for await (const part of readPatiently(() => blobs().read(blob), wait)) {
        if (hasFailed) resumed();
        hasFailed = false;
        yield part;
      }
    };
    return new StoredFile(reference, mediaType, this.#namespaceOf(attempt), { read });
  }

  async store(
    attempt: Attempt,
    content: () => AsyncIterable<Uint8Array>,
    mediaType: string,
  ): Promise<StoredFile> {
    for (let failures = 0; ; failures++)
      try {
        const reference = await this.#parts.blobs().write(this.#namespaceOf(attempt), content());
        if (failures > 0) reportMessage(attempt, "content is stored");
        return this.file(attempt, reference, mediaType);
      } catch (error) {
        await this.#paused(attempt, "stored", error, failures);
      }
  }

  async #paused(attempt: Attempt, verb: "read" | "stored", error: unknown, failures: number): Promise<void> {
    if (attempt.isOver || attempt.reason !== undefined || isFinal(error)) throw error;
    const { logger, timers } = this.#parts;
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn(`content cannot be ${verb}, trying again`, { ...namesOf(attempt), reason });
    reportMessage(attempt, `content cannot be ${verb}, trying again: ${reason}`);
    const afterMs = Math.min(pauseMaxMs, pauseMs * 2 ** failures);
    await new Promise<void>((resolve) => void timers.after(afterMs, resolve));
  }

  #namespaceOf({ assign }: Attempt): string {
    return assign.namespace || this.#parts.namespace;
  }
}

/** Reports a message as the progress of an attempt. It replaces one that its handler has just reported. */
function reportMessage(attempt: Attempt, message: string): void {
  if (attempt.isOver) return;
  const pending = attempt.pendingProgress ?? { saved: undefined, fraction: 0, message: "" };
  attempt.pendingProgress = { ...pending, message: message.slice(0, messageLengthMax) };
  attempt.port.progressed(attempt);
}

/** Returns the names of an attempt, for a line of the log. */
export function namesOf({ assign, work }: Attempt) {
  return { capability: work.name, workId: assign.workId, taskId: assign.taskId };
}
