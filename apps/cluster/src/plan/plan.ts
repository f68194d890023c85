/**
 * Plans the processes of a cluster with their arguments and files, before any process starts.
 */
import { join } from "node:path";
import { stringify } from "yaml";
import { membersOf, natsMembersOf, replicasOf, type ServiceName, type Shape } from "./shape.ts";

/** Ports of a NATS server: for clients, for its peers, and for its monitor. */
interface MemberPorts {
  readonly client: number;
  readonly peer: number;
  readonly http: number;
}

interface ServicePorts {
  readonly http: number;
  readonly grpc: number;
}

export interface Ports {
  readonly nats: Readonly<Record<string, MemberPorts>>;
  readonly services: Readonly<Record<string, ServicePorts>>;
}

/** Returns how many ports a plan needs. */
export function portsNeeded(shape: Shape): number {
  return natsMembersOf(shape).length * 3 + membersOf(shape).length * 2;
}

/**
 * Assigns ports to the members.
 *
 * @param free as many as are needed
 * @param known ports that members had before, and keep
 */
export function portsOf(shape: Shape, free: readonly number[], known?: Ports): Ports {
  const remaining = free[Symbol.iterator]();
  const next = (): number => {
    const { value } = remaining.next();
    if (value === undefined) throw new RangeError(`expected ${portsNeeded(shape)} ports, got ${free.length}`);
    return value;
  };
  const nats = natsMembersOf(shape).map((name) => [
    name,
    known?.nats[name] ?? { client: next(), peer: next(), http: next() },
  ]);
  const services = membersOf(shape).map(({ name }) => [
    name,
    known?.services[name] ?? { http: next(), grpc: next() },
  ]);
  return { nats: Object.fromEntries(nats), services: Object.fromEntries(services) };
}

/** A planned process. */
export interface Member {
  readonly name: string;
  readonly kind: "nats" | ServiceName;
  /** Arguments of the program. */
  readonly args: readonly string[];
  readonly ports: MemberPorts | ServicePorts;
}

