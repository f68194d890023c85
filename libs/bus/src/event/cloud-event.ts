import type { BusEvent } from "./event.ts";

/** The structured form of an event, as in CloudEvents' JSON format: for HTTP, SSE and WebSocket. */
export type CloudEventJson = Readonly<Record<string, unknown>>;

/**
 * JSON data is part of the document, other data is included as Base64.
 *
 * @param parse parses the data
 */
export function cloudEventOf(event: BusEvent, parse: (json: string) => unknown = JSON.parse): CloudEventJson {
  return {
    specversion: "1.0",
    id: event.id,
    source: event.source,
    type: event.type,
    subject: event.subject,
    time: new Date(event.timeMs).toISOString(),
    datacontenttype: event.dataContentType,
    namespace: event.namespace,
    ...event.extensions,
    ...dataOf(event, parse),
  };
}

function dataOf({ data, dataContentType }: BusEvent, parse: (json: string) => unknown): CloudEventJson {
  if (data.length === 0) return {};
  if (/^application\/(?:[^;]+\+)?json\b/.test(dataContentType)) {
    try {
      return { data: parse(new TextDecoder("utf-8", { fatal: true }).decode(data)) };
    } catch {
      // Declared as JSON but invalid: included as bytes.
    }
  }
  return { data_base64: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") };
}
