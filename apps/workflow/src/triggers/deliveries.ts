/**
 * Brings events to the triggers that they concern, in batches: while one batch is on its way to a trigger, further
 * events wait for the next batch.
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

/** What came of events. */
export interface Delivered {
  /** How often one concerned a trigger. */
  readonly matched: number;
  /** How many of these had a key that was seen before. */
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

  /** Resolves when every trigger has durably what concerns it. */
  async deliver(events: readonly BusEvent[]): Promise<Delivered> {
    await this.#parts.index.ready();
    const given: Promise<boolean>[] = [];
    for (const event of events) {
      const read = new ReadEvent(event);
      for (const trigger of this.#parts.index.candidates(event)) {
        const item = concerning(trigger, read);
        if (item !== undefined) given.push(this.give(trigger, item));
      }
    }
    if (given.length === 0) return { matched: 0, duplicates: 0 };
    const results = await Promise.all(given);
    return { matched: results.length, duplicates: results.filter(Boolean).length };
  }

  /** Resolves when a trigger has an event durably, with whether its key was seen before. */
  give({ namespace, id }: Pick<IndexedTrigger, "namespace" | "id">, item: TriggerItem): Promise<boolean> {
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
    // Not in the caller's own step: the rest of what it has leaves in the same batch.
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

/** Returns what a trigger is handed of an event that has one of its types. */
export function concerning({ id, matching }: IndexedTrigger, read: ReadEvent): TriggerItem | undefined {
  const { type, subject } = read.event;
  // Its own runs do not start it again: that would never end.
  if (type.startsWith("tutti.workflow.") && subject.startsWith(`${id}-`)) return undefined;
  const { json } = read;
  if (!matching.isOfSource(json)) return undefined;
  return itemOf(matching.meaningOf(json), json, read.bytes);
}