export interface Plan {
  readonly members: readonly Member[];
  /** Files that the members read: path and content. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

const host = "127.0.0.1";

/** Advertised ports by port: the ports of lines that lead there. */
export type PortMap = ReadonlyMap<number, number>;

const asItIs: PortMap = new Map();

/** Returns the ports by which members reach each other. */
export function innerPortsOf({ nats, services }: Ports): readonly number[] {
  return [
    ...Object.values(nats).flatMap(({ client, peer }) => [client, peer]),
    ...Object.values(services).map(({ grpc }) => grpc),
  ];
}

export interface PlanOptions {
  readonly advertised?: PortMap;
  /** Public key that verifies bundles of rules. Empty: no bundle is trusted. */
  readonly trustedKey?: string;
}

/** Returns the folder of the installation keys, which all processes of governance share. */
export function keysIn(directory: string): string {
  return join(directory, "keys");
}

/** Returns the path of the audit log of the imported platform. The file is missing if the cluster was not imported. */
export function auditLogIn(directory: string): string {
  return join(directory, "book.sqlite");
}

/** @param directory absolute, with all files of the cluster */
export function planOf(
  shape: Shape,
  ports: Ports,
  directory: string,
  { advertised = asItIs, trustedKey = "" }: PlanOptions = {},
): Plan {
  const configuration = join(directory, "tutti.yaml");
  const servers = natsMembersOf(shape).map((name) => natsServer(name, ports, directory, advertised));
  return {
    members: [
      ...servers.map(({ member }) => member),
      ...membersOf(shape).map(({ service, name }) => ({
        name,
        kind: service,
        args: argsOf(service, name, { shape, ports, directory, configuration, advertised, trustedKey }),
        ports: servicePorts(ports, name),
      })),
    ],
    files: [
      ...servers.map(({ file }) => file),
      { path: configuration, text: stringify(configurationOf(shape, ports, directory, advertised)) },
    ],
  };
}

/** Returns the common configuration of all services. A cluster on Kubernetes has the same. */
function configurationOf(shape: Shape, ports: Ports, directory: string, advertised: PortMap): unknown {
  const replicas = replicasOf(shape);
  const registries = membersOf(shape).filter(({ service }) => service === "registry");
  return {
    foundation: { log: { format: "json" }, operations: { host } },
    integration: {
      nats: { servers: Object.values(ports.nats).map(({ client }) => addressOf(client, advertised)) },
      bus: { transport: "nats", replicas },
      ownership: { kind: "leased", partitions: shape.partitions, replicas },
      cluster: { replicas, copies: join(directory, "copies") },
      mesh: {
        peers: {
          registry: registries.map(({ name }) => addressOf(servicePorts(ports, name).grpc, advertised)),
        },
      },
    },
  };
}

function addressOf(port: number, advertised: PortMap): string {
  return `${host}:${advertised.get(port) ?? port}`;
}

interface PlanContext {
  readonly shape: Shape;
  readonly ports: Ports;
  readonly directory: string;
  /** File with the common configuration of all services. */
  readonly configuration: string;
  readonly advertised: PortMap;
  readonly trustedKey: string;
}

function argsOf(
  service: ServiceName,
  name: string,
  { shape, ports, directory, configuration, advertised, trustedKey }: PlanContext,
): readonly string[] {
  const { http, grpc } = servicePorts(ports, name);
  const args = [`--config=${configuration}`, `--operations.port=${http}`, `--mesh.listen=${host}:${grpc}`];
  if (trustedKey !== "") args.push(`--access.trustedKey=${trustedKey}`);
  if (service === "governance")
    args.push(
      `--governance.keysDirectory=${keysIn(directory)}`,
      `--audit.importFrom=${auditLogIn(directory)}`,
    );
  // Series and facts are files, which survive a restart of the process.
  if (service === "insight") args.push(`--insight.dataDirectory=${join(directory, name)}`);
  if (advertised.has(grpc)) args.push(`--mesh.advertise=${addressOf(grpc, advertised)}`);
  if (service === "registry") args.push("--registry.store=nats", `--registry.replicas=${replicasOf(shape)}`);
  if (shape.isProtected) {
    const certificates = join(directory, "certificates");
    args.push(
      "--mesh.tls.mode=mutual",
      `--mesh.tls.ca=${join(certificates, "ca.crt")}`,
      `--mesh.tls.cert=${join(certificates, `${service}.crt`)}`,
      `--mesh.tls.key=${join(certificates, `${service}.key`)}`,
    );
  }
  return args;
}

function servicePorts(ports: Ports, name: string): ServicePorts {
  const found = ports.services[name];
  if (found === undefined) throw new RangeError(`${name} has no ports`);
  return found;
}

function natsServer(name: string, ports: Ports, directory: string, advertised: PortMap) {
  const own = ports.nats[name];
  if (own === undefined) throw new RangeError(`${name} has no ports`);
  const path = join(directory, `${name}.conf`);
  const routes = Object.values(ports.nats).map(({ peer }) => `"nats://${addressOf(peer, advertised)}"`);
  const isAlone = routes.length === 1;
  const clientAdvertise = advertised.has(own.client)
    ? `client_advertise: "${addressOf(own.client, advertised)}"\n`
    : "";
  const peerAdvertise = advertised.has(own.peer) ? `  advertise: "${addressOf(own.peer, advertised)}"\n` : "";
  const text = `# One of the NATS servers of this cluster.
server_name: ${name}
listen: "${host}:${own.client}"
${clientAdvertise}http: "${host}:${own.http}"
max_payload: 8MB
jetstream {
  store_dir: ${JSON.stringify(join(directory, name))}
${isAlone ? "  sync_interval: always\n" : ""}}
${isAlone ? "" : `cluster {\n  name: tutti\n  listen: "${host}:${own.peer}"\n${peerAdvertise}  routes: [${routes.join(", ")}]\n}\n`}`;
  const member: Member = { name, kind: "nats", args: ["-c", path], ports: own };
  return { member, file: { path, text } };
}
