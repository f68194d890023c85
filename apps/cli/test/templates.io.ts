/** Templates by the command of a clone. The templates of the package are tested with the platform. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";

const command = join(import.meta.dirname, "..", "src", "main.ts");
const tutti = (line: string) =>
  promisify(execFile)(process.execPath, [command, ...line.split(" ").slice(1)], { cwd: tmpdir() });

describe("tutti template", () => {
  it("lists the examples, and shows one", async () => {
    const listed = JSON.parse((await tutti("tutti template list --json")).stdout);
    assert.ok(listed.some(({ name }: { name: string }) => name === "missions/vote"));
    assert.match((await tutti("tutti template show order")).stdout, /^workflow: order$/m);
  });

  it("run fails within seconds without a platform, and says how to start one", () =>
    assert.rejects(
      tutti("tutti template run order --server http://127.0.0.1:2"),
      ({ code, stderr }: { code?: number; stderr?: string }) => {
        assert.equal(code, 4);
        assert.match(stderr ?? "", /✗ Tutti is not reachable at http:\/\/127.0.0.1:2.*npx tutti dev/s);
        return true;
      },
    ));

  const missing = /✗ Template `\S+` not found. List templates with `tutti template list`./;
  for (const [args, message] of [
    ["tutti template run nothing", missing],
    ["tutti template publish nothing", missing],
    ["tutti template publish ../demonstration", missing],
    [
      "tutti template publish missions/vote",
      /✗ Template `missions\/vote` is a program.*tutti template show missions\/vote/s,
    ],
  ] as const)
    it(`exits with 2 and a remedy for \`${args}\``, () =>
      assert.rejects(tutti(args), ({ code, stderr }: { code?: number; stderr?: string }) => {
        assert.equal(code, 2);
        assert.match(stderr ?? "", message);
        return true;
      }));
});
