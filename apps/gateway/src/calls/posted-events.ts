/**
 * The body of `POST /v1/events` in the forms that CloudEvents has over HTTP: one event in its structured mode, several as
 * a batch, or one in binary mode, whose attributes are headers `ce-…`. Data is JSON.
 */
import type { IncomingHttpHeaders } from "node:http";

type Members = Readonly<Record<string, unknown>>;

const attributes: ReadonlySet<string> = new Set([
  ...["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data"],
  ...["extensions", "data_base64"],
]);

const structured = /^application\/cloudevents\+json\s*(;|$)/i;

/** Returns the body as the route expects it: `{"events": […]}`. The route refuses all other forms. */
export function postedBody(headers: IncomingHttpHeaders, body: unknown): unknown {
  if (typeof headers["ce-type"] === "string") return { events: [binaryEvent(headers, body)] };
  if (Array.isArray(body)) return { events: body.map(structuredEvent) };
  const isSingle =
    isMembers(body) &&
    !Object.hasOwn(body, "events") &&
    (Object.hasOwn(body, "specversion") || structured.test(headers["content-type"] ?? ""));
  return isSingle ? { events: [structuredEvent(body)] } : body;
}

function binaryEvent(headers: IncomingHttpHeaders, data: unknown): unknown {
  const event: Record<string, unknown> = data === undefined ? {} : { data };
  const { "content-type": datacontenttype } = headers;
  if (datacontenttype !== undefined && data !== undefined) event["datacontenttype"] = datacontenttype;
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith("ce-") && typeof value === "string") event[name.slice(3)] = decoded(value);
  return structuredEvent(event);
}

/** Attributes that CloudEvents does not name are extensions. */
function structuredEvent(event: unknown): unknown {
  if (!isMembers(event)) return event;
  const known: Record<string, unknown> = {};
  const extensions: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(event)) {
    if (attributes.has(name)) known[name] = value;
    // According to CloudEvents, null is an absent attribute.
    else if (value !== null) extensions[name] = attributeText(value);
  }
  return Object.keys(extensions).length === 0 ? known : { extensions, ...known };
}

/** Returns a number with the digits of the request. The route refuses lists and objects. */
function attributeText(value: unknown): unknown {
  return typeof value === "object" && !JSON.isRawJSON(value) ? value : textOf(value);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** In headers all characters but ASCII are percent-encoded. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
