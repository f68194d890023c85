import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { packageFolder, runToEnd, workspaceFolder } from "./support/command.ts";

describe("the package of the command", () => {
  let folder: string;
  let installed: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "tutti-package-"));
    execFileSync(process.execPath, ["build.mjs"], { cwd: packageFolder, stdio: "pipe" });
    execFileSync("npm", ["pack", "--pack-destination", folder], { cwd: packageFolder, stdio: "pipe" });
    const [archive = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    installed = join(folder, "empty");
    mkdirSync(installed);
    writeFileSync(join(installed, "package.json"), '{"private": true}');
    const options = ["--offline", "--no-audit", "--no-fund", "--cache", join(folder, "cache")];
    execFileSync("npm", ["install", ...options, join(folder, archive)], { cwd: installed, stdio: "pipe" });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("installs in an empty folder without a network, and has no dependencies", () => {
    const names = readdirSync(join(installed, "node_modules")).filter((name) => !name.startsWith("."));
    assert.deepEqual(names, ["@tutti"]);
    assert.deepEqual(readdirSync(join(installed, "node_modules", "@tutti")), ["cli"]);
    const manifest = JSON.parse(
      readFileSync(join(installed, "node_modules", "@tutti", "cli", "package.json"), "utf8"),
    );
    assert.equal(manifest.dependencies, undefined);
  });

  it("runs there: help, a check, a graph", async () => {
    const tutti = (...args: string[]) =>
      runToEnd(join(installed, "node_modules", ".bin", "tutti"), args, { cwd: installed });
    assert.match((await tutti("--help")).output, /tutti help --all/);
    const order = join(workspaceFolder, "examples/workflows/order/workflow.yaml");
    const checked = await tutti("workflow", "check", order);
    assert.equal(checked.exitCode, 0, checked.output + checked.errors);
    assert.match((await tutti("workflow", "graph", order)).output, /critical path reserve → charge → ship/);
  });

  it("config explain: reports that it needs the platform", async () => {
    const { exitCode, errors } = await runToEnd(
      join(installed, "node_modules", ".bin", "tutti"),
      ["config", "explain"],
      { cwd: installed },
    );
    assert.equal(exitCode, 2);
    assert.match(errors, /needs the platform/);
  });

  for (const name of ["dev", "serve"])
    it(`${name}: reports that the package does not include the platform`, async () => {
      const command = join(installed, "node_modules", ".bin", "tutti");
      const { exitCode, errors } = await runToEnd(command, [name], { cwd: installed });
      assert.equal(exitCode, 2);
      assert.match(errors, /does not include the platform/);
    });

  it("is found by npx in a clone", async () => {
    const { exitCode, output, errors } = await runToEnd("npx", ["--no-install", "tutti", "--version"], {
      cwd: workspaceFolder,
    });
    assert.equal(exitCode, 0, errors);
    assert.match(output, /^\d+\.\d+\.\d+\n$/);
  });
});
