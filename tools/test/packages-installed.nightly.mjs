// @ts-check

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileNameProblems } from "../../libs/kernel/src/testing/file-names.ts";
import { makePackages } from "../package.mjs";
import { nodeFor, workspaceRoot } from "../setup.mjs";
import { environmentWith, filesOfGuide, manifestIn, packed, startDev } from "./packages/installed.mjs";
import { followReadme } from "./packages/readme.mjs";
import { startRegistry } from "./packages/registry.mjs";
import { run, write } from "./tree.mjs";

const node = nodeFor(workspaceRoot);
const env = environmentWith(node);
/** Its code keeps its lines and names, which Node prints for an uncaught error. */
const sdkMostBytes = 5_800_000;

const project = {
  ...filesOfGuide(),
  "package.json": '{ "private": true, "type": "module" }\n',
  "module.ts": `import { uses, workflow } from "@tutti/sdk";

const greet = uses("greeter.greet", { with: { name: "Anna" } });
export const hello: object = workflow("from-module", { tasks: { greet }, output: "\${{ tasks.greet.output }}" });
`,
  "typed.mts": `import { connect, testWorkflow, uses, Worker, workflow } from "@tutti/sdk";

const worker = new Worker({ slots: 4 });
worker.handle("greeter.greet", ({ name }: { readonly name: string }, { attempt }) => name.repeat(attempt));
export const hello = workflow("hello", { tasks: { greet: uses("greeter.greet", { with: { name: "Anna" } }) } });
export const tested: Promise<string> = testWorkflow<object, string>(hello, { handlers: {} }).execute();
const tutti = await connect({ namespace: "shop" });
export const run = await tutti.run("hello", { input: { name: "Anna" } });
// @ts-expect-error a worker has no such option
new Worker({ slot: 4 });
`,
};

/** Returns a package and its dependencies. @param {string} name @returns {string[]} */
function neededBy(name) {
  const { dependencies = {} } = manifestIn(join(workspaceRoot, "node_modules", name));
  return [...new Set([name, ...Object.keys(dependencies).flatMap(neededBy)])];
}

