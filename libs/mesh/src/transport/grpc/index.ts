import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import type { Clock, Tracer } from "@tutti/kernel";
import type { MeshServer } from "../../server/mesh-server.ts";
import type { MeshSettings } from "../../settings.ts";
import type { CertificateFiles } from "../../tls/certificate-files.ts";
import type { Link } from "../link.ts";
import { type Credentials, credentialsOf } from "./credentials.ts";
import { GrpcLink } from "./link.ts";
import { GrpcServer } from "./server.ts";

// Console output of grpc-js also reaches the mesh as errors. To see it, set GRPC_VERBOSITY.
if (process.env["GRPC_VERBOSITY"] === undefined) setLogVerbosity(logVerbosity.NONE);

export interface GrpcTransportParts {
  readonly settings: MeshSettings;
  readonly clock: Clock;
  readonly tracer: Pick<Tracer, "extract">;
  /** The certificates of this process. Without any, connections are plain. */
  readonly files: CertificateFiles | undefined;
  /** Returns the key or token of each call. Empty for none. */
  readonly credential: () => string;
}

/** gRPC over HTTP/2, both directions. The only entry to this folder, so that it is loaded on demand. */
export class GrpcTransport {
  readonly files: CertificateFiles | undefined;
  readonly #parts: GrpcTransportParts;
  readonly #credentials: Credentials;

  constructor(parts: GrpcTransportParts) {
    this.files = parts.files;
    this.#parts = parts;
    this.#credentials = credentialsOf(parts.files);
  }

  /** Returns the link to an address. */
  link(address: string): Link {
    const { clock, settings, credential } = this.#parts;
    const { messageBytes } = settings.limits;
    const credentials = this.#credentials.channel;
    const { keepalive } = settings;
    return new GrpcLink(address, { credentials, credential, messageBytes, keepalive, clock });
  }

  /** Returns a server of all present and future services. */
  server(served: MeshServer): GrpcServer {
    const { clock, tracer, settings } = this.#parts;
    const server = new GrpcServer({
      credentials: this.#credentials.server,
      messageBytes: settings.limits.messageBytes,
      keepalive: settings.keepalive,
      clock,
      tracer,
      defaults: served.defaults,
    });
    served.onService((_contract, _service, methods) => {
      for (const method of methods) server.add(method);
    });
    return server;
  }
}
