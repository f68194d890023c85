import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connect } from "@nats-io/transport-node";
import { type Instance, registryService } from "@tutti/contracts/registry/v1";
import { until } from "@tutti/kernel/testing";
import {
  freePort,
  type NatsServer,
  natsServerProgram,
  startGreeter,
  startNatsServer,
} from "@tutti/nats/testing";
import { livez, readyz } from "./support/operations.ts";
import { OutsideClient } from "./support/outside-client.ts";
import { launch, ready, type Service, start, usingNats } from "./support/services.ts";

const program = await natsServerProgram();
const { register, renew, listServices, findInstances, getInstance } = registryService.methods;

describe("a process that needs NATS", { skip: program.skip, concurrency: 2 }, () => {
  it("waits for NATS, alive but not ready, and is ready when NATS is available", async () => {
    const port = await freePort();
    await using registry = launch("registry", usingNats(`127.0.0.1:${port}`));
    const { port: httpPort } = await registry.line("operations endpoints listening");
    const http = `http://127.0.0.1:${httpPort}`;
    const first = await registry.line(({ level, component }) => level === "warn" && component === "nats");

    const waiting = await readyz(http);
    const alive = await livez(http);
    await using _server = await startNatsServer({ port });
    const { grpc } = await ready(registry);
    using outsider = new OutsideClient(grpc);
    const { services } = await until(
      "the registry to know itself",
      () => outsider.call(listServices, { page: undefined }),
      (reply) => reply.services.length === 1,
    );

    assert.equal(waiting.status, 503);
    assert.deepEqual(
      waiting.body.problems.map(({ component }) => component),
      ["registry"],
    );
    assert.match(waiting.body.problems[0]?.reason ?? "", /nats/);
    assert.equal(alive.status, 200);
    assert.match(first.msg, /NATS.*again/);
    assert.match(JSON.stringify(first["error"]), /connection refused/);
    assert.deepEqual(first["servers"], [`127.0.0.1:${port}`]);
    assert.equal(services[0]?.name, "registry");
    assert.equal((await readyz(http)).status, 200);
  });

  it("refuses a server that is too old, and names its version and the required version", async () => {
    await using old = await startGreeter({ version: "2.9.10" });
    await using registry = launch("registry", usingNats(old.address));

    const { code } = await registry.waitForExit();

    assert.equal(code, 1);
    assert.match(registry.errorOutput, /^registry did not start: .*2\.9\.10.*2\.10\.27.*\n$/);
  });

  it("refuses a server without JetStream, and says how to start it", async () => {
    await using plain = await startNatsServer({ jetstream: false });
    await using registry = launch("registry", usingNats(plain.address));

    const { code } = await registry.waitForExit();

    assert.equal(code, 1);
    assert.match(
      registry.errorOutput,
      /^registry did not start: JetStream is not available at .*\. Start it with `-js`, and enable JetStream for the account\.\n$/,
    );
  });

  it("is degraded when it loses NATS, continues to serve, and recovers automatically", async () => {
    await using server = await startNatsServer();
    await using registry = await start("registry", usingNats(server.address));
    using outsider = new OutsideClient(registry.grpc);
    const listed = await until(
      "the registry to know itself",
      () => outsider.call(listServices, { page: undefined }),
      (reply) => reply.services.length === 1,
    );

    await server.down("kill");
    const lost = await until(
      "the loss to show",
      () => readyz(registry.http),
      ({ body }) => body.health.level === "degraded",
    );
    const during = await outsider.call(listServices, { page: undefined });
    const alive = await livez(registry.http);
    await server.up();
    const recovered = await until(
      "the recovery to show",
      () => readyz(registry.http),
      ({ body }) => body.health.level === "healthy",
    );

    assert.match(lost.body.health.reason, /nats is degraded: the connection is lost/);
    assert.equal(alive.status, 200);
    assert.deepEqual(during, listed);
    assert.equal(recovered.status, 200);
    const { level } = await registry.line(({ msg }) => /^lost the connection to NATS/.test(msg));
    assert.equal(level, "warn");
    await registry.line("connected to NATS again");
    assert.deepEqual(await registry.stop(), { code: 0, signal: null });
    assert.deepEqual(
      registry.lines.filter((line) => line.level === "error"),
      [],
    );
  });
});

