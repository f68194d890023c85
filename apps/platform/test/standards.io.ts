import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { note, noteService } from "@tutti/mesh/testing";
import { needsProgram } from "../../../tools/programs.mjs";
import { metricsOf } from "./support/operations.ts";
import { OutsideClient } from "./support/outside-client.ts";
import { TestProcess } from "./support/process.ts";
import { type Folder, makeFolder, registriesAt, type Service, start } from "./support/services.ts";

const promtool = await needsProgram("promtool");

/** Information that a process offers to programs that know nothing of Tutti. */
describe("standard interfaces", () => {
  let folder: Folder;
  let platform: Service;
  let notes: Service;

  before(async () => {
    folder = await makeFolder();
    platform = await start("platform", [], { directory: folder.path });
    notes = await start("notes", [registriesAt(platform)]);
    using outsider = new OutsideClient(notes.grpc);
    await outsider.call(noteService.methods.get, note());
    await outsider.call(noteService.methods.get, note({ count: -1 })).catch(() => {});
  });

  after(async () => {
    await notes?.[Symbol.asyncDispose]();
    await platform?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  for (const name of ["platform", "notes"] as const) {
    it(`the metrics of ${name} pass Prometheus' own linter`, { skip: promtool.skip }, async () => {
      const { http } = name === "platform" ? platform : notes;
      await using check = new TestProcess({
        program: promtool.path,
        arguments: ["check", "metrics"],
        input: await metricsOf(http),
      });

      assert.equal((await check.waitForExit()).code, 0, check.output);
      assert.equal(check.output, "");
    });
  }

  it("health over gRPC reports the process and its services as serving, and unknown services as unknown", async () => {
    using outsider = new OutsideClient(platform.grpc);
    const check = (service: string) => outsider.send("/grpc.health.v1.Health/Check", field(1, service));

    // HealthCheckResponse { ServingStatus status = 1; }, SERVING = 1
    for (const service of ["", "tutti.registry.v1.RegistryService"])
      assert.deepEqual([...(await check(service))], [0x08, 1], service);
    await assert.rejects(check("tutti.nothing.v1.NothingService"), { code: 5 });
  });

  it("reflection lists the services, and returns the files that describe them", async () => {
    using outsider = new OutsideClient(platform.grpc);

    for (const version of ["v1", "v1alpha"]) {
      const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
      // ServerReflectionRequest { string file_containing_symbol = 4. String list_services = 7; }
      const listed = Buffer.from(await outsider.firstReply(path, field(7, "*"))).toString("latin1");
      const files = Buffer.from(
        await outsider.firstReply(path, field(4, "tutti.registry.v1.RegistryService")),
      );
      for (const name of ["tutti.registry.v1.RegistryService", "grpc.health.v1.Health"])
        assert.ok(listed.includes(name), name);
      assert.ok(files.includes("tutti/registry/v1/registry.proto"));
      assert.ok(files.includes("FindCapabilities"));
    }
  });
});

/** Returns a protobuf message with one short text. */
function field(number: number, text: string): Uint8Array {
  return Buffer.concat([Buffer.of((number << 3) | 2, text.length), Buffer.from(text)]);
}
