/**
 * Plans that runs need at once, since a decision waits for nothing. A plan is the blob that its hash names.
 *
 * 1. Whoever begins a run has its plan prepared before; a plan that was put away is read again where it is at hand.
 * 2. What is on the shelf is bounded by the size of the plans; what was needed last stays longest.
 */
import type { Plan } from "@tutti/definitions";
import type { Blobs } from "@tutti/journal";
import { RunPlan, type RunPlans } from "@tutti/machine-run";
import { planErrors } from "../errors.ts";

export interface PlanShelfParts {
  readonly blobs: () => Pick<Blobs, "read">;
  /** The content of a blob of whichever namespace, at once, where it is at hand on this machine. */
  readonly readNow: (sha256: Uint8Array) => Uint8Array | undefined;
  readonly bytesMax?: number;
}

interface Shelved {
  readonly plan: RunPlan;
  readonly bytes: number;
}

/** In memory a plan takes about twice the bytes of its text. */
const bytesMaxUsually = 32 * 1024 * 1024;

export class PlanShelf implements RunPlans {
  readonly #parts: PlanShelfParts;
  readonly #bytesMax: number;
  /** The one that was needed last is the last. */
  readonly #shelved = new Map<string, Shelved>();
  #bytes = 0;

  constructor(parts: PlanShelfParts) {
    this.#parts = parts;
    this.#bytesMax = parts.bytesMax ?? bytesMaxUsually;
  }

  plan(hash: string): RunPlan {
    const known = this.#shelved.get(hash);
    if (known !== undefined) return known.plan;
    const text = this.#parts.readNow(Buffer.from(hash, "hex"));
    if (text === undefined) throw planErrors.missing({ hash });
    return this.#shelve(hash, text);
  }

  /** Has a plan at hand. */
  async prepare(namespace: string, hash: string): Promise<RunPlan> {
    const known = this.#shelved.get(hash);
    if (known !== undefined) {
      this.#shelved.delete(hash);
      this.#shelved.set(hash, known);
      return known.plan;
    }
    const parts: Uint8Array[] = [];
    for await (const part of this.#parts.blobs().read(namespace, Buffer.from(hash, "hex"))) parts.push(part);
    return this.#shelve(hash, Buffer.concat(parts));
  }

  #shelve(hash: string, text: Uint8Array): RunPlan {
    const plan = new RunPlan(JSON.parse(Buffer.from(text).toString("utf8")) as Plan, hash);
    this.#shelved.set(hash, { plan, bytes: text.length });
    this.#bytes += text.length;
    for (const [oldest, { bytes }] of this.#shelved) {
      if (this.#bytes <= this.#bytesMax || oldest === hash) break;
      this.#shelved.delete(oldest);
      this.#bytes -= bytes;
    }
    return plan;
  }
}
