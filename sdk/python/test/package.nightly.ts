/** The package as it is installed: built as a wheel, put into an empty environment, and read by a type checker. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";
import { folder } from "./python.fixture.ts";

const execute = promisify(execFile);

/** Environment without packages of the repository on its path. */
const environment = { ...process.env, PYTHONPATH: "", PYTHONDONTWRITEBYTECODE: "1" };

const typed = `
import asyncio
from typing import assert_type

import tutti
from tutti.state import RunState
from tutti.workflow import Retry, Workflow, output_of

order = Workflow("order").task("a", uses="a.b", retry=Retry(backoff="1s..1m")).task("c", set=output_of("a").x > 3)


async def main() -> None:
    async with tutti.aconnect(timeout="5s") as client:
        run = await client.run(order, {"n": 1}, labels={"a": "b"}, timeout=5)
        assert_type(run, tutti.AsyncRun)
        assert_type(await run.get(), RunState)


with tutti.connect() as client:
    assert_type(client.run("order").get().status == "completed", bool)
asyncio.run(main())
`;

const wrong = `
import tutti

with tutti.connect() as client:
    client.run("order", priority="high")
    client.run("order").get().statsu
    tutti.Workflow("order").task("a", uses="a.b", retires=3)
`;

/** Prepares the environments of the tests. Returns the reason to skip the tests, or false. */
async function prepared(place: string): Promise<string | false> {
  try {
    await execute("python3", ["-m", "venv", join(place, "venv")], { env: environment });
    await execute("python3", ["-m", "venv", join(place, "tools")], { env: environment });
    const pip = join(place, "tools", "bin", "pip");
    await execute(pip, ["install", "--quiet", "setuptools>=66", "wheel", "mypy"], { env: environment });
    return false;
  } catch (error) {
    const reason = `pip cannot install what builds the package: ${String(error).slice(0, 300)}`;
    console.error(reason);
    return reason;
  }
}

describe("the Python package", () => {
  it("builds, installs into an empty environment, and is typed strictly", async (test) => {
    const place = await mkdtemp(join(tmpdir(), "python-package-"));
    try {
      const skip = await prepared(place);
      if (skip !== false) return test.skip(skip);
      const source = join(place, "source");
      await cp(folder, source, { recursive: true, filter: (path) => !/node_modules|__pycache__/.test(path) });
      const tools = join(place, "tools", "bin");
      const build = [
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        join(place, "made"),
        source,
      ];
      await execute(join(tools, "pip"), build, { env: environment });
      const [wheel = ""] = await readdir(join(place, "made"));
      assert.match(wheel, /^tutti_sdk-.*-py3-none-any\.whl$/);
      const bin = join(place, "venv", "bin");
      await execute(join(bin, "pip"), ["install", "--quiet", "--no-deps", join(place, "made", wheel)]);
      // The environment has neither gRPC nor protobuf.
      const script =
        "import tutti; print(tutti.__version__, tutti.connect().namespace, tutti.Workflow('w').to_yaml())";
      const { stdout } = await execute(join(bin, "python"), ["-W", "error", "-c", script], {
        env: environment,
      });
      assert.equal(stdout, "0.1.0 default workflow: w\n\n");

      const mypy = (file: string) =>
        execute(join(tools, "mypy"), ["--strict", "--python-executable", join(bin, "python"), file], {
          cwd: place,
        });
      await writeFile(join(place, "typed.py"), typed);
      await mypy("typed.py");
      await writeFile(join(place, "wrong.py"), wrong);
      const found: string = await mypy("wrong.py").then(
        () => "",
        ({ stdout: problems }) => problems,
      );
      assert.match(
        found,
        /wrong\.py:5: error:.*"str".*[\s\S]*wrong\.py:6: error:.*statsu[\s\S]*wrong\.py:7: error:.*retires/,
      );
      await execute(join(tools, "mypy"), [], { cwd: source, env: environment });
    } finally {
      await rm(place, { recursive: true, force: true });
    }
  });
});
