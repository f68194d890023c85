/** The triggers of a namespace: they start runs of events. */
import { type Trigger, TriggerFilter } from "@tutti/contracts/workflow/v1";
import { flag, type OptionNames, requireKnown, text } from "../../options.ts";
import { pagesOfLines } from "../work/paging.ts";
import { type EventOptions, eventMessage } from "./event.ts";
import { type TriggerOptions, triggerMessage } from "./options.ts";
import { TriggerHandle, type TriggerParts } from "./trigger.ts";

/** Result of posted events. */
export interface EventsPosted {
  /** Ids of the events, in their order. */
  readonly ids: readonly string[];
  /** How often one met the condition of a trigger. */
  readonly matched: number;
  /** How many of these had a key that the trigger had seen before. */
  readonly duplicates: number;
}

export interface FindTriggersOptions {
  /** Those that start runs of this workflow. */
  readonly definition?: string;
  readonly paused?: boolean;
  /** Text in id or description. */
  readonly text?: string;
}

const findNames: OptionNames<FindTriggersOptions> = { definition: text, paused: flag, text };

export class Triggers {
  readonly #parts: TriggerParts;

  constructor(parts: TriggerParts) {
    this.#parts = parts;
  }

  /**
   * Creates a trigger: each matching event starts a run of the definition. Repeating the call returns the same
   * trigger.
   */
  async create(id: string, definition: string, options: TriggerOptions): Promise<TriggerHandle> {
    const trigger = triggerMessage(id, definition, options);
    await this.#parts.triggers.createTrigger({ namespace: this.#parts.namespace, trigger });
    return this.get(id);
  }

  /** Returns a trigger by its id. No call is made. */
  get(id: string): TriggerHandle {
    return new TriggerHandle(this.#parts, id);
  }

  /** Triggers that match, ordered by id, page by page. */
  list(options: FindTriggersOptions = {}): AsyncGenerator<Trigger, void, void> {
    requireKnown("triggers.list", options, findNames);
    const { definition, paused } = options;
    const filter = TriggerFilter.fromPartial({
      definitions: definition === undefined ? [] : [definition],
      ...(paused !== undefined && { paused }),
      text: options.text ?? "",
    });
    return pagesOfLines(async (page) => {
      const { namespace, triggers } = this.#parts;
      const reply = await triggers.listTriggers({ namespace, filter, page });
      return { items: reply.triggers, token: reply.page?.nextToken };
    });
  }

  /**
   * Posts events, at most 1,000 at a time. When this resolves, every trigger that an event concerns has it durably. An
   * event with the same `source` and `id` counts once, so a call that failed can be repeated.
   */
  async post(events: EventOptions | readonly EventOptions[]): Promise<EventsPosted> {
    const { namespace, triggers } = this.#parts;
    const messages = listOf(events).map(eventMessage);
    const { matched, duplicates } = await triggers.publishEvents({ namespace, events: messages });
    return { ids: messages.map(({ id }) => id), matched, duplicates };
  }
}

function listOf(events: EventOptions | readonly EventOptions[]): readonly EventOptions[] {
  return "type" in events ? [events] : events;
}
