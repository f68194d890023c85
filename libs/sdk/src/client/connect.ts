import {
  IdSource,
  type Logger,
  misspeltVariables,
  silentLogger,
  systemFoundation,
  type Tracer,
  TuttiError,
} from "@tutti/kernel";
import type { InProcessNetwork, Mesh } from "@tutti/mesh";
import { sdkErrors } from "../errors.ts";
import { either, type OptionNames, requireKnown, text, texts, tlsNames, wholeNumber } from "../options.ts";
import { apiKeyIn } from "../worker/settings.ts";
import { clientAddresses } from "./addresses.ts";
import { withCallerStacks } from "./caller-stack.ts";
import type { Tutti } from "./tutti.ts";
import { withCallKeys } from "./work/call-keys.ts";
import type { ClientPorts } from "./work/followed.ts";

export interface ConnectOptions {
  /**
   * URL of the platform, which is called over HTTP. Or one or more processes over gRPC, as `host:port`: the client
   * uses one that it can reach. Default: `TUTTI_ADDRESS`, else `TUTTI_URL`, else that of the
   * `tutti dev` of the folder, else http://127.0.0.1:7400.
   */
  readonly address?: string | readonly string[];
  /** Default: `TUTTI_NAMESPACE`, else `default`. */
  readonly namespace?: string;
  /**
   * PEM files: the certificate authority of the server, the client's own certificate, and its key. Default: no
   * encryption.
   */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /**
   * A key or token, shown with each call. Never logged. A function is called for each call. Default: `TUTTI_API_KEY`, else
   * none.
   */
  readonly accessToken?: string | (() => string);
  /** Timeout of a call that does not wait for a run, in milliseconds. Default: 30,000. */
  readonly callTimeoutMs?: number;
  /** Default: none. Warnings about variables are then printed as Node prints its warnings. */
  readonly logger?: Logger;
}

const optionNames: OptionNames<ConnectOptions> = {
  address: either(text, texts),
  namespace: text,
  tls: tlsNames,
  accessToken: true,
  callTimeoutMs: wholeNumber(1),
  logger: true,
};

/** Replacements of system functions, for tests. */
export interface ConnectPorts extends Omit<ClientPorts, "contents" | "ids"> {
  /** Servers in this process: called without a connection, with the rights of an outside caller. */
  readonly network: InProcessNetwork;
  /** Variables for options that are not set. Default: those of the process. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Default: traces are not propagated. */
  readonly tracer: Tracer;
}

/** Returns a client. It connects with its first call, so the platform need not run yet. */
export async function connect(
  options: ConnectOptions = {},
  overrides: Partial<ConnectPorts> = {},
): Promise<Tutti> {
  requireKnown("connect", options, optionNames);
  const { network, variables = process.env, tracer, ...own } = overrides;
  const logger = options.logger ?? silentLogger;
  warnOfMisspelt(variables, options.logger);
  const { clock, timers, chance } = systemFoundation({ ...own, logger });
  // An owner without an address is in this process.
  const addresses = network === undefined ? clientAddresses(options.address, variables) : [""];
  const namespace = options.namespace ?? (variables["TUTTI_NAMESPACE"] || "default");
  const accessToken = options.accessToken ?? apiKeyIn(variables) ?? "";
  const {
    Mesh,
    StaticDiscovery,
    ClientOwnership,
    contracts,
    swarm,
    session,
    intelligence,
    runtime,
    blob,
    parts,
  } = await loaded();
  const { Tutti, Missions, Sessions, Locks, Objects, Triggers, Contents, blobsOver } = parts;
  const mesh = new Mesh({
    settings: meshSettings(options, network),
    ...(network === undefined && { discovery: new StaticDiscovery(servicesAt(addresses)) }),
    credential: typeof accessToken === "string" ? () => accessToken : accessToken,
    foundation: { clock, timers, chance, logger, ...(tracer !== undefined && { tracer }) },
    ...(network !== undefined && { network, outside: true }),
    ownership: new ClientOwnership(addresses),
  });
  const ids = new IdSource({ clock, chance });
  const client = clientsOver(mesh, addresses, ids);
  const contents = new Contents(namespace, blobsOver(client(blob.blobService)));
  const ports = { clock, timers, chance, ids, contents };
  const shared = { namespace, ports };
  const boards = {
    missions: client(swarm.missionService),
    board: client(swarm.boardService),
    ...shared,
  };
  const work = {
    runs: client(contracts.runService),
    tasks: client(contracts.taskService),
    histories: client(runtime.runtimeService, { service: "workflow" }),
    ...shared,
  };
  return new Tutti({
    ...work,
    objects: new Objects({ ...work, objects: client(contracts.objectService) }),
    missions: new Missions(boards),
    sessions: new Sessions({
      sessions: client(session.sessionService),
      planning: client(intelligence.planningService),
      resources: client(session.resourceService),
      ...shared,
    }),
    locks: new Locks({ locks: client(session.lockService), namespace }, ports),
    triggers: new Triggers({ triggers: client(contracts.triggerService), namespace }),
    definitions: client(contracts.definitionService),
    pools: client(swarm.poolService),
    schedules: client(contracts.scheduleService),
    bulk: client(contracts.bulkService),
    close: () => mesh.stop(),
  });
}

