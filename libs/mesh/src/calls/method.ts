import type { RpcDescription, ServiceDescription } from "@tutti/contracts/rpc";

/** A method of a service in the mesh, created once per client or server. */
export interface Method {
  /** The name of the service for discovery: `registry`. */
  readonly service: string;
  /** The same name if the contract belongs to another area, else empty: several services may host such a contract. */
  readonly hosted: string;
  /** `tutti.registry.v1.RegistryService` */
  readonly contract: string;
  /** `Register` */
  readonly name: string;
  /** `RegistryService.Register`: the name in errors and logs. */
  readonly label: string;
  /** Part of the mesh itself (health, reflection): exempt from policy and load shedding. */
  readonly builtin: boolean;
  /** Either side may send more than one message. */
  readonly streaming: boolean;
  readonly rpc: RpcDescription<unknown, unknown>;
}

export interface MethodOptions {
  /** The service that hosts the contract, if several do. Default: the host of its area. */
  readonly service?: string | undefined;
  readonly builtin?: boolean | undefined;
}

/** Hosts of areas that have no service of their name. */
const hosts: Readonly<Record<string, string | undefined>> = { session: "master", intelligence: "master" };

/** Returns the service that hosts a contract. */
export function hostOf({ area }: ServiceDescription, { service }: MethodOptions): string {
  return service ?? hosts[area] ?? area;
}

export function methodsOf(description: ServiceDescription, options: MethodOptions = {}): [string, Method][] {
  const contract = description.name;
  const short = contract.slice(contract.lastIndexOf(".") + 1);
  const service = hostOf(description, options);
  return Object.entries(description.methods).map(([key, rpc]) => [
    key,
    {
      service,
      hosted: service === description.area ? "" : service,
      contract,
      name: rpc.name,
      label: `${short}.${rpc.name}`,
      builtin: options.builtin ?? false,
      streaming: rpc.requestStream || rpc.replyStream,
      rpc,
    },
  ]);
}
