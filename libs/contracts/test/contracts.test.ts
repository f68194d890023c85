import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { blobService, PutRequest } from "@tutti/contracts/blob/v1";
import { fileDescriptorSet } from "@tutti/contracts/descriptors";
import { type EventType, eventDescriptions, RunFailed } from "@tutti/contracts/events/v1";
import {
  FindCapabilitiesRequest,
  HealthState,
  RegisterRequest,
  registryService,
  WatchRequest,
} from "@tutti/contracts/registry/v1";
import type { FieldViolation, RpcDescription } from "@tutti/contracts/rpc";
import { DeliverRequest, RepairQuarantinedRequest, runtimeService } from "@tutti/contracts/runtime/v1";

function check<Request>(rpc: RpcDescription<Request, unknown>, request: Request): FieldViolation[] {
  const found: FieldViolation[] = [];
  rpc.check(request, found);
  return found;
}

const { register, findCapabilities, watch } = registryService.methods;

const instance = {
  id: "inst_1",
  service: "workflow",
  address: "localhost:7401",
  labels: { zone: "a" },
  offers: [{ namespace: "default", capability: { name: "pay.charge", version: "2.1.0" } }],
  health: { state: HealthState.HEALTH_STATE_READY },
};

describe("validation generated from the contracts", () => {
  it("a good request has no findings", () => {
    assert.deepEqual(check(register, RegisterRequest.create({ instance, leaseMs: 15000 })), []);
  });

  const wrong: readonly [title: string, request: RegisterRequest, field: string, message: RegExp][] = [
    ["a missing message", RegisterRequest.create({}), "instance", /got none/],
    [
      "a missing string",
      RegisterRequest.create({ instance: { ...instance, id: "" } }),
      "instance.id",
      /expected a value, got none/,
    ],
    [
      "a string without its form",
      RegisterRequest.create({ instance: { ...instance, address: "nowhere" } }),
      "instance.address",
      /expected host:port .*, got "nowhere"/,
    ],
    [
      "a field in a message in a list",
      RegisterRequest.create({
        instance: {
          ...instance,
          offers: [...instance.offers, { capability: { name: "Pay", version: "1.0.0" } }],
        },
      }),
      "instance.offers[1].capability.name",
      /dotted lower-case name/,
    ],
    [
      "a key of a map",
      RegisterRequest.create({ instance: { ...instance, labels: { "a b": "c" } } }),
      'instance.labels["a b"]',
      /starting with a letter or digit, got "a b"/,
    ],
    [
      "a value of a map",
      RegisterRequest.create({ instance: { ...instance, labels: { zone: "z".repeat(257) } } }),
      'instance.labels["zone"]',
      /at most 256 characters, got 257/,
    ],
    [
      "too many entries of a map",
      RegisterRequest.create({
        instance: {
          ...instance,
          labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, ""])),
        },
      }),
      "instance.labels",
      /at most 64 entries, got 65/,
    ],
    [
      "a number out of its range",
      RegisterRequest.create({ instance, leaseMs: -1 }),
      "lease_ms",
      /from 0 to 3600000, got -1/,
    ],
    [
      "a number that is none",
      RegisterRequest.create({ instance: { ...instance, host: { cpu: Number.NaN } } }),
      "instance.host.cpu",
      /from 0 to 1, got NaN/,
    ],
    [
      "an enum's value of a later release",
      RegisterRequest.create({ instance: { ...instance, health: { state: 9 as HealthState } } }),
      "instance.health.state",
      /expected one of HEALTH_STATE_READY, .*, got 9/,
    ],
  ];
  for (const [title, request, field, message] of wrong) {
    it(`${title} is found with its path`, () => {
      const found = check(register, request);
      assert.deepEqual(
        found.map((problem) => problem.field),
        [field],
      );
      assert.match(found[0]?.message ?? "", message);
    });
  }

  it("each entry of a list has the form that the list's rule names, and none is empty", () => {
    const found = check(watch, WatchRequest.create({ services: ["workflow", "", "Swarm"] }));
    assert.deepEqual(
      found.map((problem) => problem.field),
      ["services[1]", "services[2]"],
    );
  });

  it("a missing choice is reported with its alternatives, and the selected alternative is validated", () => {
    const { put } = blobService.methods;
    assert.deepEqual(check(put, PutRequest.create({})), [
      { field: "part", message: "expected one of header, chunk, got none" },
    ]);
    assert.deepEqual(check(put, PutRequest.create({ part: { $case: "chunk", value: new Uint8Array(0) } })), [
      { field: "chunk", message: "expected a value, got none" },
    ]);
    const header = { sha256: new Uint8Array(31), size: undefined };
    assert.deepEqual(check(put, PutRequest.create({ part: { $case: "header", value: header } })), [
      { field: "header.sha256", message: "expected exactly 32 bytes, got 31" },
    ]);
  });
});

