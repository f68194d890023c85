// @ts-check

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkArchitecture, writeArchitecture } from "../checks/architecture.mjs";
import { checkDependencies } from "../checks/dependencies.mjs";
import { checkLockfile } from "../checks/lockfile.mjs";
import { checkObjects } from "../checks/objects.mjs";
import { checkPurity } from "../checks/purity.mjs";
import { checkSizes } from "../checks/sizes.mjs";
import { checkWaits } from "../checks/waits.mjs";
import { copyOfWorkspace, treeOf, write } from "./tree.mjs";

const rooms = { "apps/.keep": "", "bench/.keep": "", "tools/.keep": "", "libs/.keep": "" };

/** @param {number} lines */
const long = (lines) => "export const one = 1;\n".repeat(lines);

describe("sizes", () => {
  it("refuses a file of more than 700 lines, and a test of more than 1,000", (t) => {
    const root = treeOf(t, {
      ...rooms,
      "libs/kernel/src/long.ts": long(701),
      "libs/kernel/src/just.ts": long(700),
      "libs/kernel/src/long.test.ts": long(1001),
      "libs/kernel/src/just.test.ts": long(1000),
      "libs/kernel/src/generated/long.ts": long(5000),
    });
    assert.deepEqual(checkSizes(root), [
      "libs/kernel/src/long.test.ts: 1001 lines, at most 1000. Split it by meaning",
      "libs/kernel/src/long.ts: 701 lines, at most 700. Split it by meaning",
    ]);
  });

  it("refuses a function of more than 70 lines, outside of tests", (t) => {
    const body = (/** @type {number} */ lines) =>
      `export const f = () => {\n${"  f();\n".repeat(lines - 2)}};\n`;
    const root = treeOf(t, {
      ...rooms,
      "libs/a/src/long.ts": `\n${body(71)}`,
      "libs/a/src/just.ts": body(70),
      "libs/a/src/long.test.ts": body(90),
    });
    assert.deepEqual(checkSizes(root), [
      "libs/a/src/long.ts:2: a function of 71 lines, at most 70. Extract named steps",
    ]);
  });

  it("refuses names that say nothing", (t) => {
    const root = treeOf(t, {
      ...rooms,
      "libs/a/src/utils.ts": "",
      "libs/a/src/common/x.ts": "",
      "libs/a/src/useful.ts": "",
      "libs/a/src/commonwealth/x.ts": "",
    });
    assert.deepEqual(
      checkSizes(root).map((line) => line.split(":")[0]),
      ["libs/a/src/common/x.ts", "libs/a/src/utils.ts"],
    );
  });
});

