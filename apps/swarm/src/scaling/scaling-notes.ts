/**
 * Sends the observations and actions of scalers to the machines of their pools in batches. The next owner of
 * a pool, or this process after a restart, continues from there.
 *
 * 1. A batch waits for the previous one. A failed batch is sent again, as long as the pool is owned here.
 * 2. A killed process loses what it has not sent: at most the observations since the previous batch.
 */
import type { NoteScalings, Scaling } from "@tutti/contracts/swarm/v1";
import { errorFromUnknown, type Logger } from "@tutti/kernel";
import type { Pool, StretchArrivals } from "@tutti/matching";

type Batch = { readonly [K in keyof NoteScalings]: NoteScalings[K] };

export interface ScalingNotesParts {
  /** Resolves when the batch is durable. */
  readonly keep: (pool: Pool, noted: NoteScalings) => Promise<unknown>;
  readonly logger: Logger;
}

/** Maximum of waiting entries per kind, the latest ones. */
const waitingMax = 300;

export class ScalingNotes {
  readonly #parts: ScalingNotesParts;
  readonly #waiting = new Map<Pool, Batch>();
  readonly #underWay = new Map<Pool, Promise<void>>();

  constructor(parts: ScalingNotesParts) {
    this.#parts = parts;
  }

  decided(pool: Pool, scalerId: string, scaling: Scaling): void {
    this.#batchOf(pool).scalings.push({ scalerId, scaling });
  }

  /** Records the crashes in a row of an agent's program. */
  crashed(pool: Pool, scalerId: string, agentId: string, crashes: number, how: string): void {
    const batch = this.#batchOf(pool);
    const known = batch.crashes.find((one) => one.scalerId === scalerId && one.agentId === agentId);
    if (known === undefined) batch.crashes.push({ scalerId, agentId, crashes, how });
    else Object.assign(known, { crashes, how });
  }

  came(pool: Pool, scalerId: string, seen: readonly StretchArrivals[]): void {
    if (seen.length > 0) this.#batchOf(pool).arrivals.push(...seen.map((one) => ({ scalerId, ...one })));
  }

  /** Resolves when all entries of a pool until now are durable, or known to be lost. */
  async bring(pool: Pool): Promise<void> {
    // Several calls may wait for the same batch: a batch that another call sends next is awaited too.
    for (let before = this.#underWay.get(pool); before !== undefined; before = this.#underWay.get(pool))
      await before;
    const batch = this.#waiting.get(pool);
    if (batch === undefined) return;
    this.#waiting.delete(pool);
    const brought: Promise<void> = this.#parts
      .keep(pool, batch)
      .then(
        () => {},
        (thrown: unknown) => {
          if (this.#underWay.get(pool) === brought) this.#failed(pool, batch, thrown);
        },
      )
      .finally(() => {
        if (this.#underWay.get(pool) === brought) this.#underWay.delete(pool);
      });
    this.#underWay.set(pool, brought);
    await brought;
  }

  /** Forgets a pool that is no longer owned here. */
  forget(pool: Pool): void {
    this.#waiting.delete(pool);
    this.#underWay.delete(pool);
  }

  #failed(pool: Pool, batch: Batch, thrown: unknown): void {
    const { namespace, name } = pool;
    const error = errorFromUnknown(thrown);
    this.#parts.logger.info("failed to record scaler actions, retrying", { namespace, pool: name, error });
    const later = this.#waiting.get(pool);
    this.#waiting.set(pool, later === undefined ? batch : joined(batch, later));
  }

  #batchOf(pool: Pool): Batch {
    const known = this.#waiting.get(pool);
    if (known !== undefined) return known;
    const batch: Batch = { scalings: [], crashes: [], arrivals: [] };
    this.#waiting.set(pool, batch);
    return batch;
  }
}

function joined(before: Batch, after: Batch): Batch {
  const last = <Note>(one: readonly Note[], other: readonly Note[]) => [...one, ...other].slice(-waitingMax);
  return {
    scalings: last(before.scalings, after.scalings),
    crashes: last(before.crashes, after.crashes),
    arrivals: last(before.arrivals, after.arrivals),
  };
}
