import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { planOf, portsNeeded, portsOf } from "./plan.ts";
import { services, usualShape } from "./shape.ts";

const free = (count: number) => Array.from({ length: count }, (_, number) => 20_000 + number);
const planned = (shape = usualShape, directory = "/tmp/c") =>
  planOf(shape, portsOf(shape, free(portsNeeded(shape))), directory);

describe("the plan of a cluster", () => {
  it("has NATS first, then services in their order, each with ports of its own", () => {
    const { members } = planned();
    const kinds = members.map(({ kind }) => kind);
    assert.deepEqual([...new Set(kinds)], ["nats", ...services]);
    assert.equal(new Set(members.map(({ name }) => name)).size, members.length);
    const ports = members.flatMap(({ ports }) => Object.values(ports));
    assert.equal(new Set(ports).size, ports.length);
    assert.equal(ports.length, portsNeeded(usualShape));
  });

  it("replicates three times with three servers, and syncs every write of a single server", () => {
    const configurationOf = (nats: number) => {
      const { files, members } = planned({ ...usualShape, nats });
      const args = members.flatMap(({ kind, args: words }) => (kind === "registry" ? words : []));
      assert.ok(args.includes(`--registry.replicas=${nats}`));
      const text = files.find(({ path }) => path.endsWith("tutti.yaml"))?.text ?? "";
      const server = files.find(({ path }) => path.endsWith("nats-1.conf"))?.text ?? "";
      return { ...parse(text).integration, server };
    };
    const [one, three] = [configurationOf(1), configurationOf(3)];
    assert.deepEqual([one.cluster.replicas, one.bus.replicas, one.ownership.replicas], [1, 1, 1]);
    assert.deepEqual([three.cluster.replicas, three.bus.replicas, three.ownership.replicas], [3, 3, 3]);
    assert.match(one.server, /sync_interval: always/);
    assert.doesNotMatch(three.server, /sync_interval/);
    assert.match(three.server, /routes: \[("nats:[^"]+"(, )?){3}\]/);
    assert.equal(three.nats.servers.length, 3);
  });

  it("keeps the ports of the remaining members", () => {
    const before = portsOf(usualShape, free(portsNeeded(usualShape)));
    const shape = { ...usualShape, processes: { ...usualShape.processes, workflow: 4 } };
    const after = portsOf(shape, [1, 2, 3, 4], before);
    for (const [name, ports] of Object.entries(before.services))
      assert.deepEqual(after.services[name], ports);
    assert.deepEqual(after.services["workflow-3"], { http: 1, grpc: 2 });
    assert.throws(() => portsOf(shape, [1, 2, 3], before), RangeError);
  });

  it("uses a certificate per service with TLS, and none without", () => {
    const argsOf = (isProtected: boolean) =>
      planned({ ...usualShape, isProtected })
        .members.filter(({ kind }) => kind === "swarm")
        .flatMap(({ args }) => args);
    assert.ok(argsOf(true).includes("--mesh.tls.cert=/tmp/c/certificates/swarm.crt"));
    assert.ok(argsOf(false).every((arg) => !arg.startsWith("--mesh.tls")));
  });
});
