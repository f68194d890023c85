import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";
import type { Clock, Tracer } from "@tutti/kernel";
import type { MeshServer } from "../../server/mesh-server.ts";
import type { MeshSettings } from "../../settings.ts";
import type { CertificateFiles } from "../../tls/certificate-files.ts";
import type { Link } from "../link.ts";
import { type Credentials, credentialsOf } from "./credentials.ts";
import { GrpcLink } from "./link.ts";
import { GrpcServer } from "./server.ts";

// What grpc-js writes to the console by itself reaches us as errors too. To look into it, set GRPC_VERBOSITY.
if (process.env["GRPC_VERBOSITY"] === undefined) setLogVerbosity(logVerbosity.NONE);

export interface GrpcTransportParts {
  readonly settings: MeshSettings;
  readonly clock: Clock;
  readonly tracer: Pick<Tracer, "extract">;
  /** The certificates of this process. Plain connections without any. */
  readonly files: CertificateFiles | undefined;
  /** The key or token that is shown with each call. Empty shows none. */
  readonly credential: () => string;
}

/** gRPC over HTTP/2, both ways. The one entry to this folder, so that it is loaded only where it is needed. */
export class GrpcTransport {
  readonly files: CertificateFiles | undefined;
  readonly #parts: GrpcTransportParts;
  readonly #credentials: Credentials;

  constructor(parts: GrpcTransportParts) {
    this.files = parts.files;
    this.#parts = parts;
    this.#credentials = credentialsOf(parts.files);
  }

  /** Returns the way to an address. */
  link(address: string): Link {
    const { clock, settings, credential } = this.#parts;
    const { messageBytes } = settings.limits;
    const credentials = this.#credentials.channel;
    const { keepalive } = settings;
    return new GrpcLink(address, { credentials, credential, messageBytes, keepalive, clock });
  }

  /** Returns a server of everything that is served, now and later. */
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
