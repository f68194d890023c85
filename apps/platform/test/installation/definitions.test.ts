import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { admissionService, ValidateRequest } from "@tutti/contracts/governance/v1";
import { definitionService } from "@tutti/contracts/workflow/v1";
import { Installation } from "./installation.ts";

describe("definitions validated against an installation", () => {
  it("unknown capabilities and unregistered workflows are problems on request", async () => {
    await using installation = await Installation.open();
    const text = "workflow: odd\ntasks: {a: {uses: no.body}, b: {workflow: nowhere}}\n";
    const { problems } = await installation.host.mesh.client(definitionService).checkDefinition({
      ...{ namespace: "", source: { format: 1, text, fileName: "" }, againstInstallation: true },
    });
    assert.equal(problems.length, 2);
    assert.match(problems[0]?.message ?? "", /no\.body/);
    assert.match(problems[1]?.message ?? "", /nowhere/);
  });

  it("on request, files of a folder may use only each other and registered names", async () => {
    await using installation = await Installation.open();
    const client = installation.host.mesh.client(admissionService);
    const files = [
      { fileName: "one.yaml", text: "workflow: one\ntasks: {a: {workflow: two}}\n" },
      { fileName: "two.yaml", text: "workflow: two\ntasks: {a: {uses: no.body}}\n" },
      { fileName: "all.yaml", text: "session: all\ntasks: {a: {uses: some.body}}\n" },
      { fileName: "some.agents.yaml", text: "agents: [{capabilities: [{name: some.body}]}]\n" },
    ];
    const check = async (againstInstallation: boolean, some = files) =>
      (await client.validate(ValidateRequest.fromPartial({ files: some, againstInstallation }))).problems.map(
        ({ fileName, code }) => `${fileName} ${code}`,
      );
    const declared = await check(true);
    assert.deepEqual(declared, ["two.yaml unknown_capability"]);
    const undeclared = files.slice(0, 3);
    assert.deepEqual(await check(false, undeclared), []);
    assert.deepEqual(await check(true, undeclared), [
      "all.yaml unknown_capability",
      "two.yaml unknown_capability",
    ]);
  });
});
