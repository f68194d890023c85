/**
 * Converts errors to gRPC statuses and back. Between two ends of Tutti this is lossless. Other statuses are converted
 * by their meaning.
 */
import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import { fromStatusDetails, statusDetailsTrailer, type TuttiError, toStatusDetails } from "@tutti/kernel";
import type { Method } from "../../calls/method.ts";
import { late } from "../../calls/stopping.ts";
import { meshErrors } from "../../errors.ts";

/** Returns the status of a failed call. */
export function statusOf(error: TuttiError): StatusObject {
  const { code, message, details } = toStatusDetails(error);
  const metadata = new Metadata();
  metadata.set(statusDetailsTrailer, Buffer.from(details.buffer, details.byteOffset, details.byteLength));
  return { code, details: message, metadata };
}

/** Returns the error of the status with which a call ended. */
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

// The request was certainly not received: there was no connection, or HTTP/2 itself guarantees it.
const notSent =
  /^No connection established|^Name resolution failed|Stream refused by server|Failed to start HTTP\/2 stream|Channel has been shut down/;
const tooLarge = /larger than max|decompresses to a size larger/;

/**
 * Returns only the error of `No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1 (…).
 * Resolution note: …`.
 */
function lastErrorIn(details: string): string {
  const found = /Last error: (?:Error: )?(.*?)(?: \(\d{4}-[^)]*\))?\.?(?: Resolution note.*)?$/s.exec(
    details,
  );
  return found?.[1] ?? details;
}

/** The other side ended the call while requests were still being sent. grpc-js does not keep the status. */
export function endedWhileSending(ended: StatusObject): boolean {
  return ended.code === status.INTERNAL && ended.details.startsWith("Write error: write after end");
}

/** Converts statuses that grpc-js itself generates. */
function errorOfTransport(method: Method, address: string, ended: StatusObject): TuttiError | undefined {
  const { service, label: rpc } = method;
  const reason = ended.details;
  const unconnected = () => meshErrors.noConnection({ service, rpc, address, reason: lastErrorIn(reason) });
  switch (ended.code) {
    case status.UNAVAILABLE:
      return notSent.test(reason) ? unconnected() : meshErrors.connectionLost({ rpc, address, reason });
    case status.INTERNAL:
      if (notSent.test(reason)) return unconnected();
      if (/RST_STREAM/.test(reason) || endedWhileSending(ended)) {
        return meshErrors.connectionLost({ rpc, address, reason });
      }
      return undefined;
    case status.CANCELLED:
      // Not by us: the other side closed the stream without a status.
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
