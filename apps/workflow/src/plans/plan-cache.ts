/**
 * Plans that runs need synchronously, since a decision waits for nothing. A plan is the blob with the name of
 * its hash.
 *
 * 1. The starter of a run prepares its plan first, and the runtime before it folds or loads one. An evicted
 *    plan stays available as long as a run in memory has it. It is read again synchronously if its content is
 *    on this machine.
 * 2. The size of the plans bounds the cache. The least recently used plan is evicted first.
 */
import type { Plan } from "@tutti/definitions";
import { type Blobs, wholeBlob } from "@tutti/journal";
import { RunPlan, type RunPlans } from "@tutti/machine-run";
import { planErrors } from "../errors.ts";

export interface PlanCacheParts {
  readonly blobs: () => Pick<Blobs, "read">;
  /** Returns the content of a blob of any namespace synchronously, if it is on this machine. */
  readonly readNow: (sha256: Uint8Array) => Uint8Array | undefined;
  readonly bytesMax?: number;
}

interface CachedPlan {
  readonly plan: RunPlan;
  readonly bytes: number;
}

/** In memory a plan takes about twice the bytes of its text. */
const bytesMaxUsually = 32 * 1024 * 1024;

export class PlanCache implements RunPlans {
  readonly #parts: PlanCacheParts;
  readonly #bytesMax: number;
  /** The most recently used is the last. */
  readonly #cached = new Map<string, CachedPlan>();
  /** Evicted plans, as long as a run has them. */
  readonly #inUse = new Map<string, WeakRef<RunPlan>>();
  readonly #fetching = new Map<string, Promise<RunPlan>>();
  #bytes = 0;

  constructor(parts: PlanCacheParts) {
    this.#parts = parts;
    this.#bytesMax = parts.bytesMax ?? bytesMaxUsually;
  }

  plan(hash: string): RunPlan {
    const known = this.#cached.get(hash)?.plan ?? this.#inUse.get(hash)?.deref();
    if (known !== undefined) return known;
    const text = this.#parts.readNow(Buffer.from(hash, "hex"));
    if (text === undefined) throw planErrors.missing({ hash });
    return this.#cache(hash, text);
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
    const known = this.#cached.get(hash);
    if (known !== undefined) {
      this.#cached.delete(hash);
      this.#cached.set(hash, known);
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
    return this.#cache(hash, await wholeBlob(this.#parts.blobs(), namespace, Buffer.from(hash, "hex")));
  }

  #cache(hash: string, text: Uint8Array): RunPlan {
    const runPlan = new RunPlan(JSON.parse(Buffer.from(text).toString("utf8")) as Plan, hash);
    this.#cached.set(hash, { plan: runPlan, bytes: text.length });
    this.#inUse.delete(hash);
    this.#bytes += text.length;
    for (const [oldest, { bytes, plan }] of this.#cached) {
      if (this.#bytes <= this.#bytesMax || oldest === hash) break;
      this.#cached.delete(oldest);
      this.#bytes -= bytes;
      this.#inUse.set(oldest, new WeakRef(plan));
    }
    for (const [unused, plan] of this.#inUse) if (plan.deref() === undefined) this.#inUse.delete(unused);
    return runPlan;
  }
}
