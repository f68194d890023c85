/**
 * Delivers messages between partitions: directly within this process, to others over a stream per receiving partition,
 * which is opened on demand and kept.
 */
import { runtimeService } from "@tutti/contracts/runtime/v1";
import type { Delivery, EnvelopeBatch, Ownership, Place } from "@tutti/kernel";
import { meshErrors } from "../errors.ts";
import type { Mesh } from "../mesh.ts";
import { partitionOf } from "../routing/leased-ownership.ts";
import { Lane } from "./lane.ts";

/** Accepts messages for the partitions of a service that this process owns. */
export interface EnvelopeReceiver {
  holds(partition: number): boolean;
  /** Resolves with the number up to which all messages of the channel are durable. */
  receive(partition: number, batch: EnvelopeBatch): Promise<number>;
}

export interface MeshDeliveryParts {
  readonly mesh: Pick<Mesh, "client">;
  readonly ownership: Ownership;
}

export class MeshDelivery implements Delivery {
  readonly #parts: MeshDeliveryParts;
  readonly #receivers = new Map<string, EnvelopeReceiver>();
  readonly #lanes = new Map<Place, Lane>();
  #stopped = false;

  constructor(parts: MeshDeliveryParts) {
    this.#parts = parts;
  }

  /** Messages to partitions of this service in this process need no stream. */
  receive(service: string, receiver: EnvelopeReceiver): void {
    this.#receivers.set(service, receiver);
  }

  async deliver(to: Place, batch: EnvelopeBatch, signal: AbortSignal): Promise<number> {
    const at = partitionOf(to);
    if (at === undefined) throw new Error(`expected a partition to deliver messages to, got ${to}`);
    signal.throwIfAborted();
    const receiver = this.#receivers.get(at.service);
    if (receiver?.holds(at.partition)) return receiver.receive(at.partition, batch);
    if (this.#stopped) throw meshErrors.stopped({ service: at.service });
    return this.#laneTo(to, at).deliver(batch, signal);
  }

  stop(): void {
    this.#stopped = true;
    for (const [place, lane] of this.#lanes) {
      lane.stop(meshErrors.stopped({ service: partitionOf(place)?.service ?? place }));
    }
    this.#lanes.clear();
  }

  #laneTo(place: Place, at: { readonly service: string; readonly partition: number }): Lane {
    let lane = this.#lanes.get(place);
    if (lane === undefined) {
      const { mesh, ownership } = this.#parts;
      const open = mesh.client(runtimeService, { service: at.service }).deliver;
      lane = new Lane({ place, partition: at.partition, open, ownership });
      this.#lanes.set(place, lane);
    }
    return lane;
  }
}
