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

/** Credentials of a process, of exactly one kind. Secrets are read again for each connection. */
export type Credentials =
  | { readonly kind: "none" }
  | { readonly kind: "password"; readonly user: string; readonly password: () => string }
  | { readonly kind: "token"; readonly token: () => string }
  /** The content of a `.creds` file: a JWT and its seed. */
  | { readonly kind: "creds"; readonly content: () => string }
  | { readonly kind: "nkey"; readonly seed: () => string };

/** Files are read again for each connection, so that renewed certificates need no restart. */
export interface TlsFiles {
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  /** The server expects TLS from the first byte, before its greeting. */
  readonly handshakeFirst: boolean;
}

/** Addresses of the servers and settings of the connection: the section `nats`, fully resolved. */
export interface ConnectionSettings {
  /** `host:port` or URLs. One server of a cluster is enough, because it names the others. */
  readonly servers: readonly string[];
  /** Shown in the server's monitoring. */
  readonly name: string;
  readonly credentials: Credentials;
  /** Undefined: TLS if the server requires or offers it, with the system's authorities. */
  readonly tls: TlsFiles | undefined;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** A server that leaves two pings unanswered counts as lost. */
  readonly pingIntervalMs: number;
  /** Pauses between attempts double from the first to the longest. */
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  /** Maximum wait of a stop for pending work. */
  readonly drainTimeoutMs: number;
}

/** Returns the options of every connection of the client. The component decides pauses and the choice of server. */
export function clientOptions(settings: ConnectionSettings): ConnectionOptions {
  return {
    servers: [...settings.servers],
    name: settings.name,
    timeout: settings.connectTimeoutMs,
    pingInterval: settings.pingIntervalMs,
    maxPingOut: 2,
    reconnect: true,
    maxReconnectAttempts: -1,
    // Credentials may be renewed while we are refused: never give up, and report the reason meanwhile.
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

/** Returns why one of the files cannot be read. Undefined if all can. */
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
