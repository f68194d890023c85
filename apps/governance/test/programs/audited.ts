/** A process with the service that makes namespaces and has them audited, until it is killed. Says what was acknowledged, line by line. */
import {
  auditService,
  CreateNamespaceRequest,
  namespaceService,
  SearchRecordsRequest,
} from "@tutti/contracts/governance/v1";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { governance } from "../../src/service.ts";

const [directory = "", from = "0"] = process.argv.slice(2);
const flags = ["--mesh.transport=in-process", "--operations.port=0", "--log.level=fatal"];
const host = await ServiceHost.open({
  ...{ name: "audited", version: "0.1.0", services: [governance] },
  ...{ sources: memorySources({ arguments: flags }), dataDirectory: () => directory },
});
await host.start();
const [audit, namespaces] = [host.mesh.client(auditService), host.mesh.client(namespaceService)];
const say = (said: object) => process.stdout.write(`${JSON.stringify(said)}\n`);

async function make(): Promise<never> {
  for (let number = Number(from); ; number++) {
    const name = `shop-${number}`;
    await namespaces.createNamespace(CreateNamespaceRequest.fromPartial({ resource: { name } }));
    say({ made: number });
  }
}

/** Each search has a checkpoint made of what is new. */
async function take(): Promise<never> {
  for (;;) {
    await audit.searchRecords(SearchRecordsRequest.fromPartial({ page: { size: 1 } }));
    const { checkpoint } = await audit.getCheckpoint({ number: 0 });
    if (checkpoint !== undefined)
      say({ checkpoint: checkpoint.number, root: Buffer.from(checkpoint.rootHash).toString("hex") });
  }
}

await Promise.all([make(), take()]);