describe("purity", () => {
  for (const [code, name] of [
    ["export const at = Date.now();", "Date.now"],
    ["export const at = new Date();", "Date()"],
    ["export const at = globalThis.setTimeout;", "setTimeout"],
    ["export const luck = Math.random();", "Math.random"],
    ["setTimeout(() => {}, 1);", "setTimeout"],
    ["export const timers = { setInterval };", "setInterval"],
    ["export const at = performance.now();", "performance.now"],
    ["export const signal = AbortSignal.timeout(5);", "AbortSignal.timeout"],
    ['import { setTimeout as sleep } from "node:timers/promises"; await sleep(1);', "node:timers/promises"],
  ]) {
    it(`refuses ${name} in a library and in a service's own code: ${code}`, (t) => {
      const root = treeOf(t, {
        ...rooms,
        "libs/mesh/src/a.ts": `\n${code}\n`,
        "apps/registry/src/api/a.ts": `${code}\n`,
      });
      const problems = checkPurity(root);
      assert.equal(problems.length, 2, problems.join("\n"));
      assert.ok(
        problems[0]?.startsWith(`libs/mesh/src/a.ts:2: ${name} is not deterministic here: inject `),
        problems[0],
      );
      assert.ok(problems[1]?.startsWith(`apps/registry/src/api/a.ts:1: ${name} `), problems[1]);
    });
  }

  it("refuses functions of locales, but not where texts are shown to people", (t) => {
    const code = "export const text = (a: string, b: string) => a.localeCompare(b);\n";
    const root = treeOf(t, { ...rooms, "libs/mesh/src/a.ts": code, "apps/cli/src/a.ts": code });
    const problems = checkPurity(root);
    assert.deepEqual(
      problems.map((problem) => problem.slice(0, problem.indexOf("."))),
      ["libs/mesh/src/a"],
    );
    assert.match(problems.join(), /:1: depends on the locale\. Compare with `<`/);
  });

  it("takes what only looks alike", (t) => {
    const code = [
      "export const at = (ms: number) => new Date(ms);",
      "export const wait = (timers: { setTimeout(ms: number): void }) => timers.setTimeout(5);",
      "export interface Timers { setTimeout(ms: number): void; readonly setInterval: number }",
      "export const settings = { setTimeout: 5 };",
      "// Date.now() and Math.random() in a comment",
      'export const text = "Date.now()";',
    ];
    const root = treeOf(t, { ...rooms, "libs/mesh/src/a.ts": `${code.join("\n")}\n` });
    assert.deepEqual(checkPurity(root), []);
  });

  it("takes the real clock where it is made a port, in the shell, at the entry, and in tests", (t) => {
    const code = "export const at = Date.now();\n";
    const places = [
      "libs/kernel/src/ports/clock.ts",
      "apps/registry/src/effects/a.ts",
      "apps/registry/src/main.ts",
      "libs/mesh/src/a.test.ts",
      "libs/mesh/src/testing/a.ts",
      "bench/src/a.ts",
    ];
    const root = treeOf(t, { ...rooms, ...Object.fromEntries(places.map((place) => [place, code])) });
    assert.deepEqual(checkPurity(root), []);
  });

  it("refuses I/O and keys in packages that only decide, and takes them elsewhere", (t) => {
    const code =
      'import { readFile } from "node:fs/promises";\nimport { randomBytes } from "node:crypto";\nexport const a = [readFile, randomBytes, fetch("x")];\n';
    const root = treeOf(t, {
      ...rooms,
      "libs/planner/src/a.ts": code,
      "libs/machines/loan/src/a.ts": 'import { readFile } from "node:fs/promises";\nreadFile("a");\n',
      "libs/mesh/src/a.ts": code,
    });
    assert.deepEqual(checkPurity(root), [
      "libs/machines/loan/src/a.ts:1: node:fs/promises is not deterministic here: let the caller do the I/O, and accept values",
      "libs/planner/src/a.ts:1: node:fs/promises is not deterministic here: let the caller do the I/O, and accept values",
      "libs/planner/src/a.ts:2: node:crypto.randomBytes is not deterministic here: inject Chance through the constructor",
      "libs/planner/src/a.ts:3: fetch is not deterministic here: let the caller do the I/O, and accept values",
    ]);
  });
});

describe("objects", () => {
  it("refuses an object literal that is spread into another, outside of tests", (t) => {
    const packed = "export const one = (rest) => ({\n  ...{ a: 1, b: 2 },\n  ...rest,\n});\n";
    const root = treeOf(t, {
      ...rooms,
      "libs/a/src/packed.ts": packed,
      "libs/a/src/element.tsx": "export const one = <A {...{ a: 1 }} />;\n",
      "libs/a/src/conditional.ts": "export const one = (a) => ({ ...(a && { a }), ...{}.b });\n",
      "libs/a/src/packed.test.ts": packed,
    });
    assert.deepEqual(checkObjects(root), [
      "libs/a/src/element.tsx:1: an object literal is spread into another. List its properties",
      "libs/a/src/packed.ts:2: an object literal is spread into another. List its properties",
    ]);
  });
});

