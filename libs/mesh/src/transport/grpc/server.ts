/**
 * Serves methods over gRPC. Each call becomes a `ServerCall`, like one from this process.
 *
 * 1. Every call is answered exactly once, even if its handler never ends: at its deadline at the latest.
 * 2. A drained server has sent its clients elsewhere (GOAWAY) and finished all accepted calls.
 */

import { type MethodDefinition, Server, type ServerCredentials, type UntypedHandleCall } from "@grpc/grpc-js";
import type { Clock, Tracer } from "@tutti/kernel";
import { meshErrors } from "../../errors.ts";
import { servedBy } from "../../server/mesh-server.ts";
import type { ServedMethod } from "../../server/served-method.ts";
import type { ServerCallDefaults } from "../../server/server-call.ts";
import type { MeshSettings } from "../../settings.ts";
import { serverOptions } from "./channel-options.ts";
import { type HandlerParts, type HostedMethod, handlerOf } from "./handlers.ts";

interface GrpcServerParts {
  readonly credentials: ServerCredentials;
  readonly messageBytes: number;
  readonly keepalive: MeshSettings["keepalive"];
  readonly clock: Clock;
  readonly tracer: Pick<Tracer, "extract">;
  readonly defaults: ServerCallDefaults;
}

export class GrpcServer {
  readonly #server: Server;
  readonly #parts: GrpcServerParts;
  /** By path, and by the service that hosts them. */
  readonly #served = new Map<string, Map<string, ServedMethod>>();
  #closing: Promise<void> | undefined = undefined;

  constructor(parts: GrpcServerParts) {
    this.#parts = parts;
    this.#server = new Server(serverOptions(parts));
  }

  add(served: ServedMethod): void {
    const { method } = served;
    const { rpc, name, hosted } = method;
    const known = this.#served.get(rpc.path);
    if (known !== undefined) {
      known.set(hosted, served);
      return;
    }
    const byService = new Map([[hosted, served]]);
    this.#served.set(rpc.path, byService);
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
    const hostedMethod: HostedMethod = {
      method,
      servedBy(hosted) {
        const meant = servedBy(byService, hosted);
        if (meant === undefined) throw meshErrors.noHandler({ rpc: method.label });
        return meant;
      },
    };
    const handler: UntypedHandleCall = handlerOf(hostedMethod, parts);
    this.#server.addService({ [name]: definition }, { [name]: handler });
  }

  /** Returns the port, which differs from the requested one if that was 0. */
  listen(address: string): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, this.#parts.credentials, (error, port) => {
        if (error === null) resolve(port);
        else reject(listenError(address, error));
      });
    });
  }

  /** Accepts no new connections and calls. Resolves when all accepted ones have ended. */
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
