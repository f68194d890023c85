/** A client that speaks gRPC and has the contracts, but no other part of Tutti. */
import { type ChannelCredentials, Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import type { RpcDescription } from "@tutti/contracts/rpc";
import { fromStatusDetails, statusDetailsTrailer, type TuttiError } from "@tutti/kernel";

export interface OutsideCall {
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

const bytes = (message: Buffer): Buffer => message;

export class OutsideClient implements Disposable {
  readonly #client: Client;

  constructor(address: string, security: ChannelCredentials = credentials.createInsecure()) {
    this.#client = new Client(address, security, {
      // The server must reject messages that are too large.
      "grpc.max_send_message_length": -1,
      "grpc.max_receive_message_length": -1,
      // Certificates name a host. The connection still goes to the given address.
      "grpc.ssl_target_name_override": "localhost",
    });
  }

  /** Calls a method with a message of the contract. */
  async call<Request, Reply>(
    rpc: RpcDescription<Request, Reply>,
    request: Request,
    options: OutsideCall = {},
  ): Promise<Reply> {
    return rpc.reply.decode(await this.send(rpc.path, rpc.request.encode(request), options));
  }

  /** Calls a method with arbitrary bytes. */
  send(path: string, message: Uint8Array, options: OutsideCall = {}): Promise<Uint8Array> {
    const { timeoutMs = 20_000, headers = {} } = options;
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        bytes,
        bytes,
        Buffer.from(message),
        metadata,
        { deadline: Date.now() + timeoutMs },
        (error, reply) => (reply === undefined ? reject(error ?? new Error("no reply")) : resolve(reply)),
      );
    });
  }

  /** Calls a method that answers with a stream. */
  async *stream<Request, Reply>(
    { path, request: { encode }, reply }: RpcDescription<Request, Reply>,
    request: Request,
  ): AsyncGenerator<Reply, void> {
    const sent = Buffer.from(encode(request));
    for await (const message of this.#client.makeServerStreamRequest(path, bytes, bytes, sent))
      yield reply.decode(message as Buffer);
  }

  /** Opens a stream in both directions, sends one message, and returns the first reply. */
  async firstReply(path: string, message: Uint8Array): Promise<Uint8Array> {
    const call = this.#client.makeBidiStreamRequest(path, bytes, bytes);
    call.on("error", () => {});
    call.write(Buffer.from(message));
    try {
      for await (const reply of call) return reply as Buffer;
      throw new Error(`${path} ended without a reply`);
    } finally {
      call.cancel();
    }
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

/** Returns the status and the details of a failed call. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ readonly code: number; readonly error: TuttiError }> {
  try {
    await call;
  } catch (thrown) {
    const { code, details, metadata } = thrown as ServiceError;
    const [trailer] = metadata.get(statusDetailsTrailer);
    const error = fromStatusDetails({
      code,
      message: details,
      details: trailer instanceof Buffer ? trailer : undefined,
    });
    return { code, error };
  }
  throw new Error("expected the call to fail, but it did not");
}
