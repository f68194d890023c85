import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  credentials,
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceClientConstructor,
  type ServiceDefinition,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { grpcAdapter } from "@tutti/sdk/adapters";
import { adapterCalls, overheadGoal } from "../measure/adapter-calls.ts";
import type { Scenario } from "../scenario.ts";

const contract = `syntax = "proto3";
package shop.v1;
message Order {
  string id = 1;
  int64 cents = 2;
  repeated string parts = 3;
}
service Orders {
  rpc Read(Order) returns (Order) { option idempotency_level = NO_SIDE_EFFECTS; }
  rpc Write(Order) returns (Order);
}
`;
const order = { cents: 4_200, parts: ["bow", "case"] };

/** Server and client are in this process, so the cost includes both sides. */
export const grpc: Scenario = {
  name: "grpc",
  about: "a method through the gRPC adapter, compared with the plain client",
  goals: [overheadGoal("read"), overheadGoal("write")],
  async *run(budget) {
    await using folder = await mkdtempDisposable(join(tmpdir(), "tutti-bench-grpc-"));
    const proto = join(folder.path, "shop.proto");
    await writeFile(proto, contract);
    const definition = loadSync(proto, { longs: String });
    const service = definition["shop.v1.Orders"] as ServiceDefinition;
    const answer = ({ request }: ServerUnaryCall<object, object>, reply: sendUnaryData<object>) =>
      reply(null, request);
    const server = new Server();
    server.addService(service, { Read: answer, Write: answer });
    const bind = promisify(server.bindAsync.bind(server));
    const address = `127.0.0.1:${await bind("127.0.0.1:0", ServerCredentials.createInsecure())}`;
    const shop = loadPackageDefinition(definition)["shop"] as {
      readonly v1: { readonly Orders: ServiceClientConstructor };
    };
    const client = new shop.v1.Orders(address, credentials.createInsecure());
    const adapter = await grpcAdapter({ name: "shop", url: `grpc://${address}`, protos: [proto] });
    const calls = adapterCalls(adapter, address);
    try {
      for (const variant of ["read", "write"]) {
        const method = promisify((input: object, done: (error: Error | null) => void) =>
          client[variant]?.(input, done),
        );
        yield await calls.measured(variant, budget, {
          client: (id) => method({ id, ...order }),
          input: (id) => ({ id, ...order }),
        });
      }
    } finally {
      adapter.close?.();
      client.close();
      server.forceShutdown();
    }
  },
};
