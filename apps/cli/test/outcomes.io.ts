import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { commandAtWork } from "./support/at-work.ts";

const definitions: Readonly<Record<string, string>> = {
  "well.yaml": `workflow: well
tasks:
  one: {uses: test.echo, with: {a: "\${{ input.a }}"}}
output: "\${{ tasks.one.output }}"
`,
  "badly.yaml": `workflow: badly
tasks:
  good: {uses: test.echo}
  bad: {uses: test.fail, needs: [good], retry: 1}
`,
  "endless.yaml": `workflow: endless
tasks: {rest: {wait: 1h}}
`,
  "wrong.yaml": `workflow: wrong
tasks:
  one: {uses: test.echo, needs: [two]}
  three: {uses: test.echo, timeuot: 5s}
`,
};

describe("the outcome of a run as an exit code", () => {
  const at = commandAtWork({
    files: definitions,
    handlers: {
      "test.fail": () => {
        throw new Error("the press is jammed");
      },
    },
  });
  const { tutti } = at;

  it("a completed run exits with 0, and prints only its output on standard output", async () => {
    const { exitCode, output, errors } = await tutti("run well.yaml a=5 --id well-1");
    assert.equal(exitCode, 0, errors);
    assert.deepEqual(JSON.parse(output), { a: 5 });
    assert.match(errors, /✓ one +completed/);
    assert.match(errors, /✓ well-1 completed in/);
  });

  it("a failed run exits with 1, and prints its error with remedies", async () => {
    const { exitCode, output, errors } = await tutti("run badly.yaml --id badly-1");
    assert.equal(exitCode, 1);
    assert.equal(output, "");
    assert.match(
      errors,
      /✗ badly-1 failed.*\n.*the press is jammed.*\n.*tutti why badly-1 bad.*\n.*tutti retry badly-1/,
    );
  });

  it("a cancelled run exits with 6, a terminated run with 7", async () => {
    await tutti("workflow register endless.yaml");
    for (const [id, line, exitCode] of [
      ["cancelled-1", "cancel cancelled-1 --reason enough", 6],
      ["terminated-1", "cancel terminated-1 --now --yes", 7],
    ] as const) {
      const following = at.command.start(["run", "endless", "--id", id], {
        environment: { TUTTI_SERVER: at.platform.url },
      });
      await following.untilPrinted(/rest +waiting/);
      assert.equal((await tutti(line)).exitCode, 0);
      assert.equal((await following.ended).exitCode, exitCode);
    }
  });

  it("a run that exceeds --timeout exits with 8, and continues", async () => {
    assert.equal((await tutti("run endless --id endless-1 --timeout 300ms")).exitCode, 8);
    assert.equal((await tutti("show endless-1 -q")).output, "running\n");
  });

  it("Ctrl-C stops following with 130, and the run continues", async () => {
    const following = at.command.start(["run", "endless", "--id", "endless-2"], {
      environment: { TUTTI_SERVER: at.platform.url },
    });
    await following.untilPrinted(/rest +waiting/);
    following.signal("SIGINT");
    const { exitCode, errors } = await following.ended;
    assert.equal(exitCode, 130);
    assert.match(errors, /endless-2 continues\. Follow it with: tutti watch endless-2/);
    assert.equal((await tutti("show endless-2 -q")).output, "running\n");
  });

  it("--detach prints only the id", async () => {
    const { exitCode, output } = await tutti("run endless --id endless-3 --detach -q");
    assert.deepEqual({ exitCode, output }, { exitCode: 0, output: "endless-3\n" });
  });

  it("--json prints one document: the run at its end", async () => {
    const { exitCode, output } = await tutti("run well a=1 --json");
    assert.equal(exitCode, 0);
    const run = JSON.parse(output);
    assert.equal(run.status, "completed");
    assert.deepEqual(run.outcome.completed, { a: 1 });
  });

  it("a start with an existing id returns the same run, and with another input exits with 3", async () => {
    assert.match((await tutti("run well.yaml a=5 --id well-1")).errors, /Run \S+ already exists\./);
    const { exitCode, errors } = await tutti("run well.yaml a=6 --id well-1");
    assert.equal(exitCode, 3, errors);
  });

  it("an unknown id or an impossible action exits with 3, and gets a suggestion", async () => {
    const cases: readonly (readonly [words: string, errors: RegExp])[] = [
      ["run wel", /Did you mean `well`\?/],
      ["show wel-1", /`tutti list`[\s\S]*Did you mean `well-1`\?/],
      ["why wel-1", /Did you mean `well-1`\?/],
      ["schedule show nightly", /tutti schedule list/],
      ["agent show polling-2", /Did you mean `polling-1`\?/],
      ["workflow graph wel", /Did you mean `well`\?/],
      ["resume well-1", /completed/],
    ];
    for (const [line, pattern] of cases) {
      const { exitCode, errors } = await tutti(line);
      assert.equal(exitCode, 3, `${line}: ${errors}`);
      assert.match(errors, pattern, line);
    }
  });

  it("a definition with mistakes is refused with 3, every mistake at its place", async () => {
    const { exitCode, errors } = await tutti("run wrong.yaml");
    assert.equal(exitCode, 3);
    assert.match(errors, /wrong.yaml:3:34: error: .*unknown task `two`/);
    assert.match(errors, /4 │ {3}three: \{uses: test.echo, timeuot: 5s\}\n {4}│ +\^/);
    assert.match(errors, /wrong.yaml has 2 errors, nothing was registered/);
  });

  it("invalid arguments exit with 2, without a request", async () => {
    for (const line of ["lits", "run", "list --stat failed", "run none.yaml", "retry --state failed"]) {
      const { exitCode, errors } = await tutti(line);
      assert.equal(exitCode, 2, `${line}: ${errors}`);
    }
  });

  it("an unreachable platform exits with 4, and names the command that starts it", async () => {
    const { exitCode, errors } = await tutti("list", { environment: { TUTTI_SERVER: "127.0.0.1:2" } });
    assert.equal(exitCode, 4);
    assert.match(
      errors,
      /not reachable at http:\/\/127.0.0.1:2\.\n {2}Connection refused\.\n {2}npx tutti dev/,
    );
  });

  it("a wrong key exits with 5, and gets advice on its variable", async () => {
    const { exitCode, errors } = await tutti("list", { environment: { TUTTI_KEY: "not-the-key" } });
    assert.equal(exitCode, 5, errors);
    assert.match(errors, /The key in TUTTI_KEY .* no key is needed\.\n.*unset TUTTI_KEY/s);
  });

  it("with --json a refusal is a document on standard error", async () => {
    const { exitCode, output, errors } = await tutti("show none --json");
    assert.deepEqual({ exitCode, output }, { exitCode: 3, output: "" });
    const { error } = JSON.parse(errors);
    assert.equal(error.exitCode, 3);
    assert.match(error.message, /none/);
  });

  it("another server at the address is reported as no platform", async () => {
    const stranger = createServer((_, response) => response.writeHead(502).end("<html>Bad Gateway</html>"));
    await new Promise<void>((done) => stranger.listen(0, "127.0.0.1", done));
    const address = stranger.address();
    const port = typeof address === "object" ? address?.port : 0;
    const { exitCode, errors } = await tutti("list", { environment: { TUTTI_SERVER: `127.0.0.1:${port}` } });
    await new Promise((done) => stranger.close(done));
    assert.equal(exitCode, 4);
    assert.match(errors, /502/);
  });
});
