/**
 * Events as NATS messages, in the binary mode of CloudEvents: attributes in headers `ce-…`, percent-encoded according
 * to the bindings, data as the payload. Any NATS client can read them.
 */
import { MsgHdrsImpl } from "@nats-io/transport-node";
import { type BusEvent, checkedEvent, dedupIdOf, type EventInput } from "../event/event.ts";

/** The server drops a message whose id it has seen within its window. */
const dedupHeader = "Nats-Msg-Id";

const encoder = new TextEncoder();

/**
 * Headers that are encoded already. The client library's own headers check every name and value again and store them in
 * maps, which costs more than the rest of a publication.
 */
class EncodedHeaders extends MsgHdrsImpl {
  readonly #bytes: Uint8Array;

  constructor(text: string) {
    super();
    this.#bytes = encoder.encode(text);
  }

  override encode(): Uint8Array {
    return this.#bytes;
  }
}

export function headersOf(event: BusEvent): MsgHdrsImpl {
  let text =
    `NATS/1.0\r\n${dedupHeader}: ${dedupIdOf(event)}\r\nce-specversion: 1.0\r\nce-id: ${percentEncoded(event.id)}` +
    `\r\nce-source: ${percentEncoded(event.source)}\r\nce-type: ${event.type}` +
    `\r\nce-subject: ${percentEncoded(event.subject)}\r\nce-time: ${new Date(event.timeMs).toISOString()}` +
    `\r\nce-datacontenttype: ${percentEncoded(event.dataContentType)}\r\nce-namespace: ${event.namespace}\r\n`;
  for (const name in event.extensions)
    text += `ce-${name}: ${percentEncoded(event.extensions[name] ?? "")}\r\n`;
  return new EncodedHeaders(`${text}\r\n`);
}

/** Undefined for a message that is no event of ours: any client may publish to the subject. */
export function eventOf(
  headers: Iterable<[string, string[]]> | undefined,
  data: Uint8Array,
): BusEvent | undefined {
  if (headers === undefined) return undefined;
  const input = { id: "", source: "", type: "", subject: "", namespace: "", timeMs: Number.NaN };
  const extensions: Record<string, string> = {};
  let dataContentType = "application/json";
  for (const [header, [raw = ""]] of headers) {
    if (!header.startsWith("ce-")) continue;
    const name = header.slice(3);
    const value = raw.includes("%") ? percentDecoded(raw) : raw;
    switch (name) {
      case "id":
      case "source":
      case "type":
      case "subject":
      case "namespace":
        input[name] = value;
        break;
      case "time":
        input.timeMs = Date.parse(value);
        break;
      case "datacontenttype":
        dataContentType = value;
        break;
      case "specversion":
      case "dataschema":
        break;
      default:
        extensions[name] = value;
    }
  }
  const found: EventInput = { ...input, dataContentType, extensions, data };
  try {
    return checkedEvent(found);
  } catch {
    return undefined;
  }
}

/** Everything but visible ASCII, and the two characters that the bindings name. */
const toEncode = /[^\x21\x23\x24\x26-\x7e]/u;
const toEncodeEach = /[^\x21\x23\x24\x26-\x7e]/gu;

function percentEncoded(value: string): string {
  if (!toEncode.test(value)) return value;
  return value.replace(toEncodeEach, (character) => {
    let text = "";
    for (const byte of encoder.encode(character))
      text += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    return text;
  });
}

function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