describe("waits", () => {
  const turn = "new Promise((resolve) => setImmediate(resolve))";
  const imported = 'import { setImmediate as turn } from "node:timers/promises";\n';
  for (const code of [
    "while (!done()) await new Promise(setImmediate);",
    `do {\n  await ${turn};\n} while (!done());`,
    `for (;;) {\n  if (done()) break;\n  await ${turn};\n}`,
    `for (let turns = 0; !done(); turns++) await ${turn};`,
    `for (let turns = 0; turns < 9 && !done(); turns++) await ${turn};`,
    `while ((await Promise.race([ended, ${turn}])) !== 1) go();`,
    `${imported}while (!done()) await turn();`,
    `const turn = () => ${turn};\nwhile (!done()) await turn();`,
    `const wait = async () => {\n  while (!done()) await ${turn};\n};`,
  ])
    it(`refuses a loop that waits by turns: ${code.replaceAll("\n", " ")}`, (t) => {
      const root = treeOf(t, { ...rooms, "libs/a/test/a.test.ts": `${code}\n` });
      const line = code.split("\n").findIndex((each) => /\b(while|for|do) ?[({]/.test(each)) + 1;
      assert.deepEqual(checkWaits(root), [
        `libs/a/test/a.test.ts:${line}: busy waiting. Wait with a latch or \`until\``,
      ]);
    });

  it("takes a counted number of turns, a single turn, and a loop that waits for an event", (t) => {
    const code = [
      `for (let turns = 0; turns < 20; turns++) await ${turn};`,
      `await ${turn};`,
      "while (!done()) await reached.opened;",
      `while (!done()) queue.push(async () => { await ${turn}; });`,
      `for (const each of list) await ${turn};`,
    ];
    const root = treeOf(t, { ...rooms, "libs/a/test/a.test.ts": `${code.join("\n")}\n` });
    assert.deepEqual(checkWaits(root), []);
  });
});

describe("lockfile", () => {
  const whole = {
    "": { dependencies: { tool: "1.0.0" } },
    "node_modules/tool": {
      version: "1.0.0",
      integrity: "sha512-x",
      optionalDependencies: { "tool-linux": "1.0.0", "tool-darwin": "1.0.0" },
    },
    "node_modules/tool-linux": { version: "1.0.0", integrity: "sha512-x", optional: true },
    "node_modules/tool/node_modules/tool-darwin": { version: "1.0.0", integrity: "sha512-x", optional: true },
  };
  /**
   * @param {import("node:test").TestContext} t
   * @param {object} packages
   */
  const check = (t, packages) =>
    checkLockfile(treeOf(t, { "package-lock.json": JSON.stringify({ lockfileVersion: 3, packages }) }));

  it("takes one that has every system's packages", (t) => assert.deepEqual(check(t, whole), []));

  it("refuses one that has only this system's", (t) => {
    const { "node_modules/tool-linux": _, ...cut } = whole;
    const [problem, ...others] = check(t, cut);
    assert.match(problem ?? "", /node_modules\/tool needs tool-linux, which is missing.*from nothing/);
    assert.deepEqual(others, []);
  });

  it("refuses one that does not know a package of the workspace, or its dependencies", (t) => {
    const entry = (/** @type {object} */ more) => ({ "": { workspaces: ["libs/*"] }, ...more });
    const folder = {
      "libs/a/package.json": '{ "dependencies": { "@tutti/b": "*" } }',
      "libs/b/package.json": "{}",
    };
    const check = (/** @type {object} */ packages) =>
      checkLockfile(
        treeOf(t, { ...folder, "package-lock.json": JSON.stringify({ lockfileVersion: 3, packages }) }),
      );
    const linked = { "node_modules/@tutti/b": { link: true } };
    const a = { dependencies: { "@tutti/b": "*" } };
    assert.deepEqual(check(entry({ "libs/a": a, "libs/b": {}, ...linked })), []);
    assert.deepEqual(check(entry({ "libs/a": a, ...linked })), [
      "package-lock.json: libs/b is missing. Run npm install",
    ]);
    assert.deepEqual(check(entry({ "libs/a": {}, "libs/b": {} })), [
      "package-lock.json: the dependencies of libs/a differ from its package.json. Run npm install",
    ]);
  });

  it("refuses a package without a hash", (t) => {
    const problems = check(t, { ...whole, "node_modules/tool-linux": { version: "1.0.0" } });
    assert.match(problems.join(), /tool-linux has no integrity hash/);
  });

  it("refuses one that names a registry", (t) => {
    const problems = check(t, {
      ...whole,
      "node_modules/tool-linux": { version: "1.0.0", integrity: "x", resolved: "https://somewhere/x.tgz" },
    });
    assert.match(problems.join(), /names a registry/);
  });
});

describe("dependencies", () => {
  it("refuses each kind of wrong import, with what to do instead", (t) => {
    const wrong = copyOfWorkspace(t);
    write(wrong, {
      "libs/kernel/src/wrong-up.ts": 'import "@tutti/mesh";\n',
      "libs/kernel/src/wrong-app.ts": 'import "@tutti/registry";\n',
      "apps/registry/src/wrong-app.ts": 'import "@tutti/platform";\n',
      "libs/mesh/src/wrong-reach.ts": 'import "../../kernel/src/ports/clock.ts";\n',
      "libs/mesh/src/wrong-cycle.ts": 'import type { B } from "./wrong-cycle-b.ts";\nexport type A = B;\n',
      "libs/mesh/src/wrong-cycle-b.ts": 'import type { A } from "./wrong-cycle.ts";\nexport type B = A;\n',
      "libs/mesh/src/wrong-home.ts": 'await import("@nats-io/transport-node");\n',
      "libs/mesh/src/wrong-test.ts": 'import "@tutti/kernel/testing";\n',
      "libs/mesh/src/wrong-simulation.ts": 'import "@tutti/simulation";\n',
      "libs/simulation/src/right-test.ts": 'import "@tutti/kernel/testing";\n',
      "libs/mesh/src/wrong-nowhere.ts": 'import "./not-there.ts";\n',
      "libs/mesh/src/wrong-tool.ts": 'import "../../../tools/programs.mjs";\n',
      "libs/machines/bank/src/wrong-reach.ts": 'import "../../loan/src/machine.ts";\n',
      "libs/machines/bank/src/wrong-up.ts": 'import "@tutti/journal";\n',
      "libs/machines/run/src/core/wrong-shelf.ts": 'import "../kinds/right-shelf.ts";\n',
      "libs/machines/run/src/kinds/right-shelf.ts": 'export const kind = "loop";\n',
      "libs/machines/loan/src/machine.ts": "export const kind = 1;\n",
      "libs/stray/package.json": '{"name": "@tutti/stray"}\n',
    });
    const problems = checkDependencies(wrong);
    for (const [from, meaning] of /** @type {const} */ ([
      ["libs/kernel/src/wrong-up.ts", "kernel may import only contracts"],
      ["libs/kernel/src/wrong-app.ts", "a library may not import an app"],
      ["apps/registry/src/wrong-app.ts", "an app may not import another"],
      ["libs/mesh/src/wrong-reach.ts", "another package is imported by its name"],
      ["libs/machines/bank/src/wrong-reach.ts", "another package is imported by its name"],
      ["libs/machines/bank/src/wrong-up.ts", "machines may import only contracts"],
      ["libs/machines/run/src/core/wrong-shelf.ts", "core may not import kinds or life"],
      ["libs/mesh/src/wrong-cycle", "a cycle of imports"],
      ["libs/mesh/src/wrong-home.ts", "use @tutti/nats, @tutti/bus or @tutti/journal"],
      ["libs/mesh/src/wrong-test.ts", "may not be used by the product"],
      ["libs/mesh/src/wrong-simulation.ts", "may not be used by the product"],
      ["libs/mesh/src/wrong-nowhere.ts", "this import does not resolve"],
      ["libs/mesh/src/wrong-tool.ts", "only tests may use tools/"],
      ["libs/stray", "not in the order of libraries"],
    ])) {
      const found = problems.filter((problem) => problem.startsWith(from));
      assert.ok(
        found.some((problem) => problem.includes(meaning)),
        `${from}: expected “${meaning}”, got ${found.join(" | ") || "nothing"}`,
      );
    }
    assert.ok(!problems.some((problem) => problem.startsWith("libs/simulation/src/right-test.ts")));
  });
});

describe("architecture", () => {
  const manifest = (/** @type {string | undefined} */ description) =>
    JSON.stringify({ name: "@tutti/kernel", description });
  const page = "docs/architecture.md";
  const docs = { "docs/.keep": "" };

  it("lists each package with its description, libraries in their order", (t) => {
    const root = treeOf(t, {
      ...rooms,
      ...docs,
      "package.json": JSON.stringify({ workspaces: ["libs/*", "apps/*"] }),
      "libs/bus/package.json": manifest("Events"),
      "libs/kernel/package.json": manifest("Ports"),
      "apps/gateway/package.json": manifest("The HTTP entry"),
    });
    writeArchitecture(root);
    assert.deepEqual(readFileSync(join(root, page), "utf8").match(/^\| `.*$/gm), [
      "| `libs/kernel` | Ports |",
      "| `libs/bus` | Events |",
      "| `apps/gateway` | The HTTP entry |",
    ]);
    assert.deepEqual(checkArchitecture(root), []);
  });

  it("refuses a page that lacks a package, and a package without a description", (t) => {
    const root = treeOf(t, { ...rooms, ...docs, "package.json": JSON.stringify({ workspaces: ["libs/*"] }) });
    writeArchitecture(root);
    write(root, { "libs/kernel/package.json": manifest(undefined) });
    assert.deepEqual(checkArchitecture(root), [
      "libs/kernel/package.json: `description`: expected one sentence without its full stop, at most 140 characters",
      "docs/architecture.md: out of date. Run node tools/architecture.mjs",
    ]);
  });
});
