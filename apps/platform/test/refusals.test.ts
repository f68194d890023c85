import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { type Instance, registryService } from "@tutti/contracts/registry/v1";
import { failureOf, OutsideClient } from "./support/outside-client.ts";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const { register, renew, findCapabilities } = registryService.methods;
const megabyte = 1024 * 1024;

function instance(given: Partial<Instance> = {}): Instance {
  return {
    id: "inst_01m7w2p8wjh73g3mb3r62nq4vb",
    service: "shop",
    address: "127.0.0.1:9",
    operationsAddress: "",
    version: "1.0.0",
    labels: {},
    offers: [],
    health: undefined,
    load: undefined,
    host: undefined,
    registerTime: undefined,
    renewTime: undefined,
    revision: 0,
    ...given,
  };
}

describe("what a foreign client gets for bad input", () => {
  let folder: Folder;
  let platform: Service;
  let outsider: OutsideClient;

  before(async () => {
    folder = await makeFolder();
    platform = await start("platform", [`--mesh.limits.messageBytes=${megabyte}`], {
      directory: folder.path,
    });
    outsider = new OutsideClient(platform.grpc);
  });

  after(async () => {
    outsider[Symbol.dispose]();
    await platform[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  it("INVALID_ARGUMENT with the path of each field that is wrong, and nothing is done", async () => {
    const capability = (name: string, version: string) => ({
      ...{ name, version, inputSchema: "{", outputSchema: "", description: "" },
      cost: { durationMs: -1, money: 0, tokens: 0 },
    });
    const offers = [capability("pay.charge", "2.0.0"), capability("", "two")].map((each) => ({
      ...{ namespace: "", capability: each, providers: 0 },
    }));
    const bad = instance({ service: "Shop!", address: "nowhere", labels: { "": "x" }, offers });

    const { code, error } = await failureOf(outsider.call(register, { instance: bad, leaseMs: -5 }));

    assert.equal(code, status.INVALID_ARGUMENT);
    assert.equal(error.code, "mesh.invalid_request");
    assert.deepEqual(error.violations.map(({ field }) => field).sort(), [
      "instance.address",
      'instance.labels[""]',
      "instance.offers[0].capability.cost.duration_ms",
      "instance.offers[0].capability.input_schema",
      "instance.offers[1].capability.cost.duration_ms",
      "instance.offers[1].capability.input_schema",
      "instance.offers[1].capability.name",
      "instance.offers[1].capability.version",
      "instance.service",
      "lease_ms",
    ]);
    for (const { message } of error.violations) assert.match(message, /^expected .+, found .+/);
    assert.match(
      error.message,
      /^the request of RegistryService\.Register is not valid: .+ \(and 9 more\); mend it/,
    );
    const shops = await outsider.call(registryService.methods.listServices, { page: undefined });
    assert.deepEqual(
      shops.services.map(({ name }) => name),
      ["blob", "gateway", "governance", "master", "registry", "swarm", "workflow"],
    );
  });

  for (const [what, call, field] of [
    [
      "a request without what it must have",
      () => outsider.call(register, { instance: undefined, leaseMs: 0 }),
      "instance",
    ],
    ["an empty request", () => outsider.send(renew.path, new Uint8Array()), "renewals"],
    [
      "a range that is none",
      () =>
        outsider.call(findCapabilities, {
          ...{ namespace: "", name: "pay.charge", versionRange: "^^2", labels: undefined },
        }),
      "version_range",
    ],
    [
      "a page token of another list",
      () => outsider.call(registryService.methods.listServices, { page: { size: 1, token: "made up" } }),
      "page.token",
    ],
  ] as const) {
    it(`INVALID_ARGUMENT naming ${field} for ${what}`, async () => {
      const { code, error } = await failureOf(call());

      assert.equal(code, status.INVALID_ARGUMENT);
      assert.deepEqual(
        error.violations.map((violation) => violation.field),
        [field],
      );
    });
  }

  it("INVALID_ARGUMENT for bytes that are no message", async () => {
    const { code, error } = await failureOf(outsider.send(register.path, Buffer.from("GET / HTTP/1.1")));

    assert.equal(code, status.INVALID_ARGUMENT);
    assert.equal(error.code, "mesh.malformed");
  });

  it("RESOURCE_EXHAUSTED naming the setting for a message that is too large, and the connection stays of use", async () => {
    const { code, error } = await failureOf(outsider.send(register.path, Buffer.alloc(megabyte + 1)));

    assert.equal(code, status.RESOURCE_EXHAUSTED);
    assert.match(
      error.message,
      /at most 1,048,576 bytes \(mesh\.limits\.messageBytes\), found 1,048,577; send it in parts/,
    );
    await outsider.call(registryService.methods.listServices, { page: undefined });
  });

  it("UNIMPLEMENTED for a method that is not served", async () => {
    const { code, error } = await failureOf(
      outsider.send("/tutti.registry.v1.RegistryService/Guess", Buffer.of()),
    );

    assert.equal(code, status.UNIMPLEMENTED);
    assert.match(error.message, /Guess/);
  });

  it("NOT_FOUND with a code for what is not there", async () => {
    const { code, error } = await failureOf(
      outsider.call(registryService.methods.getInstance, { instanceId: instance().id }),
    );

    assert.equal(code, status.NOT_FOUND);
    assert.equal(error.code, "registry.instance_unknown");
  });

  it("a registration that is good, after all of that", async () => {
    const reply = await outsider.call(register, { instance: instance(), leaseMs: 1_000 });

    assert.equal(reply.leaseMs, 1_000);
  });
});
