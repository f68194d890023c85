import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { definitionService } from "@tutti/contracts/workflow/v1";
import { Installation } from "./installation.ts";

describe("definitions beside an installation", () => {
  it("what nobody offers, and what is not registered, are problems where that is asked", async () => {
    await using installation = await Installation.open();
    const text = "workflow: odd\ntasks: {a: {uses: no.body}, b: {workflow: nowhere}}\n";
    const { problems } = await installation.host.mesh.client(definitionService).checkDefinition({
      ...{ namespace: "", source: { format: 1, text, fileName: "" }, againstInstallation: true },
    });
    assert.equal(problems.length, 2);
    assert.match(problems[0]?.message ?? "", /no\.body/);
    assert.match(problems[1]?.message ?? "", /nowhere/);
  });
});
