/** Events, as a program posts and reads them. */
import { randomUUID } from "node:crypto";
import { CloudEvent } from "@tutti/contracts/workflow/v1";
import { date, labels, type OptionNames, requireKnown, text } from "../../options.ts";
import { payloadOf, valueIn } from "../payloads.ts";

/** An event to post, a CloudEvent. */
export interface EventOptions {
  /** Words with dots between them: `shop.order.created`. Not starting with `tutti.`. */
  readonly type: string;
  /** Unique within `source`: the same event posted again has no further effect. Default: random. */
  readonly id?: string;
  /** Source of the event, a URI reference. Default: `/tutti/client`. */
  readonly source?: string;
  /** Subject of the event. */
  readonly subject?: string;
  /** Time of the event. Default: now. */
  readonly time?: Date;
  /** JSON. Maximum: 1 MiB. */
  readonly data?: unknown;
  /** URI of the schema of the data. */
  readonly dataSchema?: string;
  /** Further attributes: names of a-z and 0-9. */
  readonly extensions?: Readonly<Record<string, string>>;
}

const eventNames: OptionNames<EventOptions> = {
  type: text,
  id: text,
  source: text,
  subject: text,
  time: date,
  data: true,
  dataSchema: text,
  extensions: labels,
};

/** A stored event. */
export interface PostedEvent {
  readonly type: string;
  readonly id: string;
  readonly source: string;
  /** Empty for none. */
  readonly subject: string;
  readonly time: Date;
  readonly data: unknown;
  readonly extensions: Readonly<Record<string, string>>;
}

export function eventMessage(event: EventOptions): CloudEvent {
  requireKnown("event", event, eventNames);
  const { type, id = randomUUID(), source = "/tutti/client", subject, time, dataSchema } = event;
  return {
    ...CloudEvent.fromPartial({ type, id, source, subject: subject ?? "", dataschema: dataSchema ?? "" }),
    time: time?.toISOString() ?? "",
    data: payloadOf(event.data, "data"),
    extensions: { ...event.extensions },
  };
}

export function eventIn({ type, id, source, subject, time, data, extensions }: CloudEvent): PostedEvent {
  return { type, id, source, subject, time: new Date(time), data: valueIn(data), extensions };
}
