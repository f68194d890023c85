import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { scenarios } from "../src/scenarios/index.ts";

const run = promisify(execFile);
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const bench = (...args: string[]) => run(process.execPath, [main, ...args]);

describe("bench", () => {
  it("prints one JSON object per line, with the commit and the machine", async () => {
    const { stdout } = await bench("dag", "--brief", "--json", "--rounds=1", "--seconds=0.1");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ scenario, variant }) => [scenario, variant]),
      [
        ["dag", "dag, 100 tasks"],
        ["dag", "dag, 100000 tasks"],
      ],
    );
    for (const line of lines)
      for (const field of ["commit", "cores", "node", "seconds", "rounds", "usPerTask", "overSmallest"])
        assert.ok(field in line, `${field} is in ${JSON.stringify(line)}`);
  });

  it("guard prints the table of the results and their goals", async () => {
    const { stdout } = await bench("guard", "dag").catch((error: { stdout: string }) => error);
    const [head = "", ...rows] = stdout.trim().split("\n");
    assert.match(head, /^scenario +figure +value +goal +verdict +beside$/);
    assert.equal(rows.length, 1);
    // The test does not depend on the speed of this machine.
    assert.match(rows[0] ?? "", /^dag +tasks 100000, overSmallest +[\d.]+ +≤ 1.2 +(ok|missed|known miss)/);
  });

  for (const args of [["--help"], ["help"]])
    it(`${args} lists every scenario and the options`, async () => {
      const { stdout } = await bench(...args);
      for (const name of scenarios.keys()) assert.match(stdout, new RegExp(`^ {2}${name} `, "m"));
      assert.match(stdout, /--rounds N/);
    });

  for (const [args, message] of [
    [["nonsense"], /^Scenario `nonsense` not found\. Scenarios: .*chain/],
    [["guard", "nonsense"], /^Scenario `nonsense` not found/],
    [["chain", "--rounds=0"], /^`--rounds`: expected a number above 0, got 0\./],
    [["chain", "--nonsense"], /--nonsense/],
  ] as const)
    it(`${args.join(" ")} is refused with a remedy`, () =>
      assert.rejects(bench(...args), ({ code, stderr }: { code: number; stderr: string }) => {
        assert.equal(code, 2);
        assert.match(stderr, message);
        return true;
      }));
});
