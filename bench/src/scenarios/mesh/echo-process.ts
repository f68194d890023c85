/** The called side of the scenario `mesh` over gRPC: the mesh's server, and a bare one of grpc-js, in one process. */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { agentLinkService } from "@tutti/contracts/agent/v1";
import { silentLogger } from "@tutti/kernel";
import { Mesh } from "@tutti/mesh";
import { bareDefinition } from "./bare.ts";
import { acknowledgement, linkHandlers, questionContract, questionHandlers, reply } from "./echo.ts";

const mesh = new Mesh({
  settings: { transport: "grpc", listen: "127.0.0.1:0" },
  foundation: { logger: silentLogger },
});
mesh.serve(questionContract, questionHandlers);
mesh.serve(agentLinkService, linkHandlers);
await mesh.start();

const bare = new Server();
bare.addService(bareDefinition, {
  getInstance: (_call: unknown, callback: (error: null, value: unknown) => void) => callback(null, reply),
  link: (call: {
    on(event: string, listener: () => void): void;
    write(value: unknown): void;
    end(): void;
  }) => {
    call.on("data", () => call.write(acknowledgement));
    call.on("end", () => call.end());
  },
});
bare.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${JSON.stringify({ mesh: mesh.address, bare: `127.0.0.1:${port}` })}\n`);
});
