import { AgentKind } from "@tutti/contracts/agent/v1";
import { defaultUrl, usualUrl } from "@tutti/kernel";
import type { Tutti } from "../client/tutti.ts";
import {
  amounts,
  callback,
  either,
  flag,
  labels,
  number,
  type OptionNames,
  oneOf,
  requireKnown,
  text,
  texts,
  wholeNumber,
  wrongOption,
} from "../options.ts";
import { isWebSocket } from "./addresses.ts";

export interface WorkerCredentials {
  /** Token that is sent with each stream, as `authorization: Bearer …`. Never logged. */
  readonly accessToken?: string;
  /** PEM of the authority that signs the hosts' certificates. With it, or with `certificate`, the link is encrypted. */
  readonly certificateAuthority?: string | Uint8Array;
  /** PEM of this worker's own certificate and its key. */
  readonly certificate?: string | Uint8Array;
  readonly privateKey?: string | Uint8Array;
}

/** Opens a client to the installation that a worker is linked to. */
export type OpenClient = (target: {
  readonly address: readonly string[];
  readonly namespace: string;
}) => Promise<Tutti>;

/** Kinds of agents, for people: in lists, events and metrics. The platform treats all alike. */
const agentKinds = {
  function: AgentKind.AGENT_KIND_FUNCTION,
  command: AgentKind.AGENT_KIND_COMMAND,
  container: AgentKind.AGENT_KIND_CONTAINER,
  model: AgentKind.AGENT_KIND_MODEL,
  conversation: AgentKind.AGENT_KIND_CONVERSATION,
  person: AgentKind.AGENT_KIND_PERSON,
} as const;

export interface WorkerOptions {
  /**
   * `ws://host:port/v1/link`, or one host of gRPC or several, `host:port`.
   * Default: `TUTTI_ADDRESS`, else `/v1/link` of `server`, of `TUTTI_URL`, of the `tutti dev` of the folder, or of
   * http://127.0.0.1:7400.
   */
  readonly address?: string | readonly string[];
  /** Default: `TUTTI_POOL`, else `default`. */
  readonly pool?: string;
  /** Default: `TUTTI_NAMESPACE`, else `default`. */
  readonly namespace?: string;
  /** Unique in the pool and the same at each start. Default: `TUTTI_AGENT_ID`, else the host gives one. */
  readonly agentId?: string;
  /** Kind of the agent, for display: functions of this process, commands, containers, a model, … Default: `function`. */
  readonly kind?: keyof typeof agentKinds;
  /** Labels for the matching of tasks. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Concurrency. Default: 16. */
  readonly slots?: number;
  /** Resources that its tasks share, by name: cpu, memory_bytes, gpu, a licence. */
  readonly resources?: Readonly<Record<string, number>>;
  /** Keys of context that it holds. Tasks that name one of them run faster here. */
  readonly contextKeys?: readonly string[];
  /** One sentence for people. */
  readonly description?: string;
  /**
   * Whether the worker follows redirects to the owner of its pool. Default: true. If false, it stays at its host, which
   * relays. Set it to false for a worker that cannot reach every host.
   */
  readonly followRedirects?: boolean;
  /** Default: the access token in `TUTTI_API_KEY`, and no encryption. */
  readonly credentials?: WorkerCredentials;
  /** Allows an access token over an unencrypted connection to another machine. Default: false. */
  readonly allowUnprotected?: boolean;
  /**
   * Whether SIGTERM and SIGINT drain the worker and end the process. A second signal ends the process at once.
   * Default: true. If false, call `stop()` yourself.
   */
  readonly handleSignals?: boolean;
  /** Time for running tasks at a stop, in milliseconds. Then their signals abort. Default: 30,000. */
  readonly drainMs?: number;
  /**
   * Opens the client for the missions of tasks: `connect` of `@tutti/sdk/client`, or a function that calls it with a
   * certificate. Default: `connect`, loaded on first use. Set it in a bundle, and for a worker with an encrypted link.
   */
  readonly connect?: OpenClient;
  /**
   * HTTP address of the platform, also for secrets and measures. Default: `TUTTI_URL`, else the host of a
   * WebSocket's address, else http://127.0.0.1:7400 for a worker on the same machine.
   */
  readonly server?: string;
  /** Variables and files that tasks may use as secrets: `env:DB_PASSWORD`, `file:/run/secrets/db`. Default: none. */
  readonly secrets?: readonly string[];
  /** Whether to register the workflows of its durable functions before it links. Default: true. */
  readonly registerFunctions?: boolean;
  /** Whether lines of `context.logger` are shown to readers of the run, as output in the channel `log`. Default: true. */
  readonly sendLogs?: boolean;
  /** Called when the worker goes to sleep. Release expensive resources here. */
  readonly onSleep?: (reason: string) => void | Promise<void>;
  /** Called when the worker wakes, before it receives tasks. */
  readonly onWake?: (reason: string) => void | Promise<void>;
}

