import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  ArchiveDefinitionRequest,
  definitionService,
  runService,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import { isTuttiError } from "@tutti/kernel";
import { Serving } from "./serving.ts";

describe("a start under an id that is there", () => {
  let serving: Serving;
  let hashes: string[] = [];
  const register = async (signal: string): Promise<string> => {
    const text = `workflow: told\ntasks: {go: {wait: {signal: ${signal}}}}\n`;
    const { definition } = await serving.host.mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", source: { format: 1, text, fileName: "" }, versionLabels: [], keepLatest: false },
    });
    return definition?.hash ?? "";
  };
  type Version = { readonly $case: "hash" | "label"; readonly value: string } | undefined;
  const start = (version: Version, labels: Record<string, string> = {}) =>
    serving.host.mesh.client(runService).startRun(
      StartRunRequest.fromPartial({
        runId: "one",
        spec: { what: { $case: "definition", value: { name: "told", version } }, labels },
      }),
    );
  const archive = async (isArchived: boolean): Promise<void> => {
    const request = ArchiveDefinitionRequest.fromPartial({ name: "told", restore: !isArchived });
    await serving.host.mesh.client(definitionService).archiveDefinition(request);
  };
  const isConflict = (error: unknown) => isTuttiError(error) && error.code === "workflow.run_conflict";

  before(async () => {
    serving = await Serving.open();
    hashes = [await register("go")];
    assert.equal((await start(undefined)).existed, false);
  });
  after(() => serving[Symbol.asyncDispose]());

  it("returns the existing run for the same version, named by hash, by label or by default", async () => {
    for (const version of [
      undefined,
      { $case: "hash", value: hashes[0] ?? "" },
      { $case: "label", value: "latest" },
    ] as const)
      assert.equal((await start(version)).existed, true);
  });

  it("returns the existing run for the same request, even if the name now means another version", async () => {
    hashes.push(await register("stop"));
    assert.equal((await start(undefined)).existed, true);
  });

  it("is a conflict for another version or a changed request", async () => {
    await assert.rejects(start({ $case: "hash", value: hashes[1] ?? "" }), isConflict);
    await assert.rejects(start({ $case: "hash", value: hashes[0] ?? "" }, { team: "red" }), isConflict);
  });

  it("returns the existing run of an archived definition, and refuses a changed request as archived", async () => {
    await archive(true);
    assert.equal((await start(undefined)).existed, true);
    const isArchived = (error: unknown) => isTuttiError(error) && error.code === "definition.archived";
    await assert.rejects(start(undefined, { team: "red" }), isArchived);
    await archive(false);
  });
});
