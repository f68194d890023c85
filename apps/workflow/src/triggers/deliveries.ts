/**
 * Delivers events to matching triggers, in batches: while one batch is in flight to a trigger, further events
 * wait for the next one.
 */
import type { BusEvent } from "@tutti/bus";
import { ReceiveEventsRequest, type TriggerItem, type triggerService } from "@tutti/contracts/workflow/v1";
import type { Client } from "@tutti/mesh";
import { ReadEvent } from "./events.ts";
import { itemOf } from "./matching.ts";
import type { IndexedTrigger, TriggerIndex } from "./trigger-index.ts";

export interface DeliveriesParts {
  readonly index: Pick<TriggerIndex, "candidates" | "ready">;
  readonly triggers: Pick<Client<typeof triggerService>, "receiveEvents">;
}

/** The result of a delivery. */
export interface Delivered {
  /** Number of matches of events with triggers. */
  readonly matched: number;
  /** Number of matches with a key that was seen before. */
  readonly duplicates: number;
}

interface Waiting {
  readonly item: TriggerItem;
  readonly done: (isDuplicate: boolean) => void;
  readonly failed: (error: unknown) => void;
}

interface Line {
  readonly waiting: Waiting[];
  isBusy: boolean;
}

const itemsMax = 500;
const bytesMax = 1_048_576;

export class Deliveries {
  readonly #parts: DeliveriesParts;
  readonly #lines = new Map<string, Line>();

  constructor(parts: DeliveriesParts) {
    this.#parts = parts;
  }

  /** Delivers events. Resolves when every trigger has its matching events durably. */
  async deliver(events: readonly BusEvent[]): Promise<Delivered> {
    await this.#parts.index.ready();
    const deliveries: Promise<boolean>[] = [];
    for (const event of events) {
      const read = new ReadEvent(event);
      for (const trigger of this.#parts.index.candidates(event)) {
        const item = concerning(trigger, read);
        if (item !== undefined) deliveries.push(this.enqueue(trigger, item));
      }
    }
    if (deliveries.length === 0) return { matched: 0, duplicates: 0 };
    const results = await Promise.all(deliveries);
    return { matched: results.length, duplicates: results.filter(Boolean).length };
  }

  /** Delivers an event to a trigger. Resolves when it is durable, with whether its key was seen before. */
  enqueue({ namespace, id }: Pick<IndexedTrigger, "namespace" | "id">, item: TriggerItem): Promise<boolean> {
    const name = `${namespace} ${id}`;
    const line = this.#lines.get(name) ?? { waiting: [], isBusy: false };
    this.#lines.set(name, line);
    return new Promise((done, failed) => {
      line.waiting.push({ item, done, failed });
      if (!line.isBusy) void this.#send(line, name, { namespace, triggerId: id });
    });
  }

  async #send(line: Line, name: string, to: { readonly namespace: string; readonly triggerId: string }) {
    line.isBusy = true;
    // Not synchronously: further events of the caller go into the same batch.
    await Promise.resolve();
    while (line.waiting.length > 0) {
      const batch = line.waiting.splice(0, sizeOfBatch(line.waiting));
      try {
        const items = batch.map(({ item }) => item);
        const reply = await this.#parts.triggers.receiveEvents(
          ReceiveEventsRequest.fromPartial({ ...to, items }),
        );
        const duplicates = new Set(reply.duplicates);
        for (const [place, { done }] of batch.entries()) done(duplicates.has(place));
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    line.isBusy = false;
    this.#lines.delete(name);
  }
}

function sizeOfBatch(waiting: readonly Waiting[]): number {
  let bytes = 0;
  for (const [count, { item }] of waiting.entries()) {
    bytes += item.event.length;
    if (count > 0 && (count >= itemsMax || bytes > bytesMax)) return count;
  }
  return waiting.length;
}

/** Returns the item for a trigger from an event with one of its types. */
export function concerning({ id, matching }: IndexedTrigger, read: ReadEvent): TriggerItem | undefined {
  const { type, subject } = read.event;
  // Events of its own runs do not start it again: that would be an endless loop.
  if (type.startsWith("tutti.workflow.") && subject.startsWith(`${id}-`)) return undefined;
  const { json } = read;
  if (!matching.isOfSource(json)) return undefined;
  return itemOf(matching.outcomeOf(json), json, read.bytes);
}