/** Options after the environment and the defaults are applied. */
export interface WorkerSettings {
  readonly addresses: readonly string[];
  readonly pool: string;
  readonly namespace: string;
  readonly agentId: string;
  readonly launchId: string;
  readonly kind: AgentKind;
  readonly labels: Readonly<Record<string, string>>;
  readonly slots: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly contextKeys: readonly string[];
  readonly description: string;
  readonly followRedirects: boolean;
  readonly credentials: WorkerCredentials;
  readonly handleSignals: boolean;
  readonly drainMs: number;
  readonly connect: OpenClient | undefined;
  /** Empty if unknown. */
  readonly server: string;
  readonly allowUnprotected: boolean;
  readonly secrets: readonly string[];
  readonly registerFunctions: boolean;
  readonly sendLogs: boolean;
  readonly onSleep: (reason: string) => void | Promise<void>;
  readonly onWake: (reason: string) => void | Promise<void>;
}

const slotsMax = 100_000;

const optionNames: OptionNames<WorkerOptions> = {
  address: either(text, texts),
  pool: text,
  namespace: text,
  agentId: text,
  kind: oneOf(agentKinds),
  labels,
  slots: wholeNumber(1, slotsMax),
  resources: amounts,
  contextKeys: [text],
  description: text,
  followRedirects: flag,
  credentials: { accessToken: true, certificateAuthority: true, certificate: true, privateKey: true },
  allowUnprotected: flag,
  handleSignals: flag,
  drainMs: number(0),
  connect: callback,
  server: text,
  secrets: [text],
  registerFunctions: flag,
  sendLogs: flag,
  onSleep: callback,
  onWake: callback,
};

type Environment = Readonly<Record<string, string | undefined>>;

export function resolveSettings(options: WorkerOptions, environment: Environment): WorkerSettings {
  requireKnown("Worker", options, optionNames);
  const { slots = 16, drainMs = 30_000, allowUnprotected = false, kind = "function" } = options;
  const accessToken = options.credentials?.accessToken ?? apiKeyIn(environment);
  const credentials = { ...options.credentials, ...(accessToken !== undefined && { accessToken }) };
  const server = options.server === undefined ? undefined : withScheme(options.server);
  const addresses = addressesOf(options.address, server, environment, credentials);
  const unprotected = addresses.find((address) => !isProtected(address, credentials));
  if (accessToken !== undefined && unprotected !== undefined && !allowUnprotected)
    throw wrongOption(
      "credentials",
      `a certificateAuthority in addition to the accessToken, which would be sent to ${unprotected} unencrypted (or allowUnprotected)`,
      "none",
    );
  return {
    addresses,
    pool: options.pool ?? (environment["TUTTI_POOL"] || "default"),
    namespace: options.namespace ?? (environment["TUTTI_NAMESPACE"] || "default"),
    agentId: options.agentId ?? environment["TUTTI_AGENT_ID"] ?? "",
    launchId: environment["TUTTI_LAUNCH_ID"] ?? "",
    kind: agentKinds[kind],
    labels: { ...options.labels },
    slots,
    resources: { ...options.resources },
    contextKeys: [...(options.contextKeys ?? [])],
    description: options.description ?? "",
    // A worker with a WebSocket link cannot follow a redirect to a port of gRPC.
    followRedirects: (options.followRedirects ?? true) && !addresses.some(isWebSocket),
    credentials,
    handleSignals: options.handleSignals ?? true,
    drainMs,
    connect: options.connect,
    server: serverOf(server ?? urlIn(environment), addresses),
    allowUnprotected,
    secrets: secretsOf(options.secrets ?? []),
    registerFunctions: options.registerFunctions ?? true,
    sendLogs: options.sendLogs ?? true,
    onSleep: options.onSleep ?? (() => {}),
    onWake: options.onWake ?? (() => {}),
  };
}

