import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { ListServicesRequest, registryService } from "@tutti/contracts/registry/v1";
import { until } from "@tutti/kernel/testing";
import { livez, orchestratorAt, readyz, statusOf } from "./support/operations.ts";
import { OutsideClient } from "./support/outside-client.ts";
import { type Folder, launch, makeFolder, type Service, start } from "./support/services.ts";

const extension = (name: string) =>
  fileURLToPath(new URL(`./programs/extensions/${name}.ts`, import.meta.url));

describe("the platform with orchestrators of a user", () => {
  let folder: Folder;
  let platform: Service;

  before(async () => {
    folder = await makeFolder();
    const extensions = ["billing", "warehouse"].map(extension);
    platform = await start("platform", [`--platform.extensions=${JSON.stringify(extensions)}`], {
      directory: folder.path,
    });
  });

  after(async () => {
    await platform?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  it("shows a class that extends Orchestrator in its status, with its components and how they are", async () => {
    const billing = orchestratorAt(await statusOf(platform.http), "extensions", "billing");

    assert.deepEqual(
      { name: billing.name, version: billing.version, state: billing.state },
      { name: "billing", version: "1.4.0", state: "ready" },
    );
    assert.deepEqual(
      billing.components.map(({ name, state, critical, dependsOn }) => ({
        name,
        state,
        critical,
        dependsOn,
      })),
      [
        { name: "ledger", state: "started", critical: true, dependsOn: [] },
        { name: "printer", state: "started", critical: false, dependsOn: [] },
        { name: "mailer", state: "started", critical: true, dependsOn: ["ledger"] },
      ],
    );
  });

  it("lists it among the services, ready or not, as `tutti status` shows them", async () => {
    using outside = new OutsideClient(platform.grpc);
    const listed = async () => {
      const { services } = await outside.call(
        registryService.methods.listServices,
        ListServicesRequest.fromPartial({}),
      );
      return services.flatMap(({ name, ready, instances }) =>
        ["billing", "warehouse"].includes(name) ? [`${name} ${ready}/${instances}`] : [],
      );
    };
    const untilListed = (...expected: readonly string[]) =>
      until("the orchestrators to be listed", listed, (found) => found.join() === expected.join());
    await untilListed("billing 1/1", "warehouse 1/1");
    await writeFile(join(folder.path, "hole"), "");
    await untilListed("billing 1/1", "warehouse 0/1");
    await rm(join(folder.path, "hole"));
    await untilListed("billing 1/1", "warehouse 1/1");
  });

  it("writes the class's log lines with the name of its orchestrator", async () => {
    const { level, orchestrator } = await platform.line("ledger opened");

    assert.deepEqual({ level, orchestrator }, { level: "info", orchestrator: "billing" });
  });

  it("is not ready but alive while a component fails, names it, and is ready again after the repair", async () => {
    assert.equal((await readyz(platform.http)).status, 200);

    await writeFile(join(folder.path, "hole"), "");
    const broken = await until(
      "the hole to be seen",
      () => readyz(platform.http),
      ({ status }) => status === 503,
    );
    const alive = await livez(platform.http);
    await rm(join(folder.path, "hole"));
    const mended = await until(
      "the roof to be repaired",
      () => readyz(platform.http),
      ({ status }) => status === 200,
    );

    assert.equal(broken.body.ready, false);
    assert.deepEqual(broken.body.problems, [
      { component: "platform.extensions.warehouse.roof", reason: "it rains in" },
    ]);
    assert.equal(alive.status, 200);
    assert.deepEqual(mended.body.problems, []);
  });
});

describe("a start that is broken at the third component of five", () => {
  it("stops the second and the first, fails with the reason, and leaves the platform alive", async () => {
    await using folder = await makeFolder();
    await using platform = await start(
      "platform",
      [`--platform.extensions=${JSON.stringify([extension("rocket")])}`],
      {
        directory: folder.path,
      },
    );

    const rocket = orchestratorAt(await statusOf(platform.http), "extensions", "rocket");
    const readiness = await readyz(platform.http);

    assert.equal(rocket.state, "failed");
    assert.equal(rocket.failure?.component, "third");
    assert.match(rocket.failure?.reason ?? "", /rocket did not start: .*third.*no spark/);
    assert.deepEqual(
      rocket.components.map(({ name, state }) => [name, state]),
      [
        ["first", "stopped"],
        ["second", "stopped"],
        ["third", "failed"],
        ["fourth", "registered"],
        ["fifth", "registered"],
      ],
    );
    assert.deepEqual(
      platform.lines.filter(({ stage }) => stage !== undefined).map(({ msg, stage }) => `${msg}: ${stage}`),
      ["stage starts: first", "stage starts: second", "stage stops: second", "stage stops: first"],
    );
    assert.equal((await livez(platform.http)).status, 200);
    assert.equal(readiness.status, 503);
    assert.match(JSON.stringify(readiness.body.problems), /platform\.extensions\.rocket.*no spark/);
  });
});

describe("a module that is no orchestrator", () => {
  it("fails the start with one line that names the module, the problem and its place", async () => {
    await using folder = await makeFolder();
    const modules = {
      "nothing.ts": "export const billing = 1;\n",
      "other.ts": "export default class Billing {}\n",
      "broken.ts":
        "export default class Billing {\n  constructor() {\n    throw new Error('no money');\n  }\n}\n",
    };
    for (const [name, text] of Object.entries(modules)) await writeFile(join(folder.path, name), text);
    const complaints = [...Object.keys(modules), "absent.ts"].map(async (name) => {
      await using platform = launch("platform", [`--platform.extensions=./${name}`], {
        directory: folder.path,
      });
      assert.equal((await platform.waitForExit()).code, 2);
      assert.deepEqual(platform.lines, []);
      return platform.errorOutput;
    });

    const [nothing, other, broken, absent] = await Promise.all(complaints);

    const remedy = "Export a class that extends Orchestrator as default, or remove the entry.";
    const after = (name: string, found: string) =>
      `platform: The extension ./${name} of \`platform.extensions\` cannot be used: ${found}. ${remedy}\n`;
    assert.equal(nothing, after("nothing.ts", "a default export of type undefined"));
    assert.equal(other, after("other.ts", "a class that does not extend Orchestrator"));
    assert.equal(broken, after("broken.ts", "no money at line 3:11"));
    assert.match(
      String(absent),
      /^platform: The extension \.\/absent\.ts of .* cannot be used: Cannot find module '.*absent\.ts'/,
    );
  });
});