const warned = new Set<string>();

/** Warns once in a process, because applications create many clients. Without a logger, as Node does. */
function warnOfMisspelt(variables: ConnectPorts["variables"], logger: Logger | undefined): void {
  for (const warning of misspeltVariables(variables)) {
    if (warned.has(warning)) continue;
    warned.add(warning);
    if (logger === undefined) process.emitWarning(warning, { code: "TUTTI_variable" });
    else logger.warn(warning);
  }
}

function clientsOver(mesh: Mesh, addresses: readonly string[], ids: IdSource): Mesh["client"] {
  return (service, at) =>
    withCallerStacks(withCallKeys(mesh.client(service, at), service, ids), (error) =>
      explained(error, addresses),
    );
}

/** An owner that is one of the addresses is the platform itself, which a program knows by its address alone. */
function explained(error: unknown, addresses: readonly string[]): unknown {
  if (!(error instanceof TuttiError) || error.code !== "mesh.owner_away") return error;
  if (!addresses.some((address) => address !== "" && error.message.startsWith(`${address}, the owner of`)))
    return error;
  return sdkErrors.unreachable(
    { addresses: addresses.join(", ") },
    { retryAfterMs: error.retryAfterMs, cause: error },
  );
}

/** Loaded on first use: a worker does not need these modules, which take more memory than the worker itself. */
async function loaded() {
  const [
    { Mesh, StaticDiscovery },
    { ClientOwnership },
    contracts,
    swarm,
    session,
    intelligence,
    runtime,
    { Tutti },
    { Missions },
    { Sessions },
    { Locks },
    { Objects },
    { Triggers },
    blob,
    { Contents },
    { blobsOver },
  ] = await Promise.all([
    import("./mesh.ts"),
    import("./client-ownership.ts"),
    import("@tutti/contracts/workflow/v1"),
    import("@tutti/contracts/swarm/v1"),
    import("@tutti/contracts/session/v1"),
    import("@tutti/contracts/intelligence/v1"),
    import("@tutti/contracts/runtime/v1"),
    import("./tutti.ts"),
    import("./missions/index.ts"),
    import("./sessions/index.ts"),
    import("./locks.ts"),
    import("./objects.ts"),
    import("./triggers/index.ts"),
    import("@tutti/contracts/blob/v1"),
    import("./payloads.ts"),
    import("../link/blobs.ts"),
  ]);
  return {
    Mesh,
    StaticDiscovery,
    ClientOwnership,
    contracts,
    swarm,
    session,
    intelligence,
    runtime,
    blob,
    parts: { Tutti, Missions, Sessions, Locks, Objects, Triggers, Contents, blobsOver },
  };
}

/** Each process is reached for each service: it calls on what others serve. */
function servicesAt(addresses: readonly string[]) {
  return { workflow: addresses, swarm: addresses, master: addresses, blob: addresses };
}

function meshSettings({ tls, callTimeoutMs }: ConnectOptions, network: InProcessNetwork | undefined) {
  return {
    transport: network === undefined ? ("grpc" as const) : ("in-process" as const),
    ...(tls !== undefined && { tls: { mode: "mutual" as const, ...tls } }),
    ...(callTimeoutMs !== undefined && { timeouts: { callMs: callTimeoutMs } }),
  };
}
