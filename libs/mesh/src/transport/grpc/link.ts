/**
 * Calls an instance over gRPC. It uses grpc-js's channel directly: its client adds an emitter, a stack trace and a
 * chain of interceptors to each call, none of which the mesh needs.
 */
import { Channel, type ChannelInterface, connectivityState, type experimental, status } from "@grpc/grpc-js";
import type { Clock, TuttiError } from "@tutti/kernel";
import type { ClientCall } from "../../client/client-call.ts";
import { meshErrors } from "../../errors.ts";
import type { Link, LinkState, LinkStream } from "../link.ts";
import { type ChannelParts, channelOptions } from "./channel-options.ts";
import { metadataOf } from "./metadata.ts";
import { RequestPump } from "./request-pump.ts";
import { errorOfStatus } from "./status.ts";
import { GrpcStream } from "./stream.ts";
import { decodeReply, encode } from "./wire.ts";

const states: Readonly<Record<number, LinkState>> = {
  [connectivityState.READY]: "ready",
  [connectivityState.IDLE]: "idle",
  [connectivityState.CONNECTING]: "connecting",
};

export interface GrpcLinkParts extends ChannelParts {
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
    this.#channel = new Channel(address, parts.credentials, channelOptions(parts));
  }

  get state(): LinkState {
    // Asking also makes an idle channel connect again after a failure.
    return states[this.#channel.getConnectivityState(true)] ?? "failing";
  }

  connect(): void {
    this.#channel.getConnectivityState(true);
  }

  close(): void {
    this.#channel.close();
  }

  one(call: ClientCall, input: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { method } = call;
      const limit = this.#parts.messageBytes;
      const request = method.rpc.requestStream ? undefined : encode(method, "request", input, limit);
      const wire = this.#open(call);
      let reply: Buffer | undefined;
      let broken: TuttiError | undefined;
      wire.start(metadataOf(call), {
        onReceiveMetadata() {},
        onReceiveMessage(message: Buffer) {
          reply = message;
        },
        onReceiveStatus: (ended) => {
          if (broken !== undefined) return reject(broken);
          if (ended.code !== status.OK) return reject(errorOfStatus(method, this.#address, ended));
          try {
            if (reply === undefined)
              throw meshErrors.malformedReply({ rpc: method.label, reason: "no message" });
            resolve(decodeReply(method, reply, limit));
          } catch (error) {
            reject(error);
          }
        },
      });
      call.hold({
        stop(reason) {
          reject(reason);
          wire.cancelWithStatus(status.CANCELLED, reason.message);
        },
      });
      wire.startRead();
      if (request === undefined) {
        new RequestPump(call, wire, limit).run(input as AsyncIterable<unknown>, (error) => {
          broken = error;
          reject(error);
        });
      } else {
        wire.sendMessageWithContext({}, request);
        wire.halfClose();
      }
    });
  }

  many(call: ClientCall, input: unknown): LinkStream {
    const limit = this.#parts.messageBytes;
    const { method } = call;
    const request = method.rpc.requestStream ? undefined : encode(method, "request", input, limit);
    const wire = this.#open(call);
    const stream = new GrpcStream(method, this.#address, wire, limit);
    wire.start(metadataOf(call), stream);
    call.hold(stream);
    wire.startRead();
    if (request === undefined) {
      new RequestPump(call, wire, limit).run(input as AsyncIterable<unknown>, (error) => stream.stop(error));
    } else {
      wire.sendMessageWithContext({}, request);
      wire.halfClose();
    }
    return stream;
  }

  #open(call: ClientCall): experimental.CallStream {
    const { clock } = this.#parts;
    const leftMs = call.deadlineMs - clock.monotonic();
    // grpc-js counts deadlines on the wall clock.
    const deadline = leftMs === Number.POSITIVE_INFINITY ? leftMs : clock.now() + leftMs;
    try {
      return this.#channel.createCall(call.method.rpc.path, deadline, null, null, null);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw meshErrors.noConnection(
        { rpc: call.method.label, address: this.#address, reason },
        { cause: error },
      );
    }
  }
}
