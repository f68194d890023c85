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

export interface ScalingRecorderParts {
  /** Resolves when the batch is durable. */
  readonly store: (pool: Pool, batch: NoteScalings) => Promise<unknown>;
  readonly logger: Logger;
}

/** Maximum of waiting entries per kind, the latest ones. */
const waitingMax = 300;

export class ScalingRecorder {
  readonly #parts: ScalingRecorderParts;
  readonly #waiting = new Map<Pool, Batch>();
  readonly #inFlight = new Map<Pool, Promise<void>>();

  constructor(parts: ScalingRecorderParts) {
    this.#parts = parts;
  }

  decided(pool: Pool, scalerId: string, scaling: Scaling): void {
    this.#batchOf(pool).scalings.push({ scalerId, scaling });
  }

  /** Records the crashes in a row of an agent's program. */
  crashed(pool: Pool, scalerId: string, agentId: string, crashes: number, how: string): void {
    const batch = this.#batchOf(pool);
    const known = batch.crashes.find((each) => each.scalerId === scalerId && each.agentId === agentId);
    if (known === undefined) batch.crashes.push({ scalerId, agentId, crashes, how });
    else Object.assign(known, { crashes, how });
  }

  addArrivals(pool: Pool, scalerId: string, arrivals: readonly StretchArrivals[]): void {
    if (arrivals.length > 0)
      this.#batchOf(pool).arrivals.push(...arrivals.map((each) => ({ scalerId, ...each })));
  }

  /** Resolves when all entries of a pool until now are durable, or known to be lost. */
  async flush(pool: Pool): Promise<void> {
    // Several calls may wait for the same batch: a batch that another call sends next is awaited too.
    for (let before = this.#inFlight.get(pool); before !== undefined; before = this.#inFlight.get(pool))
      await before;
    const batch = this.#waiting.get(pool);
    if (batch === undefined) return;
    this.#waiting.delete(pool);
    const sending: Promise<void> = this.#parts
      .store(pool, batch)
      .then(
        () => {},
        (thrown: unknown) => {
          if (this.#inFlight.get(pool) === sending) this.#failed(pool, batch, thrown);
        },
      )
      .finally(() => {
        if (this.#inFlight.get(pool) === sending) this.#inFlight.delete(pool);
      });
    this.#inFlight.set(pool, sending);
    await sending;
  }

  /** Forgets a pool that is no longer owned here. */
  remove(pool: Pool): void {
    this.#waiting.delete(pool);
    this.#inFlight.delete(pool);
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
  const last = <Entry>(one: readonly Entry[], other: readonly Entry[]) =>
    [...one, ...other].slice(-waitingMax);
  return {
    scalings: last(before.scalings, after.scalings),
    crashes: last(before.crashes, after.crashes),
    arrivals: last(before.arrivals, after.arrivals),
  };
}
