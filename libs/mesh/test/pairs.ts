/** A server and a client on each transport, for tests of behaviour that must be the same on all of them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createDevelopmentCertificates,
  InProcessNetwork,
  Mesh,
  type MeshOptions,
  type MeshSettingsInput,
  StaticDiscovery,
} from "../src/index.ts";
import type { Handlers } from "../src/server/types.ts";
import { HttpGateway } from "../src/testing/http-gateway.ts";
import { noteHandlers, noteService } from "../src/testing/index.ts";

interface Pair {
  readonly client: Mesh;
  readonly server: Mesh;
  close(): Promise<void>;
}

export interface PairOptions {
  readonly handlers?: Partial<Handlers<typeof noteService>>;
  readonly settings?: MeshSettingsInput;
  readonly server?: Omit<MeshOptions, "settings">;
  readonly client?: Omit<MeshOptions, "settings">;
}

export interface TransportUnderTest {
  readonly name: string;
  open(options?: PairOptions): Promise<Pair>;
}

/** Silences the components' own log lines. */
export const quietFoundation = {
  logger: {
    trace() {},
    debug() {},
    info() {},
    warn() {},
    error() {},
    fatal() {},
    child: () => quietFoundation.logger,
    enabled: () => false,
  },
};

export const transports: readonly TransportUnderTest[] = [
  { name: "in-process", open: openInProcess },
  { name: "gRPC", open: (options) => openGrpc(options) },
  { name: "gRPC with mutual TLS", open: openProtected },
  { name: "HTTP through a gateway", open: openHttp },
];

async function openInProcess({ handlers, settings, server, client }: PairOptions = {}): Promise<Pair> {
  const network = new InProcessNetwork();
  const common = { network, freeze: true, settings: { ...settings, transport: "in-process" as const } };
  return await pairOf(
    new Mesh({ foundation: quietFoundation, ...common, ...server }),
    () => new Mesh({ foundation: quietFoundation, ...common, ...client }),
    handlers,
  );
}

async function openGrpc(
  { handlers, settings, server, client }: PairOptions = {},
  tls: { readonly server?: MeshSettingsInput["tls"]; readonly client?: MeshSettingsInput["tls"] } = {},
): Promise<Pair> {
  const common = { ...settings, transport: "grpc" as const };
  return await pairOf(
    new Mesh({
      foundation: quietFoundation,
      settings: { ...common, listen: "127.0.0.1:0", ...(tls.server && { tls: tls.server }) },
      ...server,
    }),
    (address) =>
      new Mesh({
        foundation: quietFoundation,
        settings: { ...common, peers: { notes: [address] }, ...(tls.client && { tls: tls.client }) },
        ...client,
      }),
    handlers,
  );
}

/** The gateway calls the server like a server of its own process. Its settings are the client's. */
async function openHttp({ handlers, settings, server, client }: PairOptions = {}): Promise<Pair> {
  const network = new InProcessNetwork();
  const inProcess = { ...settings, transport: "in-process" as const };
  const behind = new Mesh({
    foundation: quietFoundation,
    network,
    settings: inProcess,
    freeze: true,
    ...server,
  });
  const gateway = await HttpGateway.open(
    new Mesh({ foundation: quietFoundation, network, settings: { ...inProcess, retry: { attempts: 1 } } }),
    [noteService],
  );
  const discovery = new StaticDiscovery({ notes: [gateway.url] });
  const pair = await pairOf(
    behind,
    () =>
      new Mesh({
        foundation: quietFoundation,
        settings: { ...settings, transport: "grpc" },
        discovery,
        ...client,
      }),
    handlers,
  );
  return {
    ...pair,
    async close() {
      await pair.close();
      await gateway.close();
    },
  };
}

async function openProtected(options: PairOptions = {}): Promise<Pair> {
  const directory = await mkdtemp(join(tmpdir(), "tutti-mesh-"));
  const { ca, services } = await createDevelopmentCertificates({ directory, services: ["server", "client"] });
  const tlsOf = (name: string) => ({ mode: "mutual" as const, ca, ...pathsOf(services[name]) });
  const pair = await openGrpc(options, { server: tlsOf("server"), client: tlsOf("client") });
  return {
    ...pair,
    async close() {
      await pair.close();
      await rm(directory, { recursive: true });
    },
  };
}

function pathsOf(files: { readonly cert: string; readonly key: string } | undefined) {
  return { cert: files?.cert ?? "", key: files?.key ?? "" };
}

async function pairOf(
  server: Mesh,
  clientAt: (address: string) => Mesh,
  handlers: PairOptions["handlers"],
): Promise<Pair> {
  server.serve(noteService, noteHandlers(handlers));
  await server.start();
  const client = clientAt(server.address);
  return {
    server,
    client,
    async close() {
      await client.stop();
      await server.stop();
    },
  };
}