describe("descriptions of services", () => {
  it("carry name, path, streams, policy and repetition of each rpc", () => {
    assert.equal(registryService.name, "tutti.registry.v1.RegistryService");
    assert.equal(registryService.area, "registry");
    assert.equal(watch.path, "/tutti.registry.v1.RegistryService/Watch");
    assert.deepEqual([watch.requestStream, watch.replyStream, watch.repeat], [false, true, "resumes"]);
    assert.deepEqual([register.action, register.resource], ["registry.instances.register", "instance"]);
  });

  it("the namespace of a request is the requested one or `default`, and undefined for the installation", () => {
    assert.equal(findCapabilities.namespaceOf(FindCapabilitiesRequest.create({ namespace: "team" })), "team");
    assert.equal(findCapabilities.namespaceOf(FindCapabilitiesRequest.create({})), "default");
    assert.equal(register.namespaceOf(RegisterRequest.create({ instance })), undefined);
  });

  it("the key of a request is its idempotency key or the chosen id, and empty without both", () => {
    const repair = runtimeService.methods.repairQuarantined;
    assert.equal(repair.idempotencyKeyOf(RepairQuarantinedRequest.create({ idempotencyKey: "k" })), "k");
    assert.equal(register.idempotencyKeyOf(RegisterRequest.create({ instance })), "inst_1");
    assert.equal(register.idempotencyKeyOf(RegisterRequest.create({})), "");
    assert.equal(watch.idempotencyKeyOf(WatchRequest.create({})), "");
  });

  it("a keyed rpc has the kind and the id of its subject", () => {
    const { route } = runtimeService.methods.deliver;
    assert.equal(route?.kind, "partition");
    assert.equal(route?.idOf(DeliverRequest.create({ partition: 7 })), "7");
    assert.equal(register.route, undefined);
  });

  it("reflection's descriptors know every rpc by the same name", () => {
    const known = createFileRegistry(fromBinary(FileDescriptorSetSchema, fileDescriptorSet()));
    for (const service of [registryService, runtimeService, blobService]) {
      const names = known.getService(service.name)?.methods.map((method) => method.name);
      assert.deepEqual(
        Object.values(service.methods).map((method) => method.name),
        names,
      );
    }
  });
});

describe("descriptions of events", () => {
  it("are found by their type, each under its own", () => {
    for (const type of Object.keys(eventDescriptions) as EventType[]) {
      assert.equal(eventDescriptions[type].type, type);
      assert.match(type, /^tutti\.[a-z]+\.[a-z_]+\.[a-z_]+$/);
    }
  });

  it("a payload reads the same as bytes and as JSON", () => {
    const description = eventDescriptions["tutti.workflow.run.failed"];
    const failed = RunFailed.create({
      header: {
        namespace: "default",
        resource: "run_1",
        sequence: 3,
        time: { seconds: 1_800_000_000, nanos: 5e8 },
      },
      definition: "order",
      error: { code: "workflow.task_failed", message: "expected 200, got 500" },
    });
    assert.deepEqual(description.payload.decode(description.payload.encode(failed)), failed);
    const json = JSON.stringify(description.toJson(failed));
    assert.match(json, /"time":"2027-01-15T08:00:00\.500Z"/);
    assert.deepEqual(description.fromJson(JSON.parse(json)), failed);
  });
});
