import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { registryService } from "@tutti/contracts/registry/v1";
import { until } from "@tutti/kernel/testing";
import { OutsideClient } from "./support/outside-client.ts";
import { makeFolder, start } from "./support/services.ts";

const clerk = fileURLToPath(new URL("./programs/extensions/clerk.ts", import.meta.url));

describe("a key of the configuration", () => {
  it("shows its value, its source, and the file and line or variable that sets it", async () => {
    await using folder = await makeFolder();
    const file = [
      "# of this machine",
      "foundation:",
      "  log:",
      "    level: debug",
      "integration:",
      "  registry:",
      "    leaseMs: 5000",
      "  nats:",
      "    token: env:NATS_TOKEN",
    ];
    await writeFile(join(folder.path, "tutti.yaml"), `${file.join("\n")}\n`);
    await using platform = await start(
      "platform",
      [`--platform.extensions=["${clerk}"]`, "--log.level=info"],
      {
        directory: folder.path,
        environment: { TUTTI_REGISTRY_HISTORY_MAX: "77", NATS_TOKEN: "hush" },
      },
    );

    const explained = platform.lines.filter(({ msg }) => msg === "explained");

    assert.deepEqual(
      explained.map(({ name, value, source, place }) => ({ name, value, source, place })),
      [
        { name: "registry.leaseMs", value: 5_000, source: "file", place: "tutti.yaml:7:14" },
        { name: "log.level", value: "info", source: "flag", place: "--log.level" },
        {
          name: "registry.historyMax",
          value: 77,
          source: "environment",
          place: "TUTTI_REGISTRY_HISTORY_MAX",
        },
        { name: "mesh.tls.key", value: "", source: "default", place: "" },
        { name: "nats.token", value: "env:NATS_TOKEN", source: "file", place: "tutti.yaml:9:12" },
      ],
    );
    const texts = explained.map(({ text }) => text);
    assert.equal(texts[0], "registry.leaseMs = 5000 milliseconds, from file tutti.yaml:7:14, default 15000");
    assert.match(
      String(texts[1]),
      /^log\.level = 'info', from flag --log\.level, default 'info', overrides tutti\.yaml:4:12/,
    );
    assert.doesNotMatch(platform.output, /hush/);
  });

  it("takes effect without a restart if it is live, and an invalid value changes nothing", async () => {
    await using folder = await makeFolder();
    const file = join(folder.path, "tutti.yaml");
    await writeFile(file, "foundation: { log: { level: info } }\n");
    await using platform = await start("platform", [], { directory: folder.path });

    await writeFile(file, "foundation: { log: { level: loud } }\n");
    const refused = await platform.line(({ level }) => level === "error" || level === "warn");
    await writeFile(file, "foundation: { log: { level: debug } }\n");
    using outsider = new OutsideClient(platform.grpc);
    await until("a call to be logged", async () => {
      await outsider.call(registryService.methods.listServices, { page: undefined });
      return platform.lines.some(({ level }) => level === "debug");
    });

    assert.match(JSON.stringify(refused), /tutti\.yaml:1:29.*expected one of .*got `loud`/);
  });
});
