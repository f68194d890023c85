import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commandAtWork } from "./support/at-work.ts";

const definitions = {
  "pair.yaml": `session: pair
optimization: time
labels: {of: pair}
input: {a: 1}
tasks:
  one: {uses: test.echo, with: {a: "\${{ input.a }}"}}
  two: {uses: test.echo, needs: [one], with: "\${{ tasks.one.output }}"}
output: "\${{ tasks.two.output }}"
`,
  "long.yaml": `session: long
mode: workflow
tasks:
  hold: {uses: test.hold}
  after: {uses: test.echo, needs: [hold]}
`,
  "late.yaml": `session: late
mode: workflow
after: [long-1]
tasks: {one: {uses: test.echo}}
`,
  "jam.yaml": `session: jam
mode: workflow
tasks: {bad: {uses: test.flaky}}
`,
  "wrong.yaml": `session: wrong
mode: adaptiv
tasks: {one: {wait: 5s}}
`,
};

describe("the commands for sessions and shared resources", () => {
  const at = commandAtWork({
    files: definitions,
    handlers: {
      // It ends only with the session.
      "test.hold": () => new Promise(() => {}),
      "test.flaky": () => {
        throw new Error("jammed \u001b[2J");
      },
    },
  });
  const { tutti, printed, json, listed } = at;

  it("sessions: run, list, show, tasks, why, plan, choices, compare, watch, result", async () => {
    assert.match(await printed("workflow check pair.yaml"), /✓ pair\.yaml/);
    const wrong = await tutti("run wrong.yaml");
    assert.equal(wrong.exitCode, 3);
    assert.match(wrong.errors, /wrong\.yaml:2:7[\s\S]*Did you mean `adaptive`[\s\S]*nothing was started/);
    assert.equal(await printed("run pair.yaml --id pair-1"), '{"a": 1}\n');
    assert.equal(await printed("run pair.yaml a=2 --id pair-2 -q"), '{"a": 2}\n');
    assert.equal(await printed("session start pair.yaml a=4 --id pair-3 --label of=other -q"), '{"a": 4}\n');
    assert.equal(await printed("session start echo a=5 --mode workflow --id pair-4 -q"), '{"a": 5}\n');
    assert.match(
      (await tutti("session start echo.yaml")).errors,
      /contains no session: the key `session` is missing, nothing was started/,
    );
    assert.equal(await printed("watch pair-1"), '{"a": 1}\n');
    assert.equal(await printed("session watch pair-1"), '{"a": 1}\n');
    assert.equal(await printed("session result pair-2"), '{"a": 2}\n');
    await listed("session list -l of=pair -q", /pair-2\npair-1\n/);
    await listed("list --text pair", /pair-1 +session pair +✓ completed/);
    assert.match(await printed("session show pair-1"), /✓ {2}one[\s\S]*part p1[\s\S]*output\n {2}\{"a": 1\}/);
    assert.match(await printed("show pair-1"), /✓ {2}two/);
    assert.match(await printed("session tasks pair-1"), /two +✓ completed +test\.echo/);
    assert.match(await printed("session why pair-1"), /chosen mode[\s\S]*workflow[\s\S]*actual/);
    assert.match(await printed("why pair-1 two"), /pair-1 two/);
    assert.match(await printed("session plan pair-1"), /one[\s\S]*█[\s\S]*planned/);
    assert.match(await printed("session compare pair-1"), /actual, simulation .* % off/);
    assert.equal((await tutti("session show none")).exitCode, 3);
    assert.match(
      await printed("plan pair.yaml"),
      /2 tasks[\s\S]*chosen mode[\s\S]*one[\s\S]*░[\s\S]*nothing was started/,
    );
    assert.equal(await printed("plan pair.yaml --mode swarm -q"), "swarm\n");
    const unplanned = await tutti("plan wrong.yaml");
    assert.match(unplanned.errors, /Did you mean `adaptive`[\s\S]*nothing is planned/);
    await listed("session choices", /pair-1 +(workflow|swarm|intelligence) [\s\S]*expected to take/);
  });

  it("sessions: signal, pause, resume, move, cancel, retry", async () => {
    await printed("run long.yaml --id long-1 --detach");
    assert.match(await printed("session pause long-1 --reason later"), /✓ long-1 is paused/);
    assert.match(await printed("resume long-1"), /✓ long-1 is resumed/);
    assert.match(await printed("session pause long-1"), /is paused/);
    assert.match(await printed("session resume long-1"), /✓ long-1 is resumed/);
    assert.match(await printed("session signal long-1 hurry much=true"), /✓ signal hurry sent to long-1/);
    assert.match(await printed("session move long-1 swarm after"), /✓ after {2}p1 → p2/);
    await printed("run late.yaml --id late-1 --detach");
    assert.match(await printed("dependency list late-1"), /late-1 +long-1 +well +no/);
    assert.match(await printed("dependency add late-1 other-1 --on always"), /✓ late-1 waits for other-1/);
    assert.match(await printed("dependency list late-1"), /late-1 +other-1 +in any way +no/);
    assert.match((await tutti("dependency add long-1 late-1")).errors, /expected|found|dependencies/);
    for (const other of ["other-1", "long-1"])
      assert.match(
        await printed(`dependency remove late-1 ${other}`),
        new RegExp(`✓ late-1 does not wait for ${other}`),
      );
    assert.match(await printed("session cancel long-1 --now --yes"), /✓ long-1 is terminated/);
    const ended = await tutti("session retry long-1");
    assert.equal(ended.exitCode, 3);
    await printed("session result late-1");
    assert.match(ended.errors, /Session `long-1` was terminated, and only a failed session can be retried/);
    assert.equal((await tutti("run jam.yaml --id jam-1 -q")).exitCode, 1);
    assert.match(await printed("session retry jam-1"), /✓ jam-1 is being retried/);
    await listed("session list --text jam", /jam-1 +workflow .*0\/1/);
  });

  it("budgets: of a run, and of a session in a file", async () => {
    const unknown = await tutti("run echo a=1 --budget sheep=3");
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.errors, /--budget: expected tokens, money, timeMs, got `sheep`/);
    assert.equal((await tutti("run echo a=1 --budget tokens=many")).exitCode, 2);
    await printed("run echo a=1 --budget tokens=5 --budget money=2 --id frugal-1 -q");
    assert.deepEqual((await json("show frugal-1")).run.spec.budget, { tokens: 5, money: 2 });
    await printed("run pair.yaml --budget tokens=7 --id frugal-2 -q");
    assert.deepEqual((await json("session show frugal-2")).session.spec.budget, { tokens: 7 });
  });

  it("resources: quotas, reservations, usage", async () => {
    assert.match(await printed("quota list"), /^$|No quotas/);
    assert.match(
      await printed("quota set default --limit slots=20 --limit gpu=2"),
      /✓ default allows 20 slots and 2 gpu/,
    );
    assert.match(
      await printed("quota list"),
      /default +gpu +0 +2 +all of the namespace\n +default +slots +0 +20|default +slots +\d+ +20/,
    );
    assert.match(await printed("resource list"), /slots +default +\d+/);
    assert.match(await printed("resource use"), /^$|No session|session/);
    const late = await tutti("reservation create night --amount slots=100000 --duration 8h");
    assert.notEqual(late.exitCode, 0);
    assert.match(late.errors, /Pool `default` cannot reserve 100000 slots/);
    const nowhere = await tutti("reservation create night --amount slots=1 --agents gpu=true --duration 8h");
    assert.match(
      nowhere.errors,
      /Pool `default` cannot reserve 1 slot of agents with gpu=true: it has 0 in total\./,
    );
    assert.match(
      await printed("reservation create night --amount slots=1 --in 1h --duration 8h"),
      /✓ night reserves 1 slot until /,
    );
    assert.match(
      await printed("reservation list"),
      /night +default +1 slot +in 1h, for 8h +who names it|night +default +1 slot +in /,
    );
    assert.match(await printed("reservation delete night --yes"), /✓ night deleted/);
    assert.match(await printed("quota delete default --yes"), /✓ default deleted/);
    assert.match(await printed("resource why pair-1"), /it has the weight 1/);
  });

  it("locks: set, acquire, list, show, break, release, deadlocks", async () => {
    assert.match(await printed("lock set till 2"), /✓ till has 2 permits, 2 of them free/);
    assert.match(await printed("lock acquire till --holder ann"), /✓ till acquired for 30 s, token \d+/);
    assert.match(await printed("lock acquire till --holder bob -q"), /^\d+\n$/);
    const refused = await tutti("lock acquire till --holder eve");
    assert.equal(refused.exitCode, 4);
    assert.match(refused.errors, /till/);
    assert.match(await printed("lock list"), /till +2 +0 +0 +ann, bob/);
    assert.match(await printed("lock show till"), /till {2}0 of 2 free[\s\S]*ann[\s\S]*bob/);
    assert.match(await printed("lock break till ann --reason gone --yes"), /✓ till broken/);
    assert.match(await printed("lock release till --holder bob"), /✓ till released/);
    const long = ["lock acquire till --holder may --work", "lock list --held-by"];
    for (const line of long) assert.equal((await tutti(`${line} dinner`)).exitCode, 2);
    await printed(`${long[0]} session/dinner`);
    await listed(`${long[1]} session/dinner`, /till/);
    await printed("lock release till --holder may");
    assert.match(await printed("lock deadlocks"), /^$|No deadlocks/);
  });

  it("limits: set, list, show, evict, delete", async () => {
    assert.match(
      await printed("limit set nightly --concurrency 2 --reason few"),
      /✓ nightly set: 0 of 2 held, 0 waiting/,
    );
    assert.equal((await tutti("limit set nightly")).exitCode, 2);
    await listed("limit list", /nightly +2 +0 +0/);
    assert.match(await printed("limit show nightly"), /nightly {2}0 of 2 held, 0 waiting/);
    assert.match(await printed("limit evict nightly run-1 --yes"), /run-1 did not hold nightly/);
    // A key that is no id, as a workflow may have it.
    assert.match(await printed("limit set 'their api' --concurrency 1"), /✓ their api set: 0 of 1 held/);
    assert.match(await printed("limit show 'their api'"), /their api {2}0 of 1 held/);
    await listed("limit list", /their api +1 +0 +0/);
    assert.match(await printed("limit delete 'their api' --yes"), /✓ their api deleted/);
    assert.match(await printed("limit delete nightly --yes"), /✓ nightly deleted/);
    assert.match((await tutti("limit show nightly")).errors, /nightly/);
  });

  it("models: list, show, compare, promote, rollback, reset", async () => {
    await listed("model list", /test\.echo/);
    assert.match(await printed("model show test.echo"), /below 0\.9/);
    assert.match(await printed("model show test.echo"), /predicted by +middle/);
    for (const [args, problem] of [
      ["model compare test.echo", /`test\.echo` has \d+ recorded attempts?, at least 120 are needed/],
      ["model promote test.echo similar", /at least 120 are needed/],
      ["model rollback test.echo --reason worse", /The model of `test\.echo` was never changed/],
      ["model rollback never.seen", /Model `never\.seen` not found/],
      ["whatif --load 0", /--load: expected a number above 0, got `0`/],
      ["capacity --load -2", /--load: expected a positive number, got `-2`/],
      ["advice find", /Pass the NAME of a workflow, or set --pool\./],
    ] as const)
      assert.match((await tutti(args)).errors, problem);
    assert.match(await printed("model reset test.echo --reason again --yes"), /✓ test\.echo reset/);
  });
});
