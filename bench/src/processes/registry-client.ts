import { type Instance, registryService } from "@tutti/contracts/registry/v1";
import { silentLogger } from "@tutti/kernel";
import { Mesh } from "@tutti/mesh";

/** A mesh that only calls, and knows the registry by its address. */
export function registryClient(address: string) {
  const mesh = new Mesh({
    settings: { transport: "grpc", peers: { registry: [address] } },
    foundation: { logger: silentLogger },
  });
  return {
    registry: mesh.client(registryService),
    [Symbol.asyncDispose]: () => mesh.stop(),
  };
}

/** An instance as services register: a few capabilities with schemas, labels, health. */
export function someInstance(number: number): Instance {
  const schema = JSON.stringify({ type: "object", properties: { amount: { type: "number" } } });
  const capability = (name: string) => ({
    name,
    version: "2.1.0",
    inputSchema: schema,
    outputSchema: schema,
    cost: { durationMs: 20, money: 0.01, tokens: 0 },
    description: "",
  });
  return {
    id: `inst_bench_${number}`,
    service: `service-${number % 20}`,
    address: "127.0.0.1:1",
    operationsAddress: "",
    version: "1.0.0",
    labels: { zone: `zone-${number % 3}` },
    offers: ["pay.charge", "pay.refund"].map((name) => ({
      namespace: "",
      capability: capability(name),
      providers: 0,
    })),
    health: undefined,
    load: undefined,
    host: undefined,
    registerTime: undefined,
    renewTime: undefined,
    revision: 0,
  };
}
