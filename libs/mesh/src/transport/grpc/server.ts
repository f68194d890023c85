/**
 * Serves methods over gRPC. Each call becomes a `ServerCall` and goes the same way as one from this process.
 *
 * 1. Every call is answered exactly once, also when its handler never ends: at its deadline at the latest.
 * 2. A drained server has told its clients to go elsewhere (GOAWAY) and finished what it had accepted.
 */

import type { ServerCredentials } from "@grpc/grpc-js";
import { type MethodDefinition, Server, type UntypedHandleCall } from "@grpc/grpc-js";
import type { Clock } from "@tutti/kernel";
import { meshErrors } from "../../errors.ts";
import type { ServedMethod } from "../../server/served-method.ts";
import type { ServerCallDefaults } from "../../server/server-call.ts";
import type { MeshSettings } from "../../settings.ts";
import { serverOptions } from "./channel-options.ts";
import { type HandlerParts, handlerOf } from "./handlers.ts";

interface GrpcServerParts {
  readonly credentials: ServerCredentials;
  readonly messageBytes: number;
  readonly keepalive: MeshSettings["keepalive"];
  readonly clock: Clock;
  readonly defaults: ServerCallDefaults;
}

export class GrpcServer {
  readonly #server: Server;
  readonly #parts: GrpcServerParts;
  #closing: Promise<void> | undefined = undefined;

  constructor(parts: GrpcServerParts) {
    this.#parts = parts;
    this.#server = new Server(serverOptions(parts));
  }

  add(served: ServedMethod): void {
    const { rpc, name } = served.method;
    const bytes = (message: Buffer): Buffer => message;
    const definition: MethodDefinition<Buffer, Buffer> = {
      path: rpc.path,
      requestStream: rpc.requestStream,
      responseStream: rpc.replyStream,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    };
    const parts: HandlerParts = this.#parts;
    const handler: UntypedHandleCall = handlerOf(served, parts);
    this.#server.addService({ [name]: definition }, { [name]: handler });
  }

  /** Gives the port, which is another than asked for when that was 0. */
  listen(address: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, this.#parts.credentials, (error, port) => {
        if (error === null) resolve(port);
        else reject(listenError(address, error));
      });
    });
  }

  /** Takes no new connections and calls. Resolves when all that were accepted have ended. */
  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => this.#server.tryShutdown(() => resolve()));
    return this.#closing;
  }

  /** Ends everything that is left. */
  stop(): void {
    this.#server.forceShutdown();
  }
}

function listenError(address: string, error: Error): Error {
  const colon = address.lastIndexOf(":");
  const port = address.slice(colon + 1);
  const host = address.slice(0, colon);
  if (error.message.includes("EADDRINUSE")) return meshErrors.portInUse({ port, host }, { cause: error });
  return meshErrors.cannotListen({ address, reason: error.message }, { cause: error });
}
