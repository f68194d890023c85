/** Serves calls of grpc-js: one function per kind of method. */
import type { EventEmitter } from "node:events";
import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import { type Clock, errorFromUnknown, type Tracer, type TuttiError } from "@tutti/kernel";
import type { Method } from "../../calls/method.ts";
import { callCancelled, late } from "../../calls/stopping.ts";
import type { ServedMethod } from "../../server/served-method.ts";
import { ServerCall, type ServerCallDefaults } from "../../server/server-call.ts";
import { peerOfConnection } from "../../tls/peer.ts";
import { decodeRequest, encode } from "../wire.ts";
import { readMetadata } from "./metadata.ts";
import { ReplyPump } from "./reply-pump.ts";
import { statusOf } from "./status.ts";

export interface HandlerParts {
  readonly clock: Clock;
  readonly tracer: Pick<Tracer, "extract">;
  readonly messageBytes: number;
  readonly defaults: ServerCallDefaults;
}

type Unary = ServerUnaryCall<Buffer, Buffer>;
type Readable = ServerReadableStream<Buffer, Buffer>;
type Writable = ServerWritableStream<Buffer, Buffer>;
type Duplex = ServerDuplexStream<Buffer, Buffer>;
type Answer = (error: ReturnType<typeof statusOf> | null, reply?: Buffer) => void;

/** A method of all services of this process that host its contract. */
export interface HostedMethod {
  readonly method: Method;
  /** Returns the method of the called service. Throws if that does not serve it. */
  servedBy(hosted: string): ServedMethod;
}

export function handlerOf(served: HostedMethod, parts: HandlerParts): UntypedHandleCall {
  const { rpc } = served.method;
  if (rpc.replyStream) return rpc.requestStream ? bidi(served, parts) : serverStream(served, parts);
  return rpc.requestStream ? clientStream(served, parts) : unary(served, parts);
}

function unary(served: HostedMethod, parts: HandlerParts): handleUnaryCall<Buffer, Buffer> {
  return (wire, answer) => {
    const call = arrive(wire, served.method, parts);
    serveUnary(served, call, parts, answer, () => requestOf(wire.request, call, parts));
  };
}

function clientStream(served: HostedMethod, parts: HandlerParts): handleClientStreamingCall<Buffer, Buffer> {
  return (wire, answer) => {
    const call = arrive(wire, served.method, parts);
    serveUnary(served, call, parts, answer, () => requestsOf(wire, call, parts));
  };
}

function serverStream(served: HostedMethod, parts: HandlerParts): handleServerStreamingCall<Buffer, Buffer> {
  return (wire) => {
    const call = arrive(wire, served.method, parts);
    serveMany(served, call, parts, wire, () => requestOf(wire.request, call, parts));
  };
}

function bidi(served: HostedMethod, parts: HandlerParts): handleBidiStreamingCall<Buffer, Buffer> {
  return (wire) => {
    const call = arrive(wire, served.method, parts);
    serveMany(served, call, parts, wire, () => requestsOf(wire, call, parts));
  };
}

function serveUnary(
  served: HostedMethod,
  call: ServerCall,
  parts: HandlerParts,
  answer: Answer,
  input: () => unknown,
): void {
  let answered = false;
  const end = (error: TuttiError | undefined, reply?: Buffer): void => {
    if (answered) return;
    answered = true;
    if (error === undefined) answer(null, reply);
    else answer(statusOf(error));
  };
  call.onStopped = end;
  Promise.resolve()
    .then(() => served.servedBy(call.incoming.hosted).unary(call, input()))
    .then((reply) => end(undefined, encode(served.method, "reply", reply, parts.messageBytes)))
    .catch((thrown: unknown) => end(errorFromUnknown(thrown)));
}

function serveMany(
  served: HostedMethod,
  call: ServerCall,
  parts: HandlerParts,
  wire: Writable | Duplex,
  input: () => unknown,
): void {
  const pump = new ReplyPump(call, wire, parts.messageBytes);
  try {
    const requests = input();
    const replies = served
      .servedBy(call.incoming.hosted)
      .stream(call, requests, () => wire.sendMetadata(new Metadata()));
    pump.run(replies);
  } catch (thrown) {
    pump.fail(errorFromUnknown(thrown));
  }
}

function arrive(wire: Unary | Readable | Writable | Duplex, method: Method, parts: HandlerParts): ServerCall {
  const { clock, tracer, defaults } = parts;
  const nowMs = clock.monotonic();
  const deadline = Number(wire.getDeadline());
  const metadata = readMetadata(wire.metadata);
  const incoming = {
    ...metadata,
    // Our own calls have W3C's header. Other clients may have another format.
    parent: metadata.parent ?? tracer.extract(wire.metadata.getMap() as Record<string, string>),
    transport: "grpc" as const,
    deadlineMs: deadline === Number.POSITIVE_INFINITY ? deadline : nowMs + deadline - clock.now(),
    peer: () => peerOfConnection(socketOf(wire), () => wire.getAuthContext().sslPeerCertificate),
    address: () => hostIn(wire.getPeer()),
  };
  const call = new ServerCall(method, incoming, defaults, nowMs);
  // Also emitted after a call has succeeded.
  const events: EventEmitter = wire;
  events.on("cancelled", () => {
    if (call.over) return;
    call.stop(clock.monotonic() >= call.deadlineMs - 1 ? late(method) : callCancelled(method));
  });
  return call;
}

/**
 * Returns the connection of a call, if grpc-js exposes it. Undefined otherwise: then each call reads its certificate.
 */
function socketOf(wire: object): unknown {
  const { call } = wire as { readonly call?: { readonly stream?: { readonly session?: unknown } } };
  const session = call?.stream?.session as { readonly socket?: object } | undefined;
  // For HTTP/2 it is a proxy, another one for each session.
  return session?.socket;
}

/** `127.0.0.1` of `127.0.0.1:50412`. */
function hostIn(peer: string): string {
  return peer.replace(/:\d+$/, "");
}

function requestOf(bytes: Buffer, call: ServerCall, { messageBytes }: HandlerParts): unknown {
  call.requestBytes = bytes.length;
  return decodeRequest(call.method, bytes, messageBytes);
}

async function* requestsOf(
  wire: Readable | Duplex,
  call: ServerCall,
  parts: HandlerParts,
): AsyncGenerator<unknown, void> {
  // A handler may stop reading and continue replying: the stream must outlive its requests.
  for await (const bytes of wire.iterator({ destroyOnReturn: false })) yield requestOf(bytes, call, parts);
}
