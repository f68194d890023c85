/** gRPC of the mesh, loaded on demand because it takes more memory than the rest of the mesh. */
import { networkInterfaces } from "node:os";
import { type Foundation, isLoopbackHost } from "@tutti/kernel";
import { meshErrors } from "../errors.ts";
import type { MeshServer } from "../server/mesh-server.ts";
import type { MeshSettings } from "../settings.ts";
import { CertificateFiles } from "../tls/certificate-files.ts";
import type { GrpcTransport } from "./grpc/index.ts";
import type { Link } from "./link.ts";

export class GrpcSide {
  readonly #settings: MeshSettings;
  readonly #foundation: Foundation;
  readonly #credential: () => string;
  #loading: Promise<GrpcTransport> | undefined = undefined;
  #transport: GrpcTransport | undefined = undefined;
  #server: ReturnType<GrpcTransport["server"]> | undefined = undefined;

  /** `credential` returns the key or token of each call. */
  constructor(settings: MeshSettings, foundation: Foundation, credential: () => string) {
    this.#settings = settings;
    this.#foundation = foundation;
    this.#credential = credential;
  }

  /** The problem of the certificate files at the moment. Empty if there is none. */
  get problem(): string {
    return this.#transport?.files?.problem ?? "";
  }

  /** Resolves when links can be created. Undefined if they can already. */
  prepare(): Promise<void> | undefined {
    return this.#transport === undefined ? this.#load().then(() => {}) : undefined;
  }

  /** Returns the link to an address. Call only when prepared. */
  link(address: string): Link {
    if (this.#transport === undefined)
      throw new Error("expected gRPC to be loaded before a link is made: call prepare() first");
    return this.#transport.link(address);
  }

  /** Serves all present and future services. Resolves with the address for other processes. */
  async listen(served: MeshServer): Promise<string> {
    const { listen, tls, allowUnprotected, advertise } = this.#settings;
    if (tls.mode === "off" && !allowUnprotected && !isLoopbackHost(hostOf(listen))) {
      throw meshErrors.unprotected({ address: listen });
    }
    const transport = await this.#load();
    const server = transport.server(served);
    const port = await server.listen(listen);
    this.#server = server;
    return advertise || `${reachable(hostOf(listen))}:${port}`;
  }

  /** Sends clients elsewhere. Resolves when all accepted calls have ended. */
  async close(): Promise<void> {
    await this.#server?.close();
  }

  stop(): void {
    this.#server?.stop();
    this.#transport?.files?.stop();
  }

  #load(): Promise<GrpcTransport> {
    this.#loading ??= this.#start().catch((error: unknown) => {
      // The next call tries again: the files may exist by then.
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #start(): Promise<GrpcTransport> {
    const { timers, logger, clock, tracer } = this.#foundation;
    const { refreshMs, mode, ...paths } = this.#settings.tls;
    const { GrpcTransport } = await import("./grpc/index.ts");
    const files =
      mode === "mutual" ? await CertificateFiles.open({ paths, refreshMs, timers, logger }) : undefined;
    this.#transport = new GrpcTransport({
      settings: this.#settings,
      clock,
      tracer,
      files,
      credential: this.#credential,
    });
    return this.#transport;
  }
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":"));
}

/** Returns an address of a host that listens on all of its addresses: the first that is not only local. */
function reachable(host: string): string {
  if (host !== "0.0.0.0" && host !== "[::]") return host;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = addresses.find(({ internal, family }) => !internal && family === "IPv4");
  return outside?.address ?? "127.0.0.1";
}