/** Returns the HTTP address. An error is thrown only when the setting is used, which most workers never do. */
function serverOf(option: string | undefined, [address = ""]: readonly string[]): string {
  if (option !== undefined) return (listed(option)[0] ?? "").replace(/\/$/, "");
  if (isWebSocket(address)) return new URL(address.replace(/^ws/, "http")).origin;
  return isLoopback(address) ? "http://127.0.0.1:7400" : "";
}

function secretsOf(references: readonly string[]): readonly string[] {
  const wrong = references.find((reference) => !localForm.test(reference));
  if (wrong !== undefined) throw wrongOption("the option secrets", "env:NAME or file:/path", wrong);
  return [...references];
}

const localForm = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/s;

/** Returns the configured addresses, else the addresses of the environment. */
function addressesOf(
  option: string | readonly string[] | undefined,
  server: string | undefined,
  environment: Environment,
  credentials: WorkerCredentials,
): readonly string[] {
  const configured = option ?? (environment["TUTTI_ADDRESS"] || undefined);
  const behind = (url: string) =>
    addressBehind(url, server === undefined ? "TUTTI_URL" : "the option server", credentials);
  const addresses =
    configured === undefined
      ? listed(server ?? urlIn(environment) ?? defaultUrl()).map(behind)
      : listed(configured);
  const source = option === undefined ? "TUTTI_ADDRESS" : "the option address";
  const wrong = addresses.length === 0 ? "nothing" : addresses.find((each) => !addressForm.test(each));
  if (wrong !== undefined)
    throw wrongOption(source, "host:port, such as 127.0.0.1:7401, or ws://127.0.0.1:7400/v1/link", wrong);
  const sockets = addresses.filter(isWebSocket);
  if (sockets.length > 0 && sockets.length < addresses.length)
    throw wrongOption(source, "addresses of WebSockets alone, or none of them", addresses.join(", "));
  return addresses;
}

function listed(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? value.split(",").map((each) => each.trim()) : value;
}

/** Returns the API key from the variable of all programs, or from the older variable of workers. */
export function apiKeyIn(environment: Environment): string | undefined {
  return environment["TUTTI_API_KEY"] || environment["TUTTI_ACCESS_TOKEN"] || undefined;
}

/** Returns the URL. Users often write `localhost:7400`, also in lists. */
export function urlIn(environment: Environment): string | undefined {
  const url = environment["TUTTI_URL"] || environment["TUTTI_SERVER"] || undefined;
  return url === undefined ? undefined : withScheme(url);
}

function withScheme(urls: string): string {
  return urls.replaceAll(/(^|,)\s*(?!\w+:\/\/)(?=\S)/g, "$1http://");
}

/**
 * Derives the link address from the platform's URL: a WebSocket at the same port. With certificates for a URL that is not
 * https, it is gRPC at the next port.
 */
function addressBehind(url: string, source: string, credentials: WorkerCredentials): string {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw wrongOption(source, `a URL such as ${usualUrl}`, url);
  const { protocol, hostname, port, host, pathname } = new URL(url);
  if (protocol === "http:" && isEncrypted(credentials)) return `${hostname}:${Number(port || 80) + 1}`;
  return `${protocol.replace("http", "ws")}//${host}${pathname.replace(/\/+$/, "")}/v1/link`;
}

export function isEncrypted({ certificateAuthority, certificate }: WorkerCredentials): boolean {
  return certificateAuthority !== undefined || certificate !== undefined;
}

function isProtected(address: string, credentials: WorkerCredentials): boolean {
  if (isLoopback(address) || address.startsWith("wss://")) return true;
  return isEncrypted(credentials) && !isWebSocket(address);
}

export const hostAndPort = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$/;
const addressForm = new RegExp(`^wss?://[^\\s/]+/\\S*$|${hostAndPort.source}`);

export function isLoopback(address: string): boolean {
  return /^(?:(?:ws|http):\/\/)?(127\.|localhost(?=:|$)|\[::1\])/.test(address);
}
