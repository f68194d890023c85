import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  Namespace,
  namespaceService,
  policyService,
  Role,
  RoleBinding,
} from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { isTuttiError } from "@tutti/kernel";
import { eventually } from "@tutti/kernel/testing";
import { unscoped } from "@tutti/policy";
import { as, codeOf, person, Serving } from "./serving.ts";

describe("namespaces", () => {
  let serving: Serving;
  const client = () => serving.host.mesh.client(namespaceService, { service: "governance" });
  const create = (fields: Parameters<typeof Namespace.fromPartial>[0]) =>
    client().createNamespace({ resource: Namespace.fromPartial(fields) });
  const update = (changes: Parameters<typeof Namespace.fromPartial>[0], fields: string[], revision = "") =>
    client().updateNamespace({
      ...{ resource: Namespace.fromPartial(changes), update: { fields, revision }, reason: "" },
    });
  const names = async () => {
    const { resources } = await client().listNamespaces({ labels: undefined, page: undefined });
    return resources.map(({ name }) => name);
  };

  before(async () => {
    serving = await Serving.open();
  });
  after(() => serving[Symbol.asyncDispose]());

  it("default and system always exist, and cannot be created again with other content", async () => {
    assert.deepEqual(await names(), ["default", "system"]);
    assert.equal((await create({ name: "default" })).existed, true);
    await assert.rejects(create({ name: "default", description: "mine" }), codeOf("tenant.exists"));
    const { resource } = await update({ name: "default", description: "ours" }, ["description"]);
    assert.equal(resource?.description, "ours");
    assert.equal((await create({ name: "default", description: "ours" })).existed, true);
  });

  it("a namespace is created once, and a repeated creation returns the existing one", async () => {
    const fields = { name: "shop", description: "sells", labels: { team: "a" } };
    assert.equal((await create(fields)).existed, false);
    assert.equal((await create(fields)).existed, true);
    await assert.rejects(create({ name: "shop" }), codeOf("tenant.exists"));
    assert.deepEqual(await names(), ["default", "shop", "system"]);
    await assert.rejects(client().getNamespace({ namespace: "nowhere" }), codeOf("tenant.missing"));
  });

  it("the list has the fields of each namespace that the service sets", async () => {
    await create({ name: "listed" });
    const { resource } = await client().getNamespace({ namespace: "listed" });
    assert.notEqual(resource?.createTime, undefined);
    const { resources } = await client().listNamespaces({ labels: undefined, page: undefined });
    assert.deepEqual(
      resources.find(({ name }) => name === "listed"),
      resource,
    );
  });

  it("an update changes the listed fields, at the revision that its caller read", async () => {
    await create({ name: "update", labels: { team: "a" } });
    const { resource } = await client().getNamespace({ namespace: "update" });
    const first = await update({ name: "update", suspended: true }, ["suspended"], resource?.revision);
    assert.deepEqual([first.resource?.suspended, first.resource?.labels], [true, { team: "a" }]);
    await assert.rejects(
      update({ name: "update", suspended: false }, ["suspended"], resource?.revision),
      codeOf("tenant.moved"),
    );
    await assert.rejects(update({ name: "update" }, ["revision"]), codeOf("tenant.invalid"));
  });

  it("a built-in namespace cannot be deleted, and none is deleted if its open work is unknown", async () => {
    const remove = (namespace: string) =>
      client().deleteNamespace({ namespace, reason: "not needed" }, { timeoutMs: 500 });
    await assert.rejects(remove("system"), codeOf("governance.namespace_built_in"));
    assert.equal((await remove("nowhere")).removed, false);
    await create({ name: "unseen" });
    // No process here knows the open work in it.
    await assert.rejects(
      remove("unseen"),
      (error) => isTuttiError(error) && !codeOf("governance.namespace_busy")(error),
    );
    assert.ok((await names()).includes("unseen"));
  });

  it("a caller with access to some of them does not see the others", async () => {
    for (const name of ["mine", "theirs"]) await create({ name });
    const policies = serving.host.mesh.client(policyService, { service: "governance" });
    const actor = { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" };
    const subject = { $case: "actor" as const, value: actor };
    const bind = (namespace: string, role: string) => {
      const binding = RoleBinding.fromPartial({ bindingId: `ada-${role}`, role, subject });
      return policies.createRoleBinding({ namespace, binding });
    };
    await bind("mine", "viewer");
    // To list namespaces at all is a right of the installation.
    const role = Role.fromPartial({ role: "lister", actions: ["governance.namespaces.list"] });
    for (const namespace of ["system", "default"]) {
      await policies.setRole({ namespace, role, revision: "", reason: "" });
      await bind(namespace, "lister");
    }
    const credential = { id: "", namespace: "", groups: [], scope: unscoped };
    const options = as(serving, person("ada", credential));
    const list = () => client().listNamespaces({ labels: undefined, page: undefined }, options);
    const { resources, page } = await eventually(list, codeOf("mesh.denied"));
    assert.deepEqual(
      resources.map(({ name }) => name),
      ["mine"],
    );
    assert.equal(page?.total, 1);
  });

  it("is as before after a restart", async () => {
    await create({ name: "kept" });
    await serving.restart();
    assert.ok((await names()).includes("kept"));
  });
});
