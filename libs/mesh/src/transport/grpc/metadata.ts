/** Data of a call besides its messages, as headers. The deadline is sent as gRPC's own `grpc-timeout`. */
import { Metadata } from "@grpc/grpc-js";
import { defaultNamespace } from "@tutti/contracts/rpc";
import type { OutgoingCall } from "../../calls/outgoing-call.ts";
import { traceOf, traceparentOf } from "../../calls/traceparent.ts";
import type { Incoming } from "../../server/server-call.ts";
import { printPrincipal, readPrincipal, safe, unescaped } from "../principal.ts";

const headers = {
  trace: "traceparent",
  principal: "tutti-principal",
  credential: "authorization",
  namespace: "tutti-namespace",
  idempotencyKey: "tutti-idempotency-key",
  service: "tutti-service",
  ownerEpoch: "tutti-owner-epoch",
};

/** `credential` is the key or token. Empty for none. */
export function metadataOf(call: OutgoingCall, credential = ""): Metadata {
  const metadata = new Metadata();
  if (call.trace !== undefined) metadata.set(headers.trace, traceparentOf(call.trace));
  metadata.set(headers.principal, printPrincipal(call.principal));
  if (credential !== "") metadata.set(headers.credential, `Bearer ${credential}`);
  if (call.namespace !== defaultNamespace) metadata.set(headers.namespace, safe(call.namespace));
  if (call.idempotencyKey !== "") metadata.set(headers.idempotencyKey, safe(call.idempotencyKey));
  if (call.method.hosted !== "") metadata.set(headers.service, safe(call.method.hosted));
  if (call.ownerEpoch !== 0) metadata.set(headers.ownerEpoch, String(call.ownerEpoch));
  return metadata;
}

type ReceivedMetadata = Pick<
  Incoming,
  "presented" | "credential" | "namespace" | "parent" | "idempotencyKey" | "hosted" | "ownerEpoch"
>;

export function readMetadata(metadata: Metadata): ReceivedMetadata {
  const namespace = textOf(metadata, headers.namespace);
  const [principal] = metadata.get(headers.principal);
  return {
    presented: principal === undefined ? undefined : readPrincipal(String(principal)),
    credential: bearerIn(metadata),
    namespace: namespace === "" ? defaultNamespace : namespace,
    parent: traceOf(textOf(metadata, headers.trace)),
    idempotencyKey: textOf(metadata, headers.idempotencyKey),
    hosted: textOf(metadata, headers.service),
    ownerEpoch: countOf(metadata, headers.ownerEpoch),
  };
}

function countOf(metadata: Metadata, name: string): number {
  const count = Number(textOf(metadata, name));
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** An invalid bearer counts as unknown, not as absent. */
function bearerIn(metadata: Metadata): string {
  const [value] = metadata.get(headers.credential);
  return value === undefined
    ? ""
    : String(value)
        .replace(/^Bearer +/i, "")
        .trim() || "none";
}

function textOf(metadata: Metadata, name: string): string {
  const [value] = metadata.get(name);
  return value === undefined ? "" : unescaped(String(value));
}
