import { access, constants } from "node:fs/promises";
import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  type TlsOptions,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "@nats-io/transport-node";

/** How a process proves who it is. Exactly one way. Secrets are read again for each connection made. */
export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "password"; readonly user: string; readonly password: () => string }
  | { readonly kind: "token"; readonly token: () => string }
  /** The content of a `.creds` file: a JWT and its seed. */
  | { readonly kind: "creds"; readonly content: () => string }
  | { readonly kind: "nkey"; readonly seed: () => string };

/** Files are read again for each connection made, so that renewed certificates need no restart. */
export interface TlsFiles {
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** The server expects TLS from the first byte, before its greeting. */
  readonly handshakeFirst: boolean;
}

/** Where the servers are and how to talk to them: the section `nats` with everything resolved. */
export interface ConnectionSettings {
  /** `host:port` or URLs. One server of a cluster is enough, the others are learned from it. */
  readonly servers: readonly string[];
  /** Shown in the server's monitoring. */
  readonly name: string;
  readonly credentials: Credentials;
  /** Undefined: TLS where the server demands or offers it, with the system's authorities. */
  readonly tls: TlsFiles | undefined;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** A server that leaves two pings unanswered counts as lost. */
  readonly pingIntervalMs: number;
  /** Pauses between attempts double from the first to the longest. */
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  /** How long a stop waits for what is on its way. */
  readonly drainTimeoutMs: number;
}

/** What is the same for every connection the client makes. Pauses and choice of server are the component's. */
export function clientOptions(settings: ConnectionSettings): ConnectionOptions {
  return {
    servers: [...settings.servers],
    name: settings.name,
    timeout: settings.connectTimeoutMs,
    pingInterval: settings.pingIntervalMs,
    maxPingOut: 2,
    reconnect: true,
    maxReconnectAttempts: -1,
    // Credentials may be renewed while we are refused: give up never, tell the reason meanwhile.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    ...authentication(settings.credentials),
    ...(settings.tls === undefined ? {} : { tls: tlsOptions(settings.tls) }),
  };
}

function authentication(credentials: Credentials): { authenticator?: Authenticator } {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  switch (credentials.kind) {
    case "none":
      return {};
    case "password":
      return { authenticator: usernamePasswordAuthenticator(() => credentials.user, credentials.password) };
    case "token":
      return { authenticator: tokenAuthenticator(credentials.token) };
    case "creds":
      return { authenticator: credsAuthenticator(() => bytes(credentials.content())) };
    case "nkey":
      return { authenticator: nkeyAuthenticator(() => bytes(credentials.seed())) };
  }
}

function tlsOptions(files: TlsFiles): TlsOptions {
  return {
    ...(files.caFile === undefined ? {} : { caFile: files.caFile }),
    ...(files.certFile === undefined ? {} : { certFile: files.certFile }),
    ...(files.keyFile === undefined ? {} : { keyFile: files.keyFile }),
    ...(files.handshakeFirst ? { handshakeFirst: true } : {}),
  };
}

/** Why one of the files cannot be read. Undefined where all can. */
export async function unreadable(files: TlsFiles | undefined): Promise<string | undefined> {
  for (const path of [files?.caFile, files?.certFile, files?.keyFile]) {
    if (path === undefined) continue;
    try {
      await access(path, constants.R_OK);
    } catch (error) {
      return error instanceof Error ? error.message : path;
    }
  }
  return undefined;
}