describe("the packages, installed outside of the clone", () => {
  const root = mkdtempSync(join(realpathSync(tmpdir()), "tutti-packages-"));
  const [folder, out, cache] = [join(root, "project"), join(root, "made"), join(root, "cache")];
  /** @type {(() => unknown)[]} */
  const ends = [() => rmSync(root, { recursive: true, force: true, maxRetries: 5 })];
  after(() => Promise.all(ends.map((end) => end())));
  let registry = "";

  before(async () => {
    const archives = await makePackages(["sdk", "tutti", "create"], out);
    const published = Object.entries(archives).map(([name, archive]) => ({
      manifest: manifestIn(join(out, name)),
      archive,
    }));
    registry = await startRegistry({ after: (end) => ends.push(end) }, [
      ...published,
      await packed("ws", out),
      ...(await Promise.all(neededBy("pg").map((name) => packed(name, out)))),
    ]);
    write(folder, { ...project, ".npmrc": `registry=${registry}\n` });
    // The Node in the dependencies of `tutti` is a download of 120 MB. This test uses its own Node.
    const words = ["install", "--omit=optional", "--no-audit", "--no-fund", "--cache", cache];
    const { code, output } = await run("npm", [...words, "@tutti/sdk", "tutti"], { cwd: folder, env });
    assert.equal(code, 0, output);
  });

  it("has the programs of a cluster and of the demos", async () => {
    const asked = await run("npx", ["tutti", "cluster", "status"], { cwd: folder, env });
    assert.match(asked.output, /no cluster/i);
    const files = readdirSync(join(folder, "node_modules", "tutti", "platform"));
    for (const name of [
      "workflow.mjs",
      "gateway.mjs",
      "demo-kill-worker.mjs",
      "demo-kill.yaml",
      "demo-race.mjs",
    ])
      assert.ok(files.includes(name), name);
  });

  it("hello: tutti dev registers the file, the worker links, the run ends, Ctrl-C stops all of it", async (t) => {
    const platform = await startDev(t, folder, env);
    const there = { ...env, TUTTI_URL: platform.http };
    const worker = spawn(node, ["worker.mjs"], { cwd: folder, env: there, stdio: "ignore" });
    t.after(() => worker.kill("SIGKILL"));
    const ran = await run("npx", ["tutti", "run", "hello", "name=Anna"], { cwd: folder, env: there });
    assert.equal(ran.code, 0, ran.output + platform.said());
    assert.match(ran.output, /"Hello, Anna!"/);
    assert.ok(existsSync(join(folder, ".tutti")));
    assert.equal((await fetch(platform.http)).status, 200, "the dashboard is in the package");
    await platform.stop();
    assert.match(platform.said(), /"service":"platform".*"from":"draining","to":"stopped"/);
  });

  it("tutti serve registers no files, applies modules, ends on SIGTERM, and resumes runs at the next start", async (t) => {
    const data = `--platform.dataDirectory=${join(root, "served")}`;
    const serve = () =>
      startDev(t, folder, env, [join(folder, "node_modules", ".bin", "tutti"), "serve", data]);
    const first = await serve();
    const tutti = (/** @type {string} */ url, /** @type {string[]} */ ...words) =>
      run("npx", ["tutti", "--server", url, ...words], { cwd: folder, env });
    const unknown = await tutti(first.http, "run", "hello", "name=Anna");
    assert.match(unknown.output, /hello.yaml is in this folder, and is not registered/);
    const applied = await tutti(first.http, "apply", "module.ts");
    assert.equal(applied.code, 0, applied.output);
    const started = await tutti(first.http, "run", "from-module", "--id", "served", "--detach");
    assert.equal(started.code, 0, started.output);
    assert.equal(await first.terminate(), 0, first.said());
    assert.match(first.said(), /"service":"platform".*"from":"draining","to":"stopped"/);
    const second = await serve();
    const there = { ...env, TUTTI_URL: second.http };
    const worker = spawn(node, ["worker.mjs"], { cwd: folder, env: there, stdio: "ignore" });
    t.after(() => worker.kill("SIGKILL"));
    const watched = await tutti(second.http, "watch", "served");
    assert.match(watched.output, /"Hello, Anna!"/, watched.output + second.said());
    assert.equal(await second.terminate(), 0, second.said());
  });

  it("the package checks, explains and copies what the platform left in the folder", async () => {
    const tutti = (/** @type {string[]} */ ...words) => run("npx", ["tutti", ...words], { cwd: folder, env });
    const doctor = await tutti("doctor", "--server", "http://127.0.0.1:9");
    assert.match(doctor.output, /journal in \S*\.tutti\S* is sound/);
    const backup = await tutti("data", "backup", "--copy", join(root, "copy"), "--keys-elsewhere");
    assert.equal(backup.code, 0, backup.output);
    const verified = await tutti("data", "verify", "--data-directory", join(root, "copy"), "--json");
    assert.equal(verified.code, 0, verified.output);
    const explained = await tutti("config", "explain", "operations.port");
    assert.match(explained.output, /value +7400/);
    const certificates = await tutti("certs", "--services", "platform", "--out", join(root, "certs"));
    assert.match(certificates.output, /platform\.crt +new/);
  });

  it("the names in a data directory are names on macOS and Windows too", () => {
    const data = join(folder, ".tutti");
    const entries = readdirSync(data, { recursive: true, withFileTypes: true });
    assert.ok(entries.length > 20, `${entries.length} names`);
    const byFolder = Map.groupBy(entries, ({ parentPath }) => parentPath);
    const problems = [...byFolder.values()].flatMap((all) => fileNameProblems(all.map(({ name }) => name)));
    assert.deepEqual(problems, []);
  });

  it("npm create tutti makes a project that does what its README shows", async (t) => {
    const project = join(root, "shop");
    const create = ["create", "--yes", "--cache", cache, "tutti", project];
    const created = await run("npm", create, { cwd: folder, env });
    assert.equal(created.code, 0, created.output);
    assert.equal(manifestIn(project).dependencies["@tutti/sdk"], manifestIn(workspaceRoot).version);
    const npm = { npm_config_registry: registry, npm_config_cache: cache, npm_config_omit: "optional" };
    const followed = await followReadme(t, project, { ...env, ...npm, npm_config_audit: "false" });
    assert.ok(followed.length >= 6, JSON.stringify(followed));
    const again = await run("npm", create, { cwd: folder, env });
    assert.equal(again.code, 2, again.output);
    assert.match(again.output, /shop is not empty/);
  });

  it("npm create tutti -- adapter makes an adapter that keeps the rules, and works as its README shows", async (t) => {
    const npm = { npm_config_registry: registry, npm_config_cache: cache, npm_config_omit: "optional" };
    const there = { ...env, ...npm, npm_config_audit: "false" };
    const created = await run("npm", ["create", "--yes", "tutti", "--", "adapter"], {
      cwd: root,
      env: there,
    });
    assert.equal(created.code, 0, created.output);
    const followed = await followReadme(t, join(root, "adapter"), there);
    assert.ok(followed.length >= 6, JSON.stringify(followed));
  });

  it("declarations hold without those of any other package but Node's", async () => {
    const tsc = join(workspaceRoot, "node_modules", "typescript", "bin", "tsc");
    const types = ["--types", "node", "--typeRoots", join(workspaceRoot, "node_modules", "@types")];
    const words = [
      "--noEmit",
      "--strict",
      "--module",
      "nodenext",
      "--target",
      "es2023",
      "--skipLibCheck",
      "false",
    ];
    const { code, output } = await run(node, [tsc, ...words, ...types, "typed.mts"], { cwd: folder, env });
    assert.equal(code, 0, output);
  });

  it("the SDK is small, needs one package, and names no place of the machine that made it", () => {
    const installed = join(folder, "node_modules", "@tutti", "sdk");
    const files = readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
    assert.ok(bytes <= sdkMostBytes, `${bytes} bytes`);
    const { dependencies, version, exports } = manifestIn(installed);
    // The conformance program and the link within one process are for the clone.
    const inClone = ["./conformance", "./in-process"];
    const documented = Object.keys(manifestIn(join(workspaceRoot, "libs", "sdk")).exports);
    assert.deepEqual(
      Object.keys(exports).sort(),
      [...documented.filter((name) => !inClone.includes(name)), "./package.json"].sort(),
    );
    assert.deepEqual(Object.keys(dependencies), ["ws"]);
    assert.match(dependencies.ws, /^\d+\.\d+\.\d+$/);
    assert.equal(version, manifestIn(workspaceRoot).version);
    assert.equal(version, manifestIn(join(folder, "node_modules", "tutti")).version);
    const named = files.filter((file) => readFileSync(file, "utf8").includes(workspaceRoot));
    assert.deepEqual(named, []);
  });

  it("an adapter without its client says how to install it, and works with it", async () => {
    const cwd = join(root, "adapters");
    write(cwd, {
      "package.json": '{ "private": true, "type": "module" }\n',
      ".npmrc": `registry=${registry}\n`,
    });
    const added = await run(
      join(folder, "node_modules", ".bin", "tutti"),
      ["adapter", "add", "postgres", "shop"],
      { cwd, env },
    );
    const [, install = ""] = /^ +(npm install .*)$/m.exec(added.output) ?? [];
    assert.equal(install, "npm install @tutti/sdk pg", added.output);
    const words = ["--omit=optional", "--no-audit", "--no-fund", "--cache", cache];
    const npm = async (/** @type {string[]} */ ...packages) => {
      const { code, output } = await run("npm", ["install", ...words, ...packages], { cwd, env });
      assert.equal(code, 0, output);
    };
    const check = async () => {
      const text = `import { adapter } from "./shop.ts";
        const secret = async () => "postgres://127.0.0.1:1/shop";
        await adapter.check({ idempotencyKey: "", signal: new AbortController().signal, secret });`;
      return (await run(node, ["--input-type=module", "-e", text], { cwd, env })).output;
    };
    await npm("@tutti/sdk");
    assert.match(await check(), /Run `npm install pg` in the project of the worker/);
    await npm(...install.split(" ").slice(2));
    assert.match(await check(), /no server listens at 127\.0\.0\.1:1/);
  });
});
