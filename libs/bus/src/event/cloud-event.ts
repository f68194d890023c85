import type { BusEvent } from "./event.ts";

/** The structured form of an event, as in CloudEvents' JSON format: for HTTP, SSE and WebSocket. */
export type CloudEventJson = Readonly<Record<string, unknown>>;

/** JSON data is part of the document, other data is included as Base64. */
export function cloudEventOf(event: BusEvent): CloudEventJson {
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
    ...dataOf(event),
  };
}

function dataOf({ data, dataContentType }: BusEvent): CloudEventJson {
  if (data.length === 0) return {};
  if (/^application\/(?:[^;]+\+)?json\b/.test(dataContentType)) {
    try {
      return { data: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data)) };
    } catch {
      // Declared as JSON but invalid: included as bytes.
    }
  }
  return { data_base64: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") };
}
