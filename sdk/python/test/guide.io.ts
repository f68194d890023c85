/** The Python programs that the guide and the page of the package show. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { checkConformance, commandWorker, renderReport } from "@tutti/sdk/conformance";
import { environment, folder, python, run } from "./python.fixture.ts";

interface Program {
  readonly name: string;
  readonly text: string;
}

function programsIn(path: string): Program[] {
  const page = readFileSync(join(folder, path), "utf8");
  return [...page.matchAll(/^```python(?: file=(\S+))?\n(.*?)^```$/gms)].map(([, name, text], index) => ({
    name: name ?? `program_${index}.py`,
    text: text ?? "",
  }));
}

describe("the Python programs that pages show", { skip: python.skip, concurrency: 4 }, () => {
  const place = mkdtempSync(join(tmpdir(), "tutti-python-"));
  after(() => rmSync(place, { recursive: true, force: true }));

  const pages = ["../../docs/guides/workers.md", "../../docs/tutorials/1-first-workflow.md", "README.md"];
  for (const program of pages.flatMap(programsIn)) {
    const isWorker = program.text.includes("worker.run()");
    it(`${program.name} ${isWorker ? "is a worker that greets and grants credit" : "can be imported"}`, async () => {
      const file = join(place, program.name);
      writeFileSync(file, program.text);
      if (!isWorker) {
        const { code, output } = await run(
          ["-W", "error", "-c", `import ${program.name.replace(".py", "")}`],
          place,
        );
        assert.equal(code, 0, output);
        return;
      }
      const withPackage = ["env", `PYTHONPATH=${environment.PYTHONPATH}`, python.path, file];
      const reports = await checkConformance({
        launch: commandWorker(withPackage),
        only: ["greeting"],
        patience: 3,
      });
      assert.deepEqual(reports.filter(({ kept }) => !kept).map(renderReport), []);
      assert.equal(reports.length, 1);
    });
  }

  it("are those of the guide and of the package", () => {
    assert.deepEqual(
      pages.flatMap(programsIn).map(({ name }) => name),
      [
        ...["worker.py", "report.py", "payments.py", "packing.py", "pages.py", "shop_worker.py"],
        ...["program_0.py", "program_1.py"],
      ],
    );
  });
});
