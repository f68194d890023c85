/**
 * Errors as gRPC statuses and back. What both ends are ours is lossless. The rest is distinguished by what it means.
 */
import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { fromStatusDetails, statusDetailsTrailer, type TuttiError, toStatusDetails } from "@tutti/kernel";
import type { Method } from "../../calls/method.ts";
import { late } from "../../calls/stopping.ts";
import { meshErrors } from "../../errors.ts";

/** What a call that failed is ended with. */
export function statusOf(error: TuttiError): StatusObject {
  const { code, message, details } = toStatusDetails(error);
  const metadata = new Metadata();
  metadata.set(statusDetailsTrailer, Buffer.from(details.buffer, details.byteOffset, details.byteLength));
  return { code, details: message, metadata };
}

/** Returns the error behind the status a call ended with. */
export function errorOfStatus(method: Method, address: string, ended: StatusObject): TuttiError {
  const [details] = ended.metadata.get(statusDetailsTrailer);
  if (details !== undefined && typeof details !== "string") {
    return fromStatusDetails({ code: ended.code, message: ended.details, details });
  }
  return (
    errorOfTransport(method, address, ended) ??
    fromStatusDetails({ code: ended.code, message: ended.details })
  );
}

// The request cannot have been seen: there was no connection, or HTTP/2 itself guarantees it.
const notSent =
  /^No connection established|^Name resolution failed|Stream refused by server|Failed to start HTTP\/2 stream|Channel has been shut down/;
const tooLarge = /larger than max|decompresses to a size larger/;

/** `No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1 (…). Resolution note: …`, of which the error remains. */
function lastErrorIn(details: string): string {
  const found = /Last error: (?:Error: )?(.*?)(?: \(\d{4}-[^)]*\))?\.?(?: Resolution note.*)?$/s.exec(
    details,
  );
  return found?.[1] ?? details;
}

/** The other side ended the call while requests were still being sent. Grpc-js forgets how it ended. */
export function endedWhileSending(ended: StatusObject): boolean {
  return ended.code === status.INTERNAL && ended.details.startsWith("Write error: write after end");
}

/** Statuses that grpc-js makes up by itself. */
function errorOfTransport(method: Method, address: string, ended: StatusObject): TuttiError | undefined {
  const rpc = method.label;
  const reason = ended.details;
  switch (ended.code) {
    case status.UNAVAILABLE:
      return notSent.test(reason)
        ? meshErrors.noConnection({ rpc, address, reason: lastErrorIn(reason) })
        : meshErrors.connectionLost({ rpc, address, reason });
    case status.INTERNAL:
      if (notSent.test(reason)) return meshErrors.noConnection({ rpc, address, reason: lastErrorIn(reason) });
      if (/RST_STREAM/.test(reason) || endedWhileSending(ended)) {
        return meshErrors.connectionLost({ rpc, address, reason });
      }
      return undefined;
    case status.CANCELLED:
      // Not by us: the other side tore the stream down without a word.
      return meshErrors.connectionLost({ rpc, address, reason });
    case status.DEADLINE_EXCEEDED:
      return late(method);
    case status.RESOURCE_EXHAUSTED:
      return tooLarge.test(reason) ? meshErrors.tooLargeForPeer({ rpc, reason }) : undefined;
    case status.UNIMPLEMENTED:
      return meshErrors.noHandler({ rpc });
    default:
      return undefined;
  }
}
