/** A trigger, as a program reads, tests and steers it. */
import { TestTriggerRequest, type Trigger, type triggerService } from "@tutti/contracts/workflow/v1";
import { fromTimestamp, toTimestamp } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { sdkErrors } from "../../errors.ts";
import { date, type OptionNames, requireKnown, text, wholeNumber } from "../../options.ts";
import { valueIn } from "../payloads.ts";
import { pagesOfLines } from "../work/paging.ts";
import { type EventOptions, eventIn, eventMessage, type PostedEvent } from "./event.ts";
import { changesOf, requireChanges, type TriggerChanges } from "./options.ts";

export interface TriggerParts {
  readonly triggers: Client<typeof triggerService>;
  readonly namespace: string;
}

/** Result of a trigger for an event, without a start. */
export interface TriggerTest {
  /** The event. Undefined when the log has none of the trigger's source. */
  readonly event: PostedEvent | undefined;
  /** Whether the event is of the trigger's source. */
  readonly ofSource: boolean;
  /** Whether its condition is true too. */
  readonly matched: boolean;
  readonly key: string;
  readonly group: string;
  /** Id of the run. Empty when it is made as the run starts. */
  readonly runId: string;
  /** Input of the run. */
  readonly input: unknown;
  /** Problem of the event, which would make it a dead letter. Empty for none. */
  readonly problem: string;
}

/** An event that a trigger could not handle. */
export interface DeadLetter {
  readonly number: number;
  readonly event: PostedEvent;
  readonly time: Date;
  /** Code of the error. */
  readonly code: string;
  readonly message: string;
}

export interface ReplayEventsOptions {
  /** Default: the oldest event of the log. */
  readonly from?: Date;
  /** Default: now. */
  readonly to?: Date;
  readonly reason?: string;
}

const replayNames: OptionNames<ReplayEventsOptions> = { from: date, to: date, reason: text };

/** The result of a replay of past events. */
export interface EventsReplayed {
  /** Events of its source. */
  readonly events: number;
  /** Those that met its condition. */
  readonly matched: number;
  /** Those of them whose key was seen before. */
  readonly duplicates: number;
}

/** Which dead letters. */
export interface DeadLetterSelection {
  /** Their numbers. Default: all. */
  readonly numbers?: readonly number[];
  readonly reason?: string;
}

const selectionNames: OptionNames<DeadLetterSelection> = { numbers: [wholeNumber(0)], reason: text };

export class TriggerHandle {
  readonly id: string;
  readonly #parts: TriggerParts;

  constructor(parts: TriggerParts, id: string) {
    this.#parts = parts;
    this.id = id;
  }

  /** Reads the trigger: its rules, its counts, its latest events. */
  async get(): Promise<Trigger> {
    return this.#triggerOf(await this.#parts.triggers.getTrigger(this.#which));
  }

  /** Changes the trigger. The rest stays. Rejects if another caller changed it since it was read for this. */
  async update(changes: TriggerChanges, reason = ""): Promise<Trigger> {
    requireChanges(changes);
    const before = await this.get();
    const { after, fields } = changesOf(before, changes);
    if (fields.length === 0) return before;
    const update = { fields, revision: before.revision };
    const { namespace } = this.#which;
    return this.#triggerOf(
      await this.#parts.triggers.updateTrigger({ namespace, trigger: after, update, reason }),
    );
  }

  /** Tests the trigger with an event, and starts nothing. Default: the newest event of the log. */
  async test(event?: EventOptions): Promise<TriggerTest> {
    const request = TestTriggerRequest.fromPartial({ ...this.#which });
    const reply = await this.#parts.triggers.testTrigger({ ...request, event: event && eventMessage(event) });
    const { ofSource, matched, key, group, runId, problem } = reply;
    return {
      event: reply.event && eventIn(reply.event),
      input: valueIn(reply.input),
      ofSource,
      matched,
      key,
      group,
      runId,
      problem,
    };
  }

  /** Hands the trigger past events, as far as the log has them. An event whose run exists starts nothing again. */
  async replay(options: ReplayEventsOptions = {}): Promise<EventsReplayed> {
    requireKnown("trigger.replay", options, replayNames);
    const { from, to, reason = "" } = options;
    const span = { from: from && toTimestamp(from.getTime()), to: to && toTimestamp(to.getTime()) };
    const reply = await this.#parts.triggers.replayEvents({ ...this.#which, span, reason });
    const { events, matched, duplicates } = reply;
    return { events, matched, duplicates };
  }

  /** Events that the trigger could not handle, oldest first, page by page. */
  deadLetters(): AsyncGenerator<DeadLetter, void, void> {
    return pagesOfLines(async (page) => {
      const reply = await this.#parts.triggers.listDeadLetters({ ...this.#which, page });
      const items = reply.letters.flatMap(({ number, event, time, code, message }) => {
        if (event === undefined || time === undefined) return [];
        return [{ number, event: eventIn(event), time: new Date(fromTimestamp(time)), code, message }];
      });
      return { items, token: reply.page?.nextToken };
    });
  }

  /** Hands dead letters to the trigger again, as it is now. Returns how many. */
  async retryDeadLetters(options: DeadLetterSelection = {}): Promise<number> {
    requireKnown("trigger.retryDeadLetters", options, selectionNames);
    const { numbers = [], reason = "" } = options;
    const request = { ...this.#which, numbers: [...numbers], reason };
    return (await this.#parts.triggers.retryDeadLetters(request)).count;
  }

  /** Deletes dead letters. Returns how many. */
  async dropDeadLetters(options: DeadLetterSelection = {}): Promise<number> {
    requireKnown("trigger.dropDeadLetters", options, selectionNames);
    const { numbers = [], reason = "" } = options;
    const request = { ...this.#which, numbers: [...numbers], reason };
    return (await this.#parts.triggers.dropDeadLetters(request)).count;
  }

  /** Pauses the trigger. It ignores events. */
  async pause(reason = ""): Promise<Trigger> {
    return this.#triggerOf(await this.#parts.triggers.pauseTrigger({ ...this.#which, reason }));
  }

  /** Resumes the trigger. Events of the pause can be replayed. */
  async resume(reason = ""): Promise<Trigger> {
    return this.#triggerOf(await this.#parts.triggers.resumeTrigger({ ...this.#which, reason }));
  }

  /** Deletes it. Runs that it started continue. */
  async delete(reason = ""): Promise<void> {
    await this.#parts.triggers.deleteTrigger({ ...this.#which, reason });
  }

  #triggerOf({ trigger }: { readonly trigger?: Trigger | undefined }): Trigger {
    if (trigger === undefined) throw sdkErrors.replyIncomplete({ about: `trigger ${this.id}` });
    return trigger;
  }

  get #which(): { readonly namespace: string; readonly triggerId: string } {
    return { namespace: this.#parts.namespace, triggerId: this.id };
  }
}
