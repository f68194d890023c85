/**
 * Plans that runs need synchronously, since a decision waits for nothing. A plan is the blob with the name of
 * its hash.
 *
 * 1. The starter of a run prepares its plan first, and the runtime before it folds or loads one. An evicted
 *    plan stays available as long as a run in memory has it. It is read again synchronously if its content is
 *    on this machine.
 * 2. The size of the plans bounds the shelf. The least recently used plan is evicted first.
 */
import type { Plan } from "@tutti/definitions";
import { type Blobs, wholeBlob } from "@tutti/journal";
import { RunPlan, type RunPlans } from "@tutti/machine-run";
import { planErrors } from "../errors.ts";

export interface PlanShelfParts {
  readonly blobs: () => Pick<Blobs, "read">;
  /** Returns the content of a blob of any namespace synchronously, if it is on this machine. */
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
  /** The most recently used is the last. */
  readonly #shelved = new Map<string, Shelved>();
  /** Evicted plans, as long as a run has them. */
  readonly #inUse = new Map<string, WeakRef<RunPlan>>();
  readonly #fetching = new Map<string, Promise<RunPlan>>();
  #bytes = 0;

  constructor(parts: PlanShelfParts) {
    this.#parts = parts;
    this.#bytesMax = parts.bytesMax ?? bytesMaxUsually;
  }

  plan(hash: string): RunPlan {
    const known = this.#shelved.get(hash)?.plan ?? this.#inUse.get(hash)?.deref();
    if (known !== undefined) return known;
    const text = this.#parts.readNow(Buffer.from(hash, "hex"));
    if (text === undefined) throw planErrors.missing({ hash });
    return this.#shelve(hash, text);
  }

  /** Returns the definitions that a plan starts runs of, with the hash or the label of their versions. */
  async childVersions(namespace: string, hash: string): Promise<ReadonlyMap<string, string>> {
    await this.prepare(namespace, hash);
    const { works } = this.plan(hash).plan;
    return new Map(
      works.flatMap((work) => (work.kind === "workflow" ? [[work.definition, work.hash || work.label]] : [])),
    );
  }

  /** Prepares a plan. Undefined if it is available. */
  prepare(namespace: string, hash: string): Promise<RunPlan> | undefined {
    const known = this.#shelved.get(hash);
    if (known !== undefined) {
      this.#shelved.delete(hash);
      this.#shelved.set(hash, known);
      return undefined;
    }
    const inUse = this.#inUse.get(hash)?.deref();
    if (inUse !== undefined) return undefined;
    let fetching = this.#fetching.get(hash);
    if (fetching === undefined) {
      fetching = this.#fetch(namespace, hash).finally(() => this.#fetching.delete(hash));
      this.#fetching.set(hash, fetching);
    }
    return fetching;
  }

  async #fetch(namespace: string, hash: string): Promise<RunPlan> {
    return this.#shelve(hash, await wholeBlob(this.#parts.blobs(), namespace, Buffer.from(hash, "hex")));
  }

  #shelve(hash: string, text: Uint8Array): RunPlan {
    const made = new RunPlan(JSON.parse(Buffer.from(text).toString("utf8")) as Plan, hash);
    this.#shelved.set(hash, { plan: made, bytes: text.length });
    this.#inUse.delete(hash);
    this.#bytes += text.length;
    for (const [oldest, { bytes, plan }] of this.#shelved) {
      if (this.#bytes <= this.#bytesMax || oldest === hash) break;
      this.#shelved.delete(oldest);
      this.#bytes -= bytes;
      this.#inUse.set(oldest, new WeakRef(plan));
    }
    for (const [unused, plan] of this.#inUse) if (plan.deref() === undefined) this.#inUse.delete(unused);
    return made;
  }
}
