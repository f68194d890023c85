/** Frames over gRPC. Loaded when a worker links because grpc-js takes more memory than the rest of the library. */
import { once } from "node:events";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { agentLinkService } from "@tutti/contracts/agent/v1";
import { blobService, type PutRequest } from "@tutti/contracts/blob/v1";
import type { BlobReference } from "@tutti/contracts/types/v1";
import { isEncrypted, type WorkerCredentials } from "../worker/settings.ts";
import {
  type BlobAccess,
  BlobRefused,
  type BlobRequest,
  lossOf,
  putRequests,
  refusedStatuses,
  unreadable,
  verified,
} from "./blobs.ts";
import type { LinkStream, StreamEvents, Transport } from "./transport.ts";

type Wire = ClientDuplexStream<Uint8Array, Uint8Array>;

/** A frame of a thousand tasks does not wait for the other side's window. */
const windowBytes = 4 * 1024 * 1024;

export class GrpcTransport implements Transport {
  readonly #credentials: WorkerCredentials;
  readonly #namespace: string;
  #client: { readonly address: string; readonly client: Client } | undefined;

  constructor(workerCredentials: WorkerCredentials, namespace: string) {
    this.#credentials = workerCredentials;
    this.#namespace = namespace;
  }

  open(address: string, events: StreamEvents): LinkStream {
    const wire: Wire = this.#clientFor(address).makeBidiStreamRequest(
      agentLinkService.methods.link.path,
      bufferOf,
      (bytes) => bytes,
      this.#metadata(),
    );
    let isOver = false;
    const end = (reason: string, isKeyRefused = false): void => {
      if (isOver) return;
      isOver = true;
      events.ended(reason, isKeyRefused);
    };
    wire.on("data", (bytes: Uint8Array) => {
      if (!isOver) events.frame(bytes);
    });
    wire.on("error", ({ code, details, message }: ServiceError) =>
      end(details || message, code === status.UNAUTHENTICATED),
    );
    wire.on("end", () => end("the host ended the stream"));
    return {
      write: (bytes) => {
        if (!isOver) wire.write(bytes);
      },
      end: () => wire.end(),
      cancel: () => {
        isOver = true;
        wire.cancel();
      },
    };
  }

  blobs(address: string): BlobAccess {
    return {
      read: (blob) => verified(this.#read(address, blob), blob),
      write: (namespace, content) => this.#write(address, namespace, content),
    };
  }

  async *#read(address: string, blob: BlobRequest): AsyncGenerator<Uint8Array, void> {
    const { namespace, sha256 } = blob;
    const { path, request, reply } = blobService.methods.get;
    const blobRequest = { namespace, sha256, offset: 0, length: 0 };
    const parts = this.#clientFor(address).makeServerStreamRequest(
      path,
      (message: typeof blobRequest) => bufferOf(request.encode(message)),
      // The bytes of a message are reused for the next message.
      (read) => Uint8Array.from(reply.decode(read).chunk),
      blobRequest,
      this.#metadata(),
    );
    try {
      yield* parts;
    } catch (error) {
      const loss = lossOf(status[(error as ServiceError).code]);
      throw loss === undefined ? wireError(error as ServiceError) : unreadable(blob, loss);
    } finally {
      parts.cancel();
    }
  }

  async #write(
    address: string,
    namespace: string,
    content: AsyncIterable<Uint8Array>,
  ): Promise<BlobReference> {
    const { path, request, reply } = blobService.methods.put;
    const { promise, resolve, reject } = Promise.withResolvers<BlobReference>();
    const wire = this.#clientFor(address).makeClientStreamRequest(
      path,
      (message: PutRequest) => bufferOf(request.encode(message)),
      (read) => reply.decode(read),
      this.#metadata(),
      (error, answer) => {
        if (answer?.blob !== undefined) resolve(answer.blob);
        else reject(error === null ? new Error("the blob store gave no reference") : wireError(error));
      },
    );
    // The answer contains the reason of the failure.
    wire.on("error", () => {});
    let isOver = false;
    const setOver = (): void => {
      isOver = true;
    };
    const over = promise.then(setOver, setOver);
    try {
      for await (const message of putRequests(namespace, content)) {
        if (isOver) break;
        if (!wire.write(message)) await Promise.race([once(wire, "drain"), over]);
      }
      wire.end();
    } catch (error) {
      wire.cancel();
      reject(error);
    }
    return promise;
  }

  close(): void {
    this.#client?.client.close();
    this.#client = undefined;
  }

  #clientFor(address: string): Client {
    if (this.#client?.address !== address) {
      this.#client?.client.close();
      this.#client = { address, client: new Client(address, channelCredentials(this.#credentials), options) };
    }
    return this.#client.client;
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    const { accessToken } = this.#credentials;
    if (accessToken !== undefined) metadata.set("authorization", `Bearer ${accessToken}`);
    if (this.#namespace !== "default") metadata.set("tutti-namespace", encodeURIComponent(this.#namespace));
    return metadata;
  }
}

function wireError({ code, details, message }: ServiceError): Error {
  const text = details || message;
  return refusedStatuses.has(status[code] ?? "") ? new BlobRefused(text) : new Error(text);
}

const options = {
  "grpc-node.flow_control_window": windowBytes,
  "grpc.max_receive_message_length": 8 * 1024 * 1024,
  "grpc.max_send_message_length": -1,
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 10_000,
  // The worker has its own backoff, so the channel connects at once.
  "grpc.initial_reconnect_backoff_ms": 50,
  "grpc.min_reconnect_backoff_ms": 50,
  "grpc.max_reconnect_backoff_ms": 1_000,
  "grpc.service_config_disable_resolution": 1,
  "grpc.enable_channelz": 0,
  "grpc.enable_retries": 0,
} as const;

function channelCredentials(workerCredentials: WorkerCredentials) {
  if (!isEncrypted(workerCredentials)) return credentials.createInsecure();
  const { certificateAuthority, certificate, privateKey } = workerCredentials;
  return credentials.createSsl(pem(certificateAuthority), pem(privateKey), pem(certificate), {
    checkServerIdentity: checkHost,
  });
}

/**
 * Checks that a certificate with a verified issuer belongs to a host. A certificate cannot contain all addresses of
 * hosts, so the name of a service of the installation is enough.
 */
function checkHost(name: string, certificate: PeerCertificate): Error | undefined {
  const names = certificate.subjectaltname?.split(", ") ?? [];
  if (names.some((each) => each.startsWith("URI:spiffe://tutti/service/"))) return undefined;
  return checkServerIdentity(name, certificate);
}

function pem(text: string | Uint8Array | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}

function bufferOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
