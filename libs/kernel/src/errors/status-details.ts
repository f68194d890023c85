import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { ErrorDetail } from "@tutti/contracts/types/v1";
import { errorText } from "./catalogue.ts";
import { kernelErrors } from "./kernel-errors.ts";
import { type ErrorRecord, errorOfRecord, recordOf } from "./record.ts";
import { type Status, statuses, statusOfGrpc } from "./status.ts";
import { TuttiError } from "./tutti-error.ts";
import { detailOfRecord, recordOfDetail } from "./wire.ts";

/**
 * Errors as a gRPC status: number, message, and a `google.rpc.Status` for the trailer `grpc-status-details-bin` with
 * one `tutti.types.v1.ErrorDetail` in it.
 *
 * Invariants:
 * 1. Trailers stay below 8 KiB, the limit of most gRPC implementations and proxies. A larger one would turn a good
 *    answer into a broken connection. Parts that do not fit are left out, the deepest causes first, and `omitted` in
 *    the details counts them.
 * 2. Reading never throws: even if a proxy changed the trailer, the caller gets an error with the right status.
 */
export interface StatusDetails {
  /** The number of the gRPC status, never 0. */
  readonly code: number;
  readonly message: string;
  /** An encoded `google.rpc.Status`. */
  readonly details: Uint8Array;
}

/** The trailer that carries the bytes. */
export const statusDetailsTrailer = "grpc-status-details-bin";

const detailTypeUrl = "type.googleapis.com/tutti.types.v1.ErrorDetail";
// In a header bytes grow by a third (base64). The rest of 8 KiB is for the short message and the other trailers.
const detailsBytesMax = 5_400;
const shortMessageMax = 256;

export function toStatusDetails(error: TuttiError): StatusDetails {
  const code = statuses[error.status].grpc;
  const message = shortened(error.message, shortMessageMax);
  const detail = fittingDetail(recordOf(error), detailsBytesMax - message.length * 3 - 100);
  return { code, message, details: encodeStatus(code, message, detail) };
}

/** Returns the error of a failed call's status. `details` are the bytes of the trailer, if there was one. */
export function fromStatusDetails(status: {
  readonly code: number;
  readonly message: string;
  readonly details?: Uint8Array | undefined;
}): TuttiError {
  const detail = status.details && decodeStatus(status.details);
  if (detail !== undefined && detail.code !== "") {
    const record = recordOfDetail(detail);
    return errorOfRecord(detail.status === "" ? { ...record, status: statusOfGrpc(status.code) } : record);
  }
  return errorOfBareStatus(statusOfGrpc(status.code), status.message);
}

/** Returns the error of an answer that has only a status. */
export function errorOfBareStatus(status: Status, message: string): TuttiError {
  const { code, entry } = kernelErrors.foreignStatus;
  return new TuttiError({
    code,
    status,
    retry: passing.has(status) ? "same-key" : "never",
    message: errorText(entry, { status, message }),
  });
}

const passing = new Set<Status>(["UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "ABORTED"]);

function fittingDetail(record: ErrorRecord, bytesMax: number): Uint8Array {
  let bytes = encodeDetail(record);
  const omitted = { causes: 0, violations: 0, details: 0 };
  let rest = record;
  while (bytes.length > bytesMax) {
    rest = smaller(rest, omitted);
    const counts = Object.entries(omitted).filter(([, count]) => count > 0);
    const summary = counts.map(([kind, count]) => `${count} ${kind}`).join(", ") || "the end of the message";
    bytes = encodeDetail({ ...rest, details: { ...rest.details, omitted: summary } });
  }
  return bytes;
}

/** Returns the record one step smaller. The smallest is a bare code with a short message, which always fits. */
function smaller(
  record: ErrorRecord,
  omitted: Record<"causes" | "violations" | "details", number>,
): ErrorRecord {
  const { cause, violations, details, message } = record;
  if (cause !== undefined) {
    omitted.causes += 1;
    return withoutDeepestCause(record);
  }
  if (violations.length > 1) {
    const retained = violations.slice(0, Math.floor(violations.length / 2));
    omitted.violations += violations.length - retained.length;
    return { ...record, violations: retained };
  }
  const messageMax = 1_000;
  if (message.length > messageMax) return { ...record, message: shortened(message, messageMax) };
  omitted.violations += violations.length;
  omitted.details += Object.keys(details).length;
  return { ...record, violations: [], details: {}, code: shortened(record.code, shortMessageMax) };
}

function withoutDeepestCause(record: ErrorRecord): ErrorRecord {
  const { cause } = record;
  if (cause === undefined) return record;
  return { ...record, cause: cause.cause === undefined ? undefined : withoutDeepestCause(cause) };
}

function shortened(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text;
  // A cut through a surrogate pair leaves half a character at the end.
  return `${text.slice(0, lengthMax - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

function encodeDetail(record: ErrorRecord): Uint8Array {
  return ErrorDetail.encode(detailOfRecord(record)).finish();
}

// google.rpc.Status { int32 code = 1. String message = 2. Repeated google.protobuf.Any details = 3; }
// google.protobuf.Any { string type_url = 1. Bytes value = 2; }
const codeTag = (1 << 3) | 0;
const messageTag = (2 << 3) | 2;
const detailsTag = (3 << 3) | 2;
const typeUrlTag = (1 << 3) | 2;
const valueTag = (2 << 3) | 2;

function encodeStatus(code: number, message: string, detail: Uint8Array): Uint8Array {
  const writer = new BinaryWriter().uint32(codeTag).int32(code).uint32(messageTag).string(message);
  writer
    .uint32(detailsTag)
    .fork()
    .uint32(typeUrlTag)
    .string(detailTypeUrl)
    .uint32(valueTag)
    .bytes(detail)
    .join();
  return writer.finish();
}

function decodeStatus(bytes: Uint8Array): ErrorDetail | undefined {
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag !== detailsTag) {
        reader.skip(tag & 7);
        continue;
      }
      const detail = decodeAny(reader.bytes());
      if (detail !== undefined) return detail;
    }
  } catch {
    // Not ours, or damaged on the way: the bare status is used.
  }
  return undefined;
}

function decodeAny(bytes: Uint8Array): ErrorDetail | undefined {
  const reader = new BinaryReader(bytes);
  let typeUrl = "";
  let value: Uint8Array = new Uint8Array();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === typeUrlTag) typeUrl = reader.string();
    else if (tag === valueTag) value = reader.bytes();
    else reader.skip(tag & 7);
  }
  return typeUrl === detailTypeUrl ? ErrorDetail.decode(value) : undefined;
}