describe("two registries over one NATS", { skip: program.skip }, () => {
  let server: NatsServer;
  let one: Service;
  let other: Service;
  let atOne: OutsideClient;
  let atOther: OutsideClient;

  before(async () => {
    server = await startNatsServer();
    [one, other] = await Promise.all(
      [1, 2].map(() => start("registry", usingNats(server.address))) as [Promise<Service>, Promise<Service>],
    );
    atOne = new OutsideClient(one.grpc);
    atOther = new OutsideClient(other.grpc);
  });

  after(async () => {
    for (const client of [atOne, atOther]) client?.[Symbol.dispose]();
    for (const each of [one, other, server]) await each?.[Symbol.asyncDispose]();
  });

  const shop: Instance = {
    id: "inst_01m7w2p8wjh73g3mb3r62nq4vb",
    service: "shop",
    address: "127.0.0.1:9",
    operationsAddress: "",
    ...{ version: "1.0.0", labels: {}, offers: [], health: undefined, load: undefined, host: undefined },
    ...{ registerTime: undefined, renewTime: undefined, revision: 0, openBreaker: "" },
  };
  const shops = { service: "shop", capability: undefined, labels: undefined, health: [], page: undefined };

  it("an instance that registered at one is found at the other", async () => {
    await atOne.call(register, { instance: shop, leaseMs: 60_000 });

    const { instances } = await until(
      "the shop at the other",
      () => atOther.call(findInstances, shops),
      (reply) => reply.instances.length === 1,
    );

    assert.equal(instances[0]?.id, shop.id);
  });

  it("any reader of NATS receives it as a CloudEvent, without our libraries", async () => {
    const reader = await connect({ servers: server.address });
    const events = reader.subscribe("tutti.events.*.registry.instance.registered");
    await reader.flush();
    const instance = { ...shop, id: "inst_01m7w2p8wjh73g3mb3r62nq4vf", service: "kiosk" };

    await atOne.call(register, { instance, leaseMs: 60_000 });

    const event = await first(events);
    await reader.close();
    const header = (name: string) => decodeURIComponent(event.headers?.get(`ce-${name}`) ?? "");
    assert.equal(header("specversion"), "1.0");
    assert.equal(header("type"), "tutti.registry.instance.registered");
    assert.equal(header("subject"), instance.id);
    assert.equal(header("datacontenttype"), "application/json");
    const { service, address } = event.json<{ service: string; address: string }>();
    assert.deepEqual({ service, address }, { service: "kiosk", address: shop.address });
  });

  it("a lease that ran out is over at both", async () => {
    await atOne.call(register, {
      instance: { ...shop, id: "inst_01m7w2p8wjh73g3mb3r62nq4vc", service: "stall" },
      leaseMs: 1_000,
    });

    for (const client of [atOne, atOther])
      await until(
        "the stall to be gone",
        () => client.call(listServices, { page: undefined }),
        (reply) => reply.services.every(({ name }) => name !== "stall"),
      );
  });

  it("when one is killed, renewals continue at the other, and leases without renewal expire there", async () => {
    const kept = { ...shop, id: "inst_01m7w2p8wjh73g3mb3r62nq4vd", service: "kept" };
    const left = { ...shop, id: "inst_01m7w2p8wjh73g3mb3r62nq4ve", service: "left" };
    await Promise.all([kept, left].map((instance) => atOne.call(register, { instance, leaseMs: 1_500 })));
    await one.kill();

    const renewal = { instanceId: kept.id, health: undefined, load: undefined, host: undefined };
    await until(
      "the one without renewals to be gone",
      async () => {
        const { unknownInstanceIds } = await atOther.call(renew, { renewals: [renewal] });
        assert.deepEqual(unknownInstanceIds, []);
        return atOther.call(findInstances, { ...shops, service: "left" });
      },
      (reply) => reply.instances.length === 0,
    );

    assert.equal((await atOther.call(getInstance, { instanceId: kept.id })).instance?.service, "kept");
  });
});

async function first<T>(source: AsyncIterable<T>): Promise<T> {
  for await (const each of source) return each;
  throw new Error("expected something, got the end");
}
