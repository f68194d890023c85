import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type DefinitionReference, Severity } from "@tutti/contracts/types/v1";
import {
  DefinitionFilter,
  definitionService,
  runService,
  SourceFormat,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Serving } from "./serving.ts";

const order = `workflow: order
description: Takes an order.
labels: {team: shop}
tasks:
  reserve: {uses: stock.reserve, estimate: {duration: 2s}, compensate: {uses: stock.release}}
  charge: {needs: [reserve], uses: pay.charge, estimate: {duration: 5s}}
  pack: {needs: [reserve], uses: stock.pack}
  poll:
    needs: [charge]
    loop: {max: 3, until: "\${{ true }}", tasks: {ask: {uses: pay.ask}}}
  ship: {needs: [poll, pack], uses: ship.box}
`;

const template = `workflow: fan
parameters: {schema: {type: object, properties: {capability: {type: string}}, required: [capability]}}
tasks:
  work: {uses: "\${{ parameters.capability }}"}
`;

const yaml = (text: string, fileName = "") => ({ format: SourceFormat.SOURCE_FORMAT_YAML, text, fileName });
const named = (name: string, label = ""): DefinitionReference => ({
  name,
  version: label === "" ? undefined : { $case: "label", value: label },
});

describe("definitions", () => {
  let serving: Serving;
  const client = () => serving.host.mesh.client(definitionService);
  const register = (text: string, versionLabels: readonly string[] = []) =>
    client().registerDefinition({
      ...{ namespace: "", source: yaml(text), versionLabels: [...versionLabels], keepLatest: false },
    });
  const get = (reference: ReturnType<typeof named>, withSource = false) =>
    client().getDefinition({ namespace: "", definition: reference, withSource, withoutLiveCount: false });

  before(async () => {
    serving = await Serving.open();
  });
  after(() => serving[Symbol.asyncDispose]());

  it("a registered definition is found by name, label and hash, with its source, also after a restart", async () => {
    const { definition, existed } = await register(order, ["1.0.0"]);
    assert.ok(definition !== undefined && !existed);
    assert.deepEqual(definition.uses, [
      "pay.ask",
      "pay.charge",
      "ship.box",
      "stock.pack",
      "stock.release",
      "stock.reserve",
    ]);
    await serving.restart();
    const found = await get(named("order", "1.0.0"), true);
    assert.equal(found.definition?.hash, definition.hash);
    assert.equal(found.definition?.source?.text, order);
    assert.deepEqual(found.definition?.versionLabels.toSorted(), ["1.0.0", "latest"]);
    assert.equal(found.definition?.createCause?.actor?.id !== "", true);
    const byStart = await get(named("order", definition.hash.slice(0, 8)));
    assert.equal(byStart.definition?.hash, definition.hash);
  });

  it("the same content is the same version, in whichever notation", async () => {
    const { definition } = await register(order);
    const converted = await client().convertDefinition({
      ...{ namespace: "", subject: { $case: "source", value: yaml(order) }, parameters: undefined },
      format: SourceFormat.SOURCE_FORMAT_JSON,
    });
    const repeated = await client().registerDefinition({
      ...{ namespace: "", source: converted.source, versionLabels: [], keepLatest: false },
    });
    assert.deepEqual([repeated.existed, repeated.definition?.hash], [true, definition?.hash]);
  });

  it("a label moves only when it is set again, and older versions stay listed", async () => {
    const first = await register(order, ["stable"]);
    const changed = await register(order.replace("pay.charge", "pay.charge@^2"));
    assert.notEqual(changed.definition?.hash, first.definition?.hash);
    assert.equal((await get(named("order"))).definition?.hash, changed.definition?.hash);
    assert.equal((await get(named("order", "stable"))).definition?.hash, first.definition?.hash);
    await client().labelDefinition({
      namespace: "",
      name: "order",
      versionLabel: "stable",
      hash: changed.definition?.hash ?? "",
      reason: "",
    });
    assert.equal((await get(named("order", "stable"))).definition?.hash, changed.definition?.hash);
    const { versions } = await client().listDefinitionVersions({
      ...{ namespace: "", name: "order", liveOnly: false, page: undefined },
    });
    assert.deepEqual(
      versions.map(({ hash }) => hash),
      [changed.definition?.hash, first.definition?.hash],
    );
  });

  it("a label, an archive and a rollout name their version by the start of the hash", async () => {
    const first = await register(order);
    const second = await register(order.replace("pay.charge", "pay.charge@^3"));
    const version = first.definition?.hash.slice(0, 8) ?? "";
    const request = { namespace: "", name: "order", version, percent: 100, reason: "" };
    const { definition } = await client().rollOutDefinition(request);
    assert.equal(definition?.hash, first.definition?.hash);
    assert.notEqual(definition?.hash, second.definition?.hash);
    const hash = second.definition?.hash.slice(0, 8) ?? "";
    await client().labelDefinition({ namespace: "", name: "order", versionLabel: "third", hash, reason: "" });
    assert.equal((await get(named("order", "third"))).definition?.hash, second.definition?.hash);
    await client().archiveDefinition({ namespace: "", name: "order", hash, restore: false, reason: "" });
    assert.equal((await get(named("order", "third"))).definition?.archived, true);
    assert.equal((await get(named("order"))).definition?.archived, false);
    assert.equal((await get(named("order"))).definition?.hash, definition?.hash);
  });

  it("every error is reported with its place", async () => {
    const wrong = order
      .replace("needs: [charge]", "needs: [chrage]")
      .replace("uses: ship.box", "use: ship.box");
    const { problems, definition } = await client().checkDefinition({
      ...{ namespace: "", source: yaml(wrong, "order.yaml"), againstInstallation: false },
    });
    assert.equal(definition, undefined);
    const errors = problems.filter(({ severity }) => severity === Severity.SEVERITY_ERROR);
    assert.deepEqual(errors.map(({ fileName, line }) => [fileName, line]).slice(0, 2), [
      ["order.yaml", 9],
      ["order.yaml", 11],
    ]);
    await assert.rejects(register(wrong), (error) => {
      assert.ok(isTuttiError(error) && error.code === "definition.invalid");
      assert.match(error.violations[0]?.field ?? "", /^definition\.yaml:\d+:\d+$/);
      return true;
    });
  });

  it("a graph has its critical path and width before anything starts", async () => {
    const { graph } = await client().getGraph({
      ...{ namespace: "", subject: { $case: "source", value: yaml(order) }, input: undefined },
    });
    assert.deepEqual(graph?.criticalPath, ["reserve", "charge", "poll", "ship"]);
    // The durations of the tasks are unknown, so that of the path is too.
    assert.deepEqual([graph?.criticalPathMs, graph?.width, graph?.depth], [0, 2, 4]);
    const pack = graph?.nodes.find(({ taskId }) => taskId === "pack");
    assert.deepEqual([pack?.expectedMs, pack?.slackMs], [0, 0]);
  });

  it("a template is filled in by its parameters", async () => {
    await register(template);
    const subject = { $case: "definition", value: named("fan") } as const;
    await assert.rejects(client().getGraph({ namespace: "", subject, input: undefined }), /parameters/);
    const inline = Buffer.from(JSON.stringify({ capability: "pay.charge" }));
    const { source } = await client().convertDefinition({
      ...{ namespace: "", subject, format: SourceFormat.SOURCE_FORMAT_YAML },
      parameters: { body: { $case: "inline", value: inline }, mediaType: "" },
    });
    assert.match(source?.text ?? "", /values:\n\s+capability: pay\.charge/);
  });

  it("lists filter by used capability, and omit archived definitions by default", async () => {
    await register(order);
    await register(template);
    await serving.host.mesh.client(definitionService).archiveDefinition({
      ...{ namespace: "", name: "fan", hash: "", restore: false, reason: "no longer wanted" },
    });
    const list = async (overrides: { readonly uses?: string; readonly archived?: boolean }) => {
      const filter = {
        prefix: "",
        kinds: [],
        labels: undefined,
        uses: "",
        templates: false,
        archived: false,
        text: "",
      };
      const { definitions } = await client().listDefinitions({
        ...{ namespace: "", filter: { ...filter, ...overrides }, page: undefined },
      });
      return definitions.map(({ name }) => name);
    };
    const spec = { what: { $case: "definition" as const, value: { name: "fan" } } };
    await assert.rejects(
      serving.host.mesh.client(runService).startRun(StartRunRequest.fromPartial({ spec })),
      /`fan` is archived: no longer wanted\. Restore it/,
    );
    // The index is at most a second behind.
    await until("the index", async () => (await list({ archived: true })).length === 2);
    assert.deepEqual(await list({ archived: true }), ["fan", "order"]);
    assert.deepEqual(await list({}), ["order"]);
    assert.deepEqual(await list({ uses: "pay.ask" }), ["order"]);
    assert.deepEqual(await list({ uses: "pay.nothing" }), []);
  });

  it("a list and the definition itself have the same count of running runs", async () => {
    const spec = { what: { $case: "definition" as const, value: { name: "order" } } };
    await serving.host.mesh
      .client(runService)
      .startRun(StartRunRequest.fromPartial({ runId: "counted", spec }));
    const countOf = async () => {
      const { definitions } = await client().listDefinitions({
        ...{ namespace: "", filter: undefined, page: undefined },
      });
      return definitions.find(({ name }) => name === "order")?.liveCount;
    };
    // The index is at most a second behind.
    await until("the index", async () => (await countOf()) === 1);
    assert.equal((await get(named("order"))).definition?.liveCount, 1);
  });

  it("lists leave out the workflows of the platform itself, unless the prefix is the whole name", async () => {
    const text = (name: string, labels: string) =>
      `workflow: ${name}\nlabels: ${labels}\ntasks: {a: {function: ${name}}}\n`;
    await register(text("tutti.agent", "{}"));
    await register(text("tutti.other", "{tutti.internal: 'true'}"));
    await register(text("tutti.own", "{}"));
    const listed = async (prefix: string) => {
      const filter = DefinitionFilter.fromPartial({ prefix });
      const { definitions } = await client().listDefinitions({ namespace: "", filter, page: undefined });
      return definitions.map(({ name }) => name);
    };
    await until("the index", async () => (await listed("tutti.own")).length === 1);
    assert.deepEqual(await listed("tutti."), ["tutti.own"]);
    assert.deepEqual(await listed("tutti.agent"), ["tutti.agent"]);
    assert.deepEqual(await listed("tutti.other"), ["tutti.other"]);
  });

  it("a watch starts with the existing definitions, and reports new registrations", async () => {
    const controller = new AbortController();
    const watch = client().watchDefinitions(
      { namespace: "acme", filter: undefined, cursor: "" },
      { signal: controller.signal },
    );
    assert.deepEqual((await watch.next()).value?.definitions, []);
    const next = watch.next();
    await client().registerDefinition({
      ...{ namespace: "acme", source: yaml(order), versionLabels: [], keepLatest: false },
    });
    const changed = (await next).value?.definitions.map(({ name }: { readonly name: string }) => name);
    assert.deepEqual(changed, ["order"]);
    controller.abort();
  });
});
