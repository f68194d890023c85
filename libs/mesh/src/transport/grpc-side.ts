/** gRPC as the mesh uses it: loaded on need, since it costs more memory than all the rest of the mesh. */
import { networkInterfaces } from "node:os";
import type { Foundation } from "@tutti/kernel";
import { meshErrors } from "../errors.ts";
import type { MeshServer } from "../server/mesh-server.ts";
import type { MeshSettings } from "../settings.ts";
import { CertificateFiles } from "../tls/certificate-files.ts";
import type { Link } from "./link.ts";

type Grpc = typeof import("./grpc/index.ts");

interface Loaded {
  readonly grpc: Grpc;
  readonly credentials: ReturnType<Grpc["credentialsOf"]>;
  readonly files: CertificateFiles | undefined;
}

export class GrpcSide {
  readonly #settings: MeshSettings;
  readonly #foundation: Foundation;
  #loading: Promise<Loaded> | undefined = undefined;
  #loaded: Loaded | undefined = undefined;
  #server: InstanceType<Grpc["GrpcServer"]> | undefined = undefined;

  constructor(settings: MeshSettings, foundation: Foundation) {
    this.#settings = settings;
    this.#foundation = foundation;
  }

  /** What is wrong with the certificate files at the moment; empty when nothing is. */
  get problem(): string {
    return this.#loaded?.files?.problem ?? "";
  }

  /** Resolves when links can be made; undefined when they can. */
  prepare(): Promise<void> | undefined {
    return this.#loaded === undefined ? this.#load().then(() => {}) : undefined;
  }

  /** The way to an address. Only when prepared. */
  connect(address: string): Link {
    const { grpc, credentials } = this.#mustBeLoaded();
    const { limits, keepalive } = this.#settings;
    return new grpc.GrpcLink(address, {
      credentials: credentials.channel,
      messageBytes: limits.messageBytes,
      keepalive,
      clock: this.#foundation.clock,
    });
  }

  /** Serves everything that is served, now and later. Gives the address that others call. */
  async listen(server: MeshServer): Promise<string> {
    const { listen, tls, allowUnprotected, limits, keepalive } = this.#settings;
    if (tls.mode === "off" && !allowUnprotected && !isLoopback(hostOf(listen))) {
      throw meshErrors.unprotected({ address: listen });
    }
    const { grpc, credentials } = await this.#load();
    const grpcServer = new grpc.GrpcServer({
      credentials: credentials.server,
      messageBytes: limits.messageBytes,
      keepalive,
      clock: this.#foundation.clock,
      defaults: server.defaults,
    });
    server.onService((_contract, _service, methods) => {
      for (const method of methods) grpcServer.add(method);
    });
    const port = await grpcServer.listen(listen);
    this.#server = grpcServer;
    return this.#settings.advertise || `${reachable(hostOf(listen))}:${port}`;
  }

  /** Tells clients to go elsewhere; resolves when everything that was accepted has ended. */
  async close(): Promise<void> {
    await this.#server?.close();
  }

  stop(): void {
    this.#server?.stop();
    this.#loaded?.files?.stop();
  }

  #load(): Promise<Loaded> {
    this.#loading ??= this.#start().catch((error: unknown) => {
      // The next call tries again: the files may be there by then.
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #start(): Promise<Loaded> {
    const { tls } = this.#settings;
    const { timers, logger } = this.#foundation;
    const grpc = await import("./grpc/index.ts");
    const { refreshMs, mode, ...paths } = tls;
    const files =
      mode === "mutual" ? await CertificateFiles.open({ paths, refreshMs, timers, logger }) : undefined;
    this.#loaded = { grpc, files, credentials: grpc.credentialsOf(files) };
    return this.#loaded;
  }

  #mustBeLoaded(): Loaded {
    if (this.#loaded === undefined)
      throw new Error("expected gRPC to be loaded before a link is made; prepare() first");
    return this.#loaded;
  }
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":"));
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Where others find a host that listens on all of its addresses: the first one that is not its own alone. */
function reachable(host: string): string {
  if (host !== "0.0.0.0" && host !== "[::]") return host;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = addresses.find(({ internal, family }) => !internal && family === "IPv4");
  return outside?.address ?? "127.0.0.1";
}
