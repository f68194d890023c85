/** Warm containers, with a real Podman if it is installed. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { type ContainerInput, type ContainerOutput, container } from "@tutti/sdk/shell";
import { testWorkflow } from "@tutti/sdk/testing";
import { Boxes, image, lacking, runArguments } from "../../../tools/boxes.mjs";
import { lineOf, waitingShell } from "../src/shell/warm-line.ts";

const facts = { id: "1", entrypoint: [], command: [] };
const shells = [["sh"], ["bash"], ["busybox", "sh"]].filter(
  ([program = "", ...own]) => spawnSync(program, [...own, "-c", "true"]).status === 0,
);

describe("a shell that waits for its line", () => {
  for (const shell of shells)
    it(`becomes the command in ${shell.join(" ")}, with the rest of the input`, () => {
      const wait = (line: string) => {
        const [program = "", ...own] = shell;
        const spawnOptions = {
          input: line,
          env: { PATH: process.env["PATH"] ?? "", KEPT: "k" },
          argv0: own.length > 0 ? program : "sh",
        };
        const { status, stdout, stderr } = spawnSync(program, [...own, "-c", waitingShell], spawnOptions);
        return { status, stdout: stdout.toString(), stderr: stderr.toString() };
      };
      const odd = "a 'b' \"c\" $HOME `id` \\n\\ \n; exit 9 #\n\n é";
      const show = ["printf", "[%s]", odd, "", "-n"];
      const expected = `\n[${odd}][][-n]`;
      assert.equal(wait(`${lineOf({ image, command: show }, facts)}\n`).stdout, expected);
      const entry = { ...facts, entrypoint: ["printf"], command: ["[%s]", "own"] };
      assert.equal(wait(`${lineOf({ image }, entry)}\n`).stdout, "\n[own]");
      const env = { ODD: odd, PATH: process.env["PATH"] ?? "" };
      const command = ["sh", "-c", 'pwd; printf "%s\\n" "$ODD" "$KEPT" "$(env | grep -c tutti)"; cat'];
      const { stdout } = wait(`${lineOf({ image, command, env, cwd: "/usr" }, facts)}\none\ntwo`);
      assert.equal(stdout, `\n/usr\n${odd}\nk\n0\none\ntwo`);
      const line = lineOf({ image, command: ["echo", "half"] }, facts) ?? "";
      assert.deepEqual(wait(line), { status: 0, stdout: "\n", stderr: "" }, "no end of line");
      assert.equal(wait(`${lineOf({ image, command: ["absent-x"] }, facts)}\n`).status, 127);
      assert.equal(wait(`${lineOf({ image, command: ["id"], cwd: "/absent" }, facts)}\n`).status, 125);
    });

  it("is not used for tasks that a shell would change", () => {
    const input = { image, command: ["env"] };
    for (const env of [{ PPID: "1" }, { "1X": "" }, { IFS: "" }, { PWD: "/" }])
      assert.equal(lineOf({ ...input, env }, facts), undefined, JSON.stringify(env));
    assert.equal(lineOf({ image }, facts), undefined, "no command");
    assert.equal(lineOf({ image, command: ["echo", "x".repeat(40_000)] }, facts), undefined, "long");
  });
});

describe("containers that wait for their tasks", { skip: lacking }, () => {
  let boxes: Boxes;
  before(async () => {
    boxes = await Boxes.open();
  });
  after(() => boxes.close());

  /** Returns a runner whose containers have their own label. */
  function runner(label: string) {
    const list = ["ps", `--filter=label=of=${label}`];
    const running = () =>
      boxes
        .podman(...list, "--quiet")
        .split("\n")
        .filter(Boolean);
    const labelled = [...runArguments, `--label=of=${label}`];
    const handler = container({
      engine: boxes.engine,
      runArguments: labelled,
      pull: "never",
      graceMs: 300,
      warm: 1,
    });
    const run = async (input: Partial<ContainerInput>) => {
      const definition = {
        workflow: "contained",
        tasks: { run: { uses: "container", with: { image, ...input }, retry: 1 } },
        output: "${{ tasks.run.output }}",
      };
      const handlers = { container: handler as never };
      const output = await testWorkflow(definition as never, { handlers, patienceMs: 120_000 }).execute();
      return output as unknown as ContainerOutput;
    };
    /** Returns the waiting container other than `had`, which may end later than its task. */
    const waiting = (had = "") =>
      until(
        "one that waits",
        running,
        ([id, ...more]) => id !== undefined && id !== had && more.length === 0,
      );
    const images = () => boxes.podman(...list, "--no-trunc", "--format", "{{.ImageID}}");
    return { handler, run, running, waiting, images };
  }

  it("run one task each, with the same features as a cold container", async () => {
    const { run, running, waiting } = runner("one");
    const script =
      "cat /in/text; cat; cat /tmp/seen; echo 1 > /tmp/seen; cp /in/text /out/copy; echo $HOSTNAME";
    const inputOf = (text: string) => ({
      ...{ command: ["sh", "-c", script], files: { "/in/text": text }, stdin: `, ${text} `, outputs: "/out" },
    });
    await run(inputOf("a"));
    let id = "";
    for (const text of ["b", "c"]) {
      [id = ""] = await waiting(id);
      // Tasks start cold until the shell of the container waits.
      const { stdout, files } = await until(
        "a task in the container that waits",
        () => run(inputOf(text)),
        (output) => output.stdout.includes(id),
      );
      assert.equal(stdout, `${text}, ${text} ${id}\n`);
      assert.deepEqual(Object.keys(files), ["copy"]);
    }
    [id = ""] = await waiting(id);
    const another = async () => {
      const other = await run({ ...inputOf("d"), files: { "/in/other": "", "/in/text": "d" } });
      assert.ok(!other.stdout.includes(id), "mounts differ");
      return running();
    };
    await until("the longest unused one gave way", another, ([first, ...more]) => {
      return first !== undefined && first !== id && more.length === 0;
    });
    await assert.rejects(
      run({ ...inputOf("e"), files: { "/in/other": "", "/in/text": "e" }, command: ["absent"] }),
      /`absent` did not start/,
    );
  });

  it("have the variables of a cold container, and use the current image", async () => {
    const first = boxes.import("ENV A=1", 'ENTRYPOINT ["sh", "-c"]', 'CMD ["env | sort"]');
    const { run, waiting, images } = runner("variables");
    const env = { OWN: "x y", PATH: "/bin" };
    const variables = ({ stdout }: ContainerOutput) => stdout.replace(/^HOSTNAME=.*\n/m, "");
    const cold = await run({ env });
    await waiting();
    const warm = await run({ env });
    assert.equal(variables(warm), variables(cold));
    assert.match(warm.stdout, /^A=1$/m);
    assert.deepEqual([cold.image, warm.image], [first, first]);
    await waiting();
    const second = boxes.import("ENV A=2", 'ENTRYPOINT ["sh", "-c"]', 'CMD ["env | sort"]');
    await run({ env });
    await until("the new image", images, (listed) => listed === second);
    assert.match((await run({ env })).stdout, /^A=2$/m);
  });

  it("are replaced when they end without a task", async () => {
    boxes.import();
    const { run, running, waiting } = runner("replaced");
    await run({ command: ["id"] });
    await waiting();
    const [killed = ""] = running();
    boxes.podman("kill", killed);
    await until("another one", running, ([next]) => next !== undefined && next !== killed);
  });

  it("end when their task is cancelled, also if it ignores SIGTERM", async () => {
    const { handler, run, running, waiting } = runner("cancelled");
    await run({ command: ["id"] });
    await waiting();
    const [id = ""] = running();
    const cancelling = new AbortController();
    const task = {
      ...{ signal: cancelling.signal, content: async (value: unknown) => value },
      output: async () => cancelling.abort(new Error("cancelled")),
    };
    const command = ["sh", "-c", "trap '' TERM; echo started; sleep 300"];
    await assert.rejects(handler({ image, command }, task as never) as Promise<unknown>, /^Error: cancelled/);
    assert.ok(!running().includes(id));
  });

  it("end with a worker that receives SIGTERM, also those whose task ignores SIGTERM", async () => {
    const program = join(import.meta.dirname, "programs", "container-worker.ts");
    const deaf = ["sh", "-c", "trap '' TERM; sleep 300"];
    const worker = spawn(process.execPath, [program, JSON.stringify(boxes.engine), ...deaf]);
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    // Containers of earlier tests may be replaced meanwhile.
    const own = (...which: readonly string[]) => {
      const list = ["ps", "--quiet", `--filter=name=-${worker.pid}-`, ...which];
      return boxes
        .podman(...list)
        .split("\n")
        .filter(Boolean);
    };
    await until(
      "its container runs, and the next one waits",
      () => own(),
      ({ length }) => length === 2,
    );
    worker.kill("SIGTERM");
    assert.equal(await ended, 0);
    assert.deepEqual(own("--all"), []);
  });

  it("do not keep the worker from exiting, which removes them", () => {
    const before = boxes.podman("ps", "--all", "--quiet").split("\n").length;
    const program = join(import.meta.dirname, "programs", "container-worker.ts");
    const ended = spawnSync(process.execPath, [program, JSON.stringify(boxes.engine), "sleep", "2"]);
    assert.equal(ended.status, 0, ended.stderr.toString());
    assert.ok(boxes.podman("ps", "--all", "--quiet").split("\n").length <= before);
  });
});
