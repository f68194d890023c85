/**
 * Calls an instance over gRPC. It uses grpc-js's channel directly: its client adds an emitter, a stack trace and a
 * chain of interceptors to each call, none of which the mesh needs.
 */
import { Channel, type ChannelInterface, connectivityState, type experimental, status } from "@grpc/grpc-js";
import { type Clock, errorFromUnknown, reasonOf, type TuttiError } from "@tutti/kernel";
import type { Method } from "../../calls/method.ts";
import type { OutgoingCall } from "../../calls/outgoing-call.ts";
import { meshErrors } from "../../errors.ts";
import type { Link, LinkState, LinkStream } from "../link.ts";
import { decodeInTurns, encode } from "../wire.ts";
import { type ChannelParts, channelOptions } from "./channel-options.ts";
import type { Credentials } from "./credentials.ts";
import { metadataOf } from "./metadata.ts";
import { endedWhileSending, errorOfStatus } from "./status.ts";
import { GrpcStream } from "./stream.ts";

const states: Readonly<Record<number, LinkState>> = {
  [connectivityState.READY]: "ready",
  [connectivityState.IDLE]: "idle",
  [connectivityState.CONNECTING]: "connecting",
};

interface GrpcLinkParts extends ChannelParts {
  readonly credentials: Credentials["channel"];
  readonly credential: () => string;
  readonly clock: Clock;
}

export class GrpcLink implements Link {
  readonly transport = "grpc";
  readonly #address: string;
  readonly #parts: GrpcLinkParts;
  readonly #channel: ChannelInterface;

  constructor(address: string, parts: GrpcLinkParts) {
    this.#address = address;
    this.#parts = parts;
    const host = address.slice(0, address.lastIndexOf(":"));
    this.#channel = new Channel(address, parts.credentials(host), channelOptions(parts, host));
  }

  get state(): LinkState {
    // Reading the state also makes an idle channel reconnect after a failure.
    return states[this.#channel.getConnectivityState(true)] ?? "failing";
  }

  connect(): void {
    this.#channel.getConnectivityState(true);
  }

  close(): void {
    this.#channel.close();
  }

  unary(call: OutgoingCall, input: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { method } = call;
      const limit = this.#parts.messageBytes;
      const request = method.rpc.requestStream ? undefined : encode(method, "request", input, limit);
      const wire = this.#open(call);
      let reply: Buffer | undefined;
      let broken: TuttiError | undefined;
      let over = false;
      wire.start(metadataOf(call, this.#parts.credential()), {
        onReceiveMetadata() {},
        onReceiveMessage(message: Buffer) {
          reply = message;
          // There is no second one, but grpc-js notices the end of a call only when more is requested.
          wire.startRead();
        },
        onReceiveStatus: (ended) => {
          over = true;
          if (broken !== undefined) return reject(broken);
          const cutOff = reply !== undefined && endedWhileSending(ended);
          if (ended.code !== status.OK && !cutOff) return reject(errorOfStatus(method, this.#address, ended));
          try {
            if (reply === undefined)
              throw meshErrors.malformedReply({ rpc: method.label, reason: "no message" });
            resolve(decodeInTurns(method, "reply", reply, limit));
          } catch (error) {
            reject(error);
          }
        },
      });
      call.setStoppable({
        stop(reason) {
          over = true;
          reject(reason);
          wire.cancelWithStatus(status.CANCELLED, reason.message);
        },
      });
      wire.startRead();
      if (request === undefined) {
        pumpRequests({
          method,
          requests: input as AsyncIterable<unknown>,
          wire,
          messageBytes: limit,
          over: () => over,
          failed(error) {
            broken = error;
            wire.cancelWithStatus(status.CANCELLED, error.message);
          },
        });
      } else {
        wire.sendMessageWithContext({}, request);
        wire.halfClose();
      }
    });
  }

  stream(call: OutgoingCall, input: unknown): LinkStream {
    const limit = this.#parts.messageBytes;
    const { method } = call;
    const request = method.rpc.requestStream ? undefined : encode(method, "request", input, limit);
    const wire = this.#open(call);
    const stream = new GrpcStream(method, this.#address, wire, limit);
    wire.start(metadataOf(call, this.#parts.credential()), stream);
    call.setStoppable(stream);
    wire.startRead();
    if (request === undefined) {
      pumpRequests({
        method,
        requests: input as AsyncIterable<unknown>,
        wire,
        messageBytes: limit,
        over: () => stream.over,
        failed: (error) => stream.stop(error),
      });
    } else {
      wire.sendMessageWithContext({}, request);
      wire.halfClose();
    }
    return stream;
  }

  #open(call: OutgoingCall): experimental.CallStream {
    const { clock } = this.#parts;
    const remainingMs = call.deadlineMs - clock.monotonic();
    // grpc-js measures deadlines on the wall clock.
    const deadline = remainingMs === Number.POSITIVE_INFINITY ? remainingMs : clock.now() + remainingMs;
    try {
      return this.#channel.createCall(call.method.rpc.path, deadline, null, null, null);
    } catch (error) {
      const { service, label: rpc } = call.method;
      throw meshErrors.noConnection(
        { service, rpc, address: this.#address, reason: reasonOf(error) },
        { cause: error },
      );
    }
  }
}

interface RequestPumpParts {
  readonly method: Method;
  readonly requests: AsyncIterable<unknown>;
  readonly wire: experimental.CallStream;
  readonly messageBytes: number;
  /** Whether the call has ended: requests are no longer read. */
  readonly over: () => boolean;
  /** Called when the source of the requests fails, or returns one that cannot be sent. */
  readonly failed: (error: TuttiError) => void;
}

/**
 * Sends the requests of a stream, as fast as the connection accepts them. One after the other: grpc-js has room for a
 * single message until the connection is open, and overwrites it.
 */
function pumpRequests(parts: RequestPumpParts): void {
  send(parts).catch((thrown: unknown) => {
    if (!parts.over()) parts.failed(errorFromUnknown(thrown));
  });
}

async function send({ method, requests, wire, messageBytes, over }: RequestPumpParts): Promise<void> {
  for await (const request of requests) {
    const bytes = encode(method, "request", request, messageBytes);
    if (over()) return;
    await new Promise<void>((sent) => wire.sendMessageWithContext({ callback: () => sent() }, bytes));
  }
  if (!over()) wire.halfClose();
}
