/** Event sources of triggers as one component: the index of triggers, and the events of Tutti itself. */
import type { Component } from "@tutti/kernel";
import { Deliveries, type DeliveriesParts } from "./deliveries.ts";
import { OwnEvents, type OwnEventsParts } from "./own-events.ts";
import { type IndexParts, TriggerIndex } from "./trigger-index.ts";

export type TriggersParts = IndexParts & Pick<OwnEventsParts, "bus"> & Pick<DeliveriesParts, "triggers">;

export class Triggers implements Component {
  readonly parts: { readonly index: TriggerIndex; readonly deliveries: Deliveries };
  readonly #own: OwnEvents;

  constructor(parts: TriggersParts) {
    const index = new TriggerIndex(parts);
    const deliveries = new Deliveries({ ...parts, index });
    this.parts = { index, deliveries };
    this.#own = new OwnEvents({ ...parts, index, deliveries });
  }

  async start(): Promise<void> {
    await this.parts.index.start();
    this.#own.start();
  }

  async stop(): Promise<void> {
    await this.#own.stop();
    await this.parts.index.stop();
  }
}
