import { createHash } from "node:crypto";
import type { Clock } from "@tutti/kernel";
import { blobErrors } from "./errors.ts";
import type { Blob, BlobContent, Blobs } from "./port.ts";

interface KeptBlob {
  readonly sha256: Uint8Array;
  readonly content: Uint8Array;
  readonly putMs: number;
}

/** Blobs in memory, for tests, simulations, and what need not outlive its process. */
export class MemoryBlobs implements Blobs {
  readonly #clock: Clock;
  readonly #kept: Map<string, KeptBlob>;

  /** Opened on what another one kept, it is as if a process had started again. */
  constructor(clock: Clock, kept: Map<string, unknown> = new Map<string, KeptBlob>()) {
    this.#clock = clock;
    // The cast: who hands one in has it from `kept`, and cannot have changed it.
    this.#kept = kept as Map<string, KeptBlob>;
  }

  get kept(): Map<string, unknown> {
    return this.#kept;
  }

  async put(content: BlobContent): Promise<Blob> {
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part.slice());
    const whole = Uint8Array.from(Buffer.concat(parts));
    const sha256 = Uint8Array.from(createHash("sha256").update(whole).digest());
    this.#kept.set(nameOf(sha256), { sha256, content: whole, putMs: this.#clock.now() });
    return { sha256: sha256.slice(), size: whole.length };
  }

  async *read(sha256: Uint8Array): AsyncGenerator<Uint8Array> {
    const name = nameOf(sha256);
    const kept = this.#kept.get(name);
    await Promise.resolve();
    if (kept === undefined) throw blobErrors.missing({ name });
    const found = createHash("sha256").update(kept.content).digest("hex");
    if (found !== name) throw blobErrors.damaged({ name, place: "memory", found });
    yield kept.content.slice();
  }

  size(sha256: Uint8Array): Promise<number | undefined> {
    return Promise.resolve(this.#kept.get(nameOf(sha256))?.content.length);
  }

  remove(sha256: Uint8Array): Promise<void> {
    this.#kept.delete(nameOf(sha256));
    return Promise.resolve();
  }

  sweep(isLive: (sha256: Uint8Array) => boolean, beforeMs: number): Promise<number> {
    let removed = 0;
    for (const [name, { sha256, putMs }] of this.#kept) {
      if (putMs >= beforeMs || isLive(sha256)) continue;
      this.#kept.delete(name);
      removed++;
    }
    return Promise.resolve(removed);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A hash as the name of what it stands for. */
export function nameOf(sha256: Uint8Array): string {
  return Buffer.from(sha256.buffer, sha256.byteOffset, sha256.byteLength).toString("hex");
}
