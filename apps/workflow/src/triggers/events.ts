/** Events in three forms: as posted, on the bus, and for triggers. */
import { type BusEvent, checkedEvent, cloudEventOf, isPostedType } from "@tutti/bus";
import type { CloudEvent } from "@tutti/contracts/workflow/v1";
import { parseExactly, writeExactly } from "@tutti/expressions";
import { triggerSourceErrors } from "../errors.ts";
import type { EventJson } from "./matching.ts";

/** Returns a posted event in the form of the bus. Throws its problems. */
export function postedEvent(event: CloudEvent, namespace: string, nowMs: number): BusEvent {
  const { id, source, type, subject, time, datacontenttype, dataschema, data } = event;
  if (event.specversion !== "" && event.specversion !== "1.0")
    throw triggerSourceErrors.eventInvalid({
      id,
      problem: `specversion: expected 1.0, got ${event.specversion}`,
    });
  if (!isPostedType(type))
    throw triggerSourceErrors.eventInvalid({
      id,
      problem: `type: expected words of A-Z a-z 0-9 _ - with dots between, not starting with tutti, got ${type}`,
    });
  const timeMs = time === "" ? nowMs : Date.parse(time);
  if (Number.isNaN(timeMs))
    throw triggerSourceErrors.eventInvalid({ id, problem: `time: expected a time in RFC 3339, got ${time}` });
  if (data?.body?.$case === "blob")
    throw triggerSourceErrors.eventInvalid({
      id,
      problem: "data: expected a value, got a reference to a blob",
    });
  const bytes = data?.body?.$case === "inline" ? data.body.value : new Uint8Array();
  const dataContentType = datacontenttype || data?.mediaType || "application/json";
  const beyond = /\bjson\b/i.test(dataContentType) ? numberBeyondDouble(bytes) : undefined;
  if (beyond !== undefined)
    throw triggerSourceErrors.eventInvalid({
      id,
      problem: `data: expected numbers up to 1.8e308, got ${beyond.slice(0, 100)}`,
    });
  return checkedEvent({
    id,
    source,
    type,
    namespace,
    timeMs,
    subject: subject || id,
    dataContentType,
    data: bytes,
    extensions: { ...event.extensions, ...(dataschema !== "" && { dataschemauri: dataschema }) },
  });
}

/** Only numbers with such an exponent, or this many digits, may be beyond a double. */
const large = /\d[eE]\+?\d{3}|\d{200}/;

/** Returns the first number in JSON that no double can represent. Triggers would read it as null. */
function numberBeyondDouble(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  if (!large.test(text)) return undefined;
  let found: string | undefined;
  const find = (_key: string, value: unknown, { source = "" }: { readonly source?: string } = {}) => {
    if (typeof value === "number" && !Number.isFinite(value)) found ??= source;
    return value;
  };
  try {
    // TypeScript does not know the third argument of a reviver yet.
    JSON.parse(text, find as (this: unknown, key: string, value: unknown) => unknown);
  } catch {
    // It is no JSON, and is passed on as bytes.
  }
  return found;
}

/** An event of the bus, parsed once for any number of triggers. */
export class ReadEvent {
  readonly event: BusEvent;
  #json: EventJson | undefined;
  #bytes: Uint8Array | undefined;

  constructor(event: BusEvent) {
    this.event = event;
  }

  get json(): EventJson {
    this.#json ??= cloudEventOf(this.event, parseExactly) as EventJson;
    return this.#json;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= Buffer.from(writeExactly(this.json), "utf8");
    return this.#bytes;
  }
}

const attributes = new Set([
  ...["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data", "data_base64"],
  "namespace",
]);

/** Returns an event in the form of the contracts. */
export function cloudEventMessage(json: EventJson): CloudEvent {
  const text = (name: string) => String(json[name] ?? "");
  const { data } = json;
  const others = Object.entries(json).filter(([name]) => !attributes.has(name));
  return {
    specversion: "1.0",
    id: json.id,
    source: json.source,
    type: json.type,
    dataschema: "",
    subject: text("subject"),
    time: text("time"),
    datacontenttype: text("datacontenttype"),
    data:
      data === undefined
        ? undefined
        : { body: { $case: "inline", value: Buffer.from(writeExactly(data), "utf8") }, mediaType: "" },
    extensions: Object.fromEntries(others.map(([name, value]) => [name, String(value)])),
  };
}

export function eventJsonOf(bytes: Uint8Array): EventJson {
  return parseExactly(Buffer.from(bytes).toString("utf8")) as EventJson;
}
