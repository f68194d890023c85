/** The examples as packaged: built, listed, shown, and executed with one command. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { makeTemplates } from "../../../tools/package/templates.mjs";
import { run } from "./docs/workshop.ts";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const examples = join(import.meta.dirname, "..", "..", "..", "examples");

describe("templates of the package", () => {
  let folder: Folder;
  let platform: Service;
  before(async () => {
    folder = await makeFolder();
    await makeTemplates(join(folder.path, "examples"));
    platform = await start("platform", [], { directory: folder.path });
  });
  after(async () => {
    await platform?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const template = (...args: string[]) =>
    run(process.execPath, [join(folder.path, "examples", "template.mjs"), ...args], folder.path, {
      TUTTI_URL: platform.http,
      TUTTI_ADDRESS: platform.grpc,
    });

  it("lists workflows, agents, missions and sessions, each with a description", async () => {
    const listed: { name: string; kind: string; about: string }[] = JSON.parse(
      await template("list", "--json"),
    );
    assert.deepEqual(
      [...new Set(listed.map(({ kind }) => kind))],
      ["workflows", "agents", "missions", "sessions"],
    );
    assert.ok(listed.length >= 40, String(listed.length));
    assert.deepEqual(
      listed.filter(({ about }) => about === "").map(({ name }) => name),
      [],
    );
  });

  it("shows the sources as they are written", async () => {
    const output = await template("show", "order");
    assert.ok(output.includes(readFileSync(join(examples, "workflows/order/workflow.yaml"), "utf8")));
    assert.ok(output.includes(readFileSync(join(examples, "workflows/order/worker.ts"), "utf8")));
    await assert.rejects(template("show", "nothing"), /Template `nothing` not found/);
  });

  it("runs gang, whose handlers need special workers only", async () => {
    assert.match(await template("run", "gang"), /"trained on west"/);
  });

  for (const name of ["order", "missions/vote", "sessions/report", "agents/tool-loop"])
    it(`runs ${name} with its workers`, async () => {
      const place = name.includes("/") ? name : `workflows/${name}`;
      const outcome = JSON.parse(readFileSync(join(examples, place, "outcome.json"), "utf8"));
      const printed = await template("run", name);
      const json = printed.slice(printed.search(/^[{["\d]/m));
      assert.deepEqual(JSON.parse(lastJson(json)), outcome);
    });
});

/** Returns the last JSON document. Workers log lines of JSON before it, and the next commands follow it. */
function lastJson(printed: string): string {
  return printed
    .split("\n")
    .filter((line) => !/^\{"time"|^\S+ in namespace |^ {2}(?:http|tutti )/.test(line))
    .join("\n");
}
