/** What travels with a call besides its messages, as headers. The deadline travels as gRPC's own `grpc-timeout`. */
import { Metadata } from "@grpc/grpc-js";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { localAdministrator, type Principal } from "@tutti/kernel";
import type { OutgoingCall } from "../../calls/outgoing-call.ts";
import { traceOf, traceparentOf } from "../../calls/traceparent.ts";
import type { Incoming } from "../../server/server-call.ts";

const headers = {
  trace: "traceparent",
  principal: "tutti-principal",
  namespace: "tutti-namespace",
  idempotencyKey: "tutti-idempotency-key",
  service: "tutti-service",
  ownerEpoch: "tutti-owner-epoch",
};

export function metadataOf(call: OutgoingCall): Metadata {
  const metadata = new Metadata();
  if (call.trace !== undefined) metadata.set(headers.trace, traceparentOf(call.trace));
  metadata.set(headers.principal, printPrincipal(call.principal));
  if (call.namespace !== defaultNamespace) metadata.set(headers.namespace, safe(call.namespace));
  if (call.idempotencyKey !== "") metadata.set(headers.idempotencyKey, safe(call.idempotencyKey));
  if (call.method.hosted !== "") metadata.set(headers.service, safe(call.method.hosted));
  if (call.ownerEpoch !== 0) metadata.set(headers.ownerEpoch, String(call.ownerEpoch));
  return metadata;
}

type Carried = Pick<
  Incoming,
  "presented" | "namespace" | "parent" | "idempotencyKey" | "hosted" | "ownerEpoch"
>;

export function readMetadata(metadata: Metadata): Carried {
  const namespace = textOf(metadata, headers.namespace);
  const [principal] = metadata.get(headers.principal);
  return {
    presented: principal === undefined ? undefined : readPrincipal(String(principal)),
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

const printed = new WeakMap<Principal, string>();

/** `person/local-admin?admin`: kind, id and roles. */
function printPrincipal(principal: Principal): string {
  let text = printed.get(principal);
  if (text === undefined) {
    text = `${principal.kind}/${safe(principal.id)}?${principal.roles.map(safe).join("&")}`;
    printed.set(principal, text);
  }
  return text;
}

const kinds: Readonly<Record<string, Principal["kind"]>> = {
  person: "person",
  service: "service",
  agent: "agent",
};
const administrator = printPrincipal(localAdministrator);

function readPrincipal(text: string): Principal | undefined {
  if (text === administrator) return localAdministrator;
  const [, kindName = "", id = "", roles = ""] = /^([a-z]+)\/([^?]*)\?(.*)$/.exec(text) ?? [];
  const kind = kinds[kindName];
  if (kind === undefined || id === "") return undefined;
  return { kind, id: unescaped(id), roles: roles === "" ? [] : roles.split("&").map(unescaped) };
}

/** Headers carry printable ASCII only. Half a sign is none, as in the messages' own strings: whoever checks it refuses it. */
function safe(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

function textOf(metadata: Metadata, name: string): string {
  const [value] = metadata.get(name);
  return value === undefined ? "" : unescaped(String(value));
}

function unescaped(text: string): string {
  // Most have nothing to unescape, and every call has some.
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
