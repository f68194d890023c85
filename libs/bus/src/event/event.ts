/**
 * An event of the bus: a CloudEvent (1.0) of Tutti, checked once when it is published and frozen from then on, because
 * within a process every subscriber receives the same object.
 */
import type { Violation } from "@tutti/kernel";
import { busErrors } from "../errors.ts";
import { isOwnType } from "./own-type.ts";

export interface BusEvent {
  /** Unique within its namespace: a repetition with the same id does not create another event. */
  readonly id: string;
  /** Its origin, a URI reference: `/tutti/workflow`. */
  readonly source: string;
  /** `tutti.<area>.<thing>.<happened>`: `tutti.workflow.run.completed`. For posted events: words with dots between. */
  readonly type: string;
  /** The id of its object. Events of one source and subject are delivered in order. */
  readonly subject: string;
  /** The tenant it belongs to. On the wire, the extension attribute `namespace`. */
  readonly namespace: string;
  /** Time of the occurrence, milliseconds since the epoch. */
  readonly timeMs: number;
  /** Media type of the data. */
  readonly dataContentType: string;
  /** Treated as opaque bytes. Must not be changed after publishing. */
  readonly data: Uint8Array;
  /** Further attributes, such as `traceparent`. */
  readonly extensions: Readonly<Record<string, string>>;
}

/** An event before publication: optional fields have a default. */
export type EventInput = Omit<BusEvent, "dataContentType" | "extensions"> & {
  /** Default: `application/json`. */
  readonly dataContentType?: string;
  readonly extensions?: Readonly<Record<string, string>>;
};

/**
 * Maximum bytes of an event's data. It is 1 MiB less the room for the attributes in a NATS message. Store larger data
 * in the blob store.
 *
 * @defaults
 */
export const dataBytesMax = 1_048_576 - 16_384;

const attributes = new Set([
  ...["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data"],
  "namespace",
]);

const word = "[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*";
const ownType = new RegExp(`^tutti(?:\\.${word}){3}$`);
/** Maximum: ten words. */
const postedType =
  /^(?![Tt][Uu][Tt][Tt][Ii](?:\.|$))[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9][A-Za-z0-9_-]*){0,9}$/;
const typeLengthMax = 200;
const namespaceForm = /^[a-z][a-z0-9-]{0,62}$/;
/** Visible ASCII, which a header can contain unchanged. */
const idForm = /^[\x21-\x7e]{1,200}$/;
const sourceForm = /^[\x21-\x7e]{1,400}$/;
const mediaTypeForm = /^[\x20-\x7e]{1,200}$/;
const extensionForm = /^[a-z0-9]{1,20}$/;
/** CloudEvents allows no control characters in attributes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const textForm = /^[^\x00-\x1f\x7f-\x9f]{1,1000}$/;
const timeMsMax = 253_402_300_799_999;
const noExtensions: Readonly<Record<string, string>> = Object.freeze({});

/** Checks an event and fills in the defaults. Throws all violations. */
export function checkedEvent(input: EventInput): BusEvent {
  const dataContentType = input.dataContentType ?? "application/json";
  const { extensions = noExtensions } = input;
  const good =
    idForm.test(input.id) &&
    sourceForm.test(input.source) &&
    isType(input.type) &&
    isText(input.subject) &&
    namespaceForm.test(input.namespace) &&
    isTime(input.timeMs) &&
    mediaTypeForm.test(dataContentType) &&
    input.data instanceof Uint8Array &&
    (extensions === noExtensions || areExtensions(extensions));
  if (!good) throw refused(input);
  if (input.data.length > dataBytesMax) {
    throw busErrors.tooLarge({ type: input.type, found: input.data.length, most: dataBytesMax });
  }
  return Object.freeze({
    id: input.id,
    source: input.source,
    type: input.type,
    subject: input.subject,
    namespace: input.namespace,
    timeMs: input.timeMs,
    dataContentType,
    data: input.data,
    extensions: extensions === noExtensions ? noExtensions : Object.freeze({ ...extensions }),
  });
}

/** Events with the same key are delivered in order. */
export function orderKeyOf(event: BusEvent): string {
  // No attribute contains a line break.
  return `${event.namespace}\n${event.source}\n${event.subject}`;
}

/** Identifies a repeated publication. The id of a posted event is unique only within its source. */
export function dedupIdOf({ namespace, type, source, id }: BusEvent): string {
  return isOwnType(type) ? `${namespace}/${id}` : `${namespace}/${source}/${id}`;
}

export function isNamespace(text: string): boolean {
  return namespaceForm.test(text);
}

function isType(type: string): boolean {
  return type.length <= typeLengthMax && (ownType.test(type) || postedType.test(type));
}

/** Returns whether an event of this type may be posted. */
export function isPostedType(type: string): boolean {
  return type.length <= typeLengthMax && postedType.test(type);
}

function isText(value: string): boolean {
  return textForm.test(value) && value.isWellFormed();
}

function isTime(ms: number): boolean {
  return Number.isInteger(ms) && ms >= 0 && ms <= timeMsMax;
}

function areExtensions(extensions: Readonly<Record<string, string>>): boolean {
  return Object.entries(extensions).every(([name, value]) => isExtensionName(name) && isText(value));
}

function isExtensionName(name: string): boolean {
  return extensionForm.test(name) && !attributes.has(name);
}

/** Returns the error, the slow way, for an event that is known to be invalid. */
function refused(input: EventInput) {
  const violations: Violation[] = [];
  const expect = (field: string, good: boolean, expected: string): void => {
    if (!good) violations.push({ field, message: `expected ${expected}` });
  };
  expect("id", idForm.test(input.id), "1 to 200 visible ASCII characters");
  expect("source", sourceForm.test(input.source), "a URI reference of 1 to 400 characters");
  expect("type", isType(input.type), "tutti.<area>.<thing>.<happened>, or words separated by dots");
  expect("subject", isText(input.subject), "1 to 1000 characters without control characters");
  expect("namespace", namespaceForm.test(input.namespace), "1 to 63 of a–z 0–9 -, beginning with a letter");
  expect("timeMs", isTime(input.timeMs), "whole milliseconds since the epoch");
  expect("dataContentType", mediaTypeForm.test(input.dataContentType ?? "application/json"), "a media type");
  expect("data", input.data instanceof Uint8Array, "bytes");
  for (const [name, value] of Object.entries(input.extensions ?? {})) {
    expect(`extensions.${name}`, isExtensionName(name), "a name of 1 to 20 of a–z 0–9 that is no attribute");
    expect(`extensions.${name}`, isText(value), "1 to 1000 characters without control characters");
  }
  const problems = violations.map(({ field, message }) => `${field}: ${message}`);
  return busErrors.invalidEvent({ type: String(input.type), problems }, { violations });
}
