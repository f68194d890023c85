import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { documentsOf } from "@tutti/definitions";
import type { ModuleWorkflows } from "@tutti/validation/modules";
import { Failure } from "../command/failure.ts";
import { memoryShell } from "../testing/memory-shell.ts";
import { isFileName, readDefinition } from "./definition-file.ts";

describe("a file of a definition", () => {
  const module = `import { workflow } from "@tutti/sdk";\nexport const order = workflow("order");\n`;
  const order = { workflow: "order", tasks: { a: { set: 1 } } };
  const exported = (...documents: object[]) => ({
    texts: documents.map((each) => JSON.stringify(each)),
    failure: undefined,
  });
  const shellWith = (file: string, text: string, modules: ModuleWorkflows, nodeVersion = "24.0.0") => ({
    ...memoryShell({ files: { [file]: text }, modules: { [file]: modules } }),
    nodeVersion,
  });
  const failureOf = async (reading: Promise<unknown>) => {
    const failure: unknown = await reading.catch((error: unknown) => error);
    assert.ok(failure instanceof Failure);
    return failure;
  };

  for (const file of ["order.ts", "order.mts", "order.js", "order.mjs"])
    it(`${file} is a module: its exported workflow is the definition, as JSON`, async () => {
      const read = await readDefinition(file, shellWith(file, module, exported(order)));
      assert.deepEqual([read.format, JSON.parse(read.text), read.fileName], ["json", order, file]);
    });

  it("a module with several workflows has several documents, for commands that accept them", async () => {
    const shell = shellWith("all.ts", module, exported(order, { ...order, workflow: "other" }));
    const { format, text } = await readDefinition("all.ts", shell, { isMany: true });
    const names = documentsOf({ format, text, fileName: "all.ts" }).map(
      (each) => /"workflow": "(\w+)"/.exec(each.text)?.[1],
    );
    assert.deepEqual(names, ["order", "other"]);
    const failure = await failureOf(readDefinition("all.ts", shell));
    assert.match(failure.message, /^all\.ts exports 2 workflows/);
    assert.deepEqual(failure.next, [["tutti apply all.ts", "registers all of them"]]);
  });

  for (const file of ["worker.ts", "worker.cjs", "worker.tsx", "order.test.ts"])
    it(`${file} is a program without an exported workflow, and does not run`, async () => {
      assert.ok(isFileName(file, { isFile: () => false }));
      const text = file === "worker.ts" ? `import { Worker } from "@tutti/sdk";` : module;
      const failure = await failureOf(readDefinition(file, shellWith(file, text, exported(order))));
      assert.equal(failure.message, `${file} exports no workflow.`);
    });

  it("a module that fails is an error with the reason", async () => {
    const shell = shellWith("order.ts", module, { texts: [], failure: "x is not defined" });
    const failure = await failureOf(readDefinition("order.ts", shell));
    assert.equal(failure.message, "order.ts cannot be read: x is not defined");
  });

  for (const [nodeVersion, isRead] of [
    ["20.20.2", false],
    ["22.17.1", false],
    ["22.18.0", true],
    ["23.5.0", false],
    ["24.1.0", true],
  ] as const)
    it(`TypeScript is ${isRead ? "read" : "an error that names the version"} on Node ${nodeVersion}`, async () => {
      const reading = readDefinition("order.ts", shellWith("order.ts", module, exported(order), nodeVersion));
      if (isRead) assert.equal((await reading).format, "json");
      else
        assert.match(
          (await failureOf(reading)).message,
          new RegExp(`which Node ${nodeVersion} does not run`),
        );
    });

  it("YAML and JSON are read in their format", async () => {
    for (const [file, format] of [
      ["a.yaml", "yaml"],
      ["a.yml", "yaml"],
      ["a.JSON", "json"],
      ["-", "yaml"],
    ] as const)
      assert.equal((await readDefinition(file, memoryShell({ files: { [file]: "{}" } }))).format, format);
  });
});

describe("a word for a file or a registered workflow", () => {
  for (const [arg, isFile, reason] of [
    ["order", false, "a file of the name of a workflow does not replace it"],
    ["shop.order", false, "a name with a dot"],
    ["order@stable", false, "a version of a workflow"],
    ["./order", true, "a path"],
    ["order.yaml", true, "an ending of definitions"],
    ["order.YML", true, "an ending in capitals"],
    ["-", true, "standard input"],
    ["Order", true, "no name of a workflow"],
  ] as const)
    it(`\`${arg}\` is ${isFile ? "a file" : "a workflow"}, even if such a file exists: ${reason}`, () => {
      assert.equal(isFileName(arg, { isFile: () => true }), isFile);
    });

  it("is a workflow if no such file is there", () => {
    assert.equal(isFileName("Order", { isFile: () => false }), false);
  });
});
