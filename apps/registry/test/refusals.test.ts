import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  DeregisterRequest,
  FindCapabilitiesRequest,
  FindInstancesRequest,
  GetCapabilityMapRequest,
  GetInstanceRequest,
  ListServicesRequest,
  RegisterRequest,
  RenewRequest,
  registryService,
  WatchRequest,
} from "@tutti/contracts/registry/v1";
import { describeRefusals } from "@tutti/host/testing";
import { isTuttiError } from "@tutti/kernel";
import { Mesh } from "@tutti/mesh";
import { registryHandlers } from "../src/api/handlers.ts";
import { registry } from "../src/service.ts";
import { openDesk } from "./desk.ts";

const long = "x".repeat(2_000);

describeRefusals({
  contract: registryService,
  services: [registry],
  table: {
    register: {
      malformed: RegisterRequest.fromPartial({ instance: { id: "-1", service: "workflow" } }),
      field: "instance.id",
      tooLarge: RegisterRequest.fromPartial({
        instance: { id: "inst_1", service: "workflow", labels: { long } },
      }),
    },
    renew: {
      malformed: RenewRequest.fromPartial({ renewals: [{ instanceId: "inst_1" }, { instanceId: "" }] }),
      field: "renewals[1].instance_id",
      tooLarge: RenewRequest.fromPartial({ renewals: [{ instanceId: "inst_1", health: { reason: long } }] }),
    },
    deregister: {
      malformed: DeregisterRequest.fromPartial({ instanceId: "" }),
      field: "instance_id",
      tooLarge: DeregisterRequest.fromPartial({ instanceId: "inst_1", reason: long }),
    },
    watch: {
      malformed: WatchRequest.fromPartial({ services: ["Workflow"] }),
      field: "services[0]",
      tooLarge: WatchRequest.fromPartial({ services: [long] }),
    },
    getInstance: {
      malformed: GetInstanceRequest.fromPartial({ instanceId: "a b" }),
      field: "instance_id",
      tooLarge: GetInstanceRequest.fromPartial({ instanceId: long }),
    },
    findInstances: {
      malformed: FindInstancesRequest.fromPartial({ capability: { name: "" } }),
      field: "capability.name",
      tooLarge: FindInstancesRequest.fromPartial({ service: long }),
    },
    listServices: {
      malformed: ListServicesRequest.fromPartial({ page: { token: "x".repeat(5_000) } }),
      field: "page.token",
      tooLarge: ListServicesRequest.fromPartial({ page: { token: long } }),
    },
    findCapabilities: {
      malformed: FindCapabilitiesRequest.fromPartial({ name: "pay.charge", versionRange: "two" }),
      field: "version_range",
      tooLarge: FindCapabilitiesRequest.fromPartial({ name: long }),
    },
    getCapabilityMap: {
      malformed: GetCapabilityMapRequest.fromPartial({ namespace: "Default" }),
      field: "namespace",
      tooLarge: GetCapabilityMapRequest.fromPartial({ prefix: long }),
    },
  },
});

describe("a watch of the registry", () => {
  it("ends when its deadline passes, and leaves nothing behind", async () => {
    await using desk = await openDesk();
    const { foundation } = desk;
    const mesh = new Mesh({ foundation, settings: { transport: "in-process" } });
    mesh.serve(registryService, registryHandlers(desk));
    const watch = mesh.client(registryService).watch(WatchRequest.create(), { timeoutMs: 50 });
    await watch.next();
    assert.equal(foundation.metrics.value("tutti_registry_watchers"), 1);

    const rest = watch.next();
    const late = assert.rejects(rest, (error) => isTuttiError(error) && error.status === "DEADLINE_EXCEEDED");
    await foundation.time.advanceAsync(1_000);
    await late;
    assert.equal(foundation.metrics.value("tutti_registry_watchers"), 0);
    await mesh.stop();
  });
});
