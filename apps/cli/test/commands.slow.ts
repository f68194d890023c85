import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { commands } from "../src/command/commands.ts";
import {
  BuiltCommand,
  type CommandOptions,
  type Ended,
  runToEnd,
  workspaceFolder,
} from "./support/command.ts";
import { PlatformProcess } from "./support/platform.ts";
import { PollingWorker } from "./support/worker.ts";

const definitions: Readonly<Record<string, string>> = {
  "echo.yaml": `workflow: echo
description: Gives back what it is given.
tasks:
  one: {uses: test.echo, with: {a: "\${{ input.a }}"}}
output: "\${{ tasks.one.output }}"
`,
  "ask.yaml": `workflow: ask
signals:
  go: {schema: {type: object, required: [fast], properties: {fast: {type: boolean}}}}
tasks:
  sure:
    approve:
      title: "Pay <b>\${{ string(input.amount) }}</b>?"
      form: {type: object, required: [account], properties: {account: {type: string}}}
  ready: {wait: {signal: go}}
  pay: {uses: test.echo, needs: [sure, ready], with: {paid: "\${{ input.amount }}"}}
output: "\${{ tasks.pay.output }}"
`,
  "none.yaml": `workflow: none
tasks: {one: {uses: test.none}}
`,
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
  "flaky.yaml": `workflow: flaky
tasks: {bad: {uses: test.flaky}}
`,
};

describe("every command, once, on a platform", () => {
  let command: BuiltCommand;
  let platform: PlatformProcess;
  let worker: PollingWorker;
  let isJammed = true;
  const used = new Set<string>();

  before(async () => {
    [command, platform] = await Promise.all([BuiltCommand.build(), PlatformProcess.start()]);
    for (const [name, text] of Object.entries(definitions)) writeFileSync(join(command.folder, name), text);
    await printed("workflow register echo.yaml ask.yaml flaky.yaml");
    worker = new PollingWorker(platform.url, {
      "test.echo": (input) => input,
      // Only the session's end ends it.
      "test.hold": () => new Promise(() => {}),
      "test.flaky": () => {
        if (isJammed) throw new Error("jammed \u001b[2J");
        return "well";
      },
    });
  });
  after(async () => {
    await worker?.[Symbol.asyncDispose]();
    await platform?.[Symbol.asyncDispose]();
    command?.[Symbol.dispose]();
  });

  async function tutti(line: string, options: CommandOptions = {}): Promise<Ended> {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
    const { name = "" } = commands.find((one) => line.startsWith(`${one.name} `) || line === one.name) ?? {};
    used.add(name);
    const ended = await command.run(words, {
      cwd: command.folder,
      ...options,
      environment: { TUTTI_SERVER: platform.url, ...options.environment },
    });
    // Whatever users wrote, no terminal obeys it.
    assert.ok(!(ended.output + ended.errors).includes("\u001b"), line);
    return ended;
  }

  /** What it prints, when all is well. */
  async function printed(line: string, options: CommandOptions = {}): Promise<string> {
    const { exitCode, output, errors } = await tutti(line, options);
    assert.equal(exitCode, 0, `tutti ${line}: ${errors}${output}`);
    return output;
  }

  // Documents of programs are what the routes answer, which has tests of its own.
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any form
  const json = async (line: string): Promise<any> => JSON.parse(await printed(`${line} --json`));

  it("workflow: check, register, list, versions, graph", async () => {
    assert.match(await printed("workflow check echo.yaml ask.yaml none.yaml"), /✓ echo\.yaml workflow echo/);
    const { exitCode, output } = await tutti("workflow check none.yaml --against");
    assert.equal(exitCode, 1);
    assert.match(output, /none\.yaml:2:21: error: .*nobody offers `test.none`/);
    assert.match(await printed("workflow register none.yaml --as stable"), /✓ none .*stable.*new version/);
    assert.match(
      await printed("workflow register echo.yaml --as stable"),
      /✓ echo .*stable.*was there already/,
    );
    assert.match(await printed("workflow list"), /^workflow +tasks/);
    await listed("workflow list ech -q", /^echo\n$/);
    const before = (await printed("workflow versions echo -q")).trim();
    const changed = `${definitions["echo.yaml"]?.replace("Gives back", "Hands back")}`;
    writeFileSync(join(command.folder, "changed.yaml"), changed);
    await printed("workflow register changed.yaml --keep-latest");
    const [newest, oldest] = (await printed("workflow versions echo -q")).trim().split("\n");
    assert.deepEqual([oldest, newest === before], [before, false]);
    assert.match(await printed("workflow versions echo"), /^version +live +labels +registered\n\w{12} +0 /);
    assert.match(await printed("workflow versions echo --live"), /^$/);
    assert.match(await printed("workflow graph ask@latest"), /├─╯\n ◆ +pay/);
    assert.equal((await json("workflow graph ask")).width, 2);
  });

  it("run, watch, list, show, history", async () => {
    assert.equal(await printed("run echo a=1 --id echo-1 -l of=test --wait"), '{"a": 1}\n');
    assert.equal(await printed("run echo --input - --id echo-2 -q", { input: '{"a": "x"}' }), '{"a": "x"}\n');
    assert.equal(await printed("watch echo-1"), '{"a": 1}\n');
    await listed("list --label of=test --state completed --since 1h -q", /^echo-1\n$/);
    const { runs } = await json("list --label of=test --state completed --since 1h");
    assert.deepEqual(
      runs.map(({ runId }: { runId: string }) => runId),
      ["echo-1"],
    );
    await listed("list", /echo-2 +echo +✓ completed/);
    assert.match(await printed("show echo-1"), /✓ {2}one[\s\S]*labels +of=test[\s\S]*input\n {2}\{"a": 1\}/);
    assert.match(await printed("show echo-1 --at 2"), /one/);
    assert.match(await printed("show echo-1 one"), /uses +test.echo[\s\S]*output\n {2}\{"a": 1\}/);
    const lines = (await printed("history echo-1 --json")).trim().split("\n");
    assert.deepEqual(lines.map((line) => JSON.parse(line).type).slice(-1), ["run_completed"]);
    assert.match(await printed("history echo-1 --task one --data"), /task completed +one/);
  });

  it("sessions: run, list, show, tasks, why, plan, choices, compare, watch, result", async () => {
    assert.match(await printed("workflow check pair.yaml"), /✓ pair\.yaml/);
    const wrong = await tutti("run wrong.yaml");
    assert.equal(wrong.exitCode, 3);
    assert.match(wrong.errors, /wrong\.yaml:2:7[\s\S]*did you mean `adaptive`[\s\S]*nothing was started/);
    assert.equal(await printed("run pair.yaml --id pair-1"), '{"a": 1}\n');
    assert.equal(await printed("run pair.yaml a=2 --id pair-2 -q"), '{"a": 2}\n');
    assert.equal(await printed("watch pair-1"), '{"a": 1}\n');
    assert.equal(await printed("session watch pair-1"), '{"a": 1}\n');
    assert.equal(await printed("session result pair-2"), '{"a": 2}\n');
    await listed("session list -l of=pair -q", /pair-2\npair-1\n/);
    await listed("list --text pair", /pair-1 +session pair +✓ completed/);
    assert.match(await printed("session show pair-1"), /✓ {2}one[\s\S]*part p1[\s\S]*output\n {2}\{"a": 1\}/);
    assert.match(await printed("show pair-1"), /✓ {2}two/);
    assert.match(await printed("session tasks pair-1"), /two +✓ completed +test\.echo/);
    assert.match(await printed("session why pair-1"), /chosen mode[\s\S]*workflow[\s\S]*came out as/);
    assert.match(await printed("why pair-1 two"), /pair-1 two/);
    assert.match(await printed("session plan pair-1"), /one[\s\S]*█[\s\S]*planned/);
    assert.match(await printed("session compare pair-1"), /as it was; the simulation is/);
    assert.equal((await tutti("session show none")).exitCode, 3);
    assert.match(
      await printed("plan pair.yaml"),
      /2 tasks[\s\S]*chosen mode[\s\S]*one[\s\S]*░[\s\S]*nothing was started/,
    );
    assert.equal(await printed("plan pair.yaml --mode swarm -q"), "swarm\n");
    const unplanned = await tutti("plan wrong.yaml");
    assert.match(unplanned.errors, /did you mean `adaptive`[\s\S]*nothing is planned/);
    await listed("session choices", /pair-1 +(workflow|swarm|intelligence) [\s\S]*expected to take/);
  });

  it("sessions: signal, pause, resume, move, cancel, retry", async () => {
    await printed("run long.yaml --id long-1 --detach");
    assert.match(await printed("session pause long-1 --reason later"), /✓ long-1 is held .*paused/);
    assert.match(await printed("resume long-1"), /✓ long-1 goes on/);
    assert.match(await printed("session pause long-1"), /is held/);
    assert.match(await printed("session resume long-1"), /✓ long-1 goes on/);
    assert.match(await printed("session signal long-1 hurry much=true"), /✓ long-1 was told hurry/);
    assert.match(await printed("session move long-1 swarm after"), /✓ after {2}p1 → p2/);
    await printed("run late.yaml --id late-1 --detach");
    assert.match(await printed("dependency list late-1"), /late-1 +long-1 +well +no/);
    assert.match(await printed("dependency add late-1 other-1 --on always"), /✓ late-1 waits for other-1/);
    assert.match(await printed("dependency list late-1"), /late-1 +other-1 +in any way +no/);
    assert.match((await tutti("dependency add long-1 late-1")).errors, /expected|found/);
    for (const other of ["other-1", "long-1"])
      assert.match(
        await printed(`dependency remove late-1 ${other}`),
        new RegExp(`✓ late-1 does not wait for ${other}`),
      );
    assert.match(await printed("session cancel long-1 --now"), /✓ long-1 is terminated/);
    const ended = await tutti("session retry long-1");
    assert.equal(ended.exitCode, 3);
    await printed("session result late-1");
    assert.match(ended.errors, /expected the session long-1 to have failed, found it terminated/);
    assert.equal((await tutti("run jam.yaml --id jam-1 -q")).exitCode, 1);
    assert.match(await printed("session retry jam-1"), /✓ jam-1 is taken up again/);
    await listed("session list --text jam", /jam-1 +workflow .*0\/1/);
  });

  it("resources: quotas, reservations, who has what", async () => {
    assert.match(await printed("quota list"), /^$|No quotas/);
    assert.match(
      await printed("quota set default --limit slots=20 --limit gpu=2"),
      /✓ default allows 20 slots and 2 gpu at once/,
    );
    assert.match(
      await printed("quota list"),
      /default +gpu +0 +2 +all of the namespace\n +default +slots +0 +20|default +slots +\d+ +20/,
    );
    assert.match(await printed("resource list"), /slots +default +\d+/);
    assert.match(await printed("resource use"), /^$|No session|session/);
    const late = await tutti("reservation create night --amount slots=100000 --for 8h");
    assert.notEqual(late.exitCode, 0);
    assert.match(late.errors, /expected 100000 slots to be left in the pool default/);
    const nowhere = await tutti("reservation create night --amount slots=1 --agents gpu=true --for 8h");
    assert.match(
      nowhere.errors,
      /expected 1 slot to be left of agents with gpu=true in the pool default, found 0 in all;/,
    );
    assert.match(
      await printed("reservation create night --amount slots=1 --in 1h --for 8h"),
      /✓ night holds 1 slot until /,
    );
    assert.match(
      await printed("reservation list"),
      /night +default +1 slot +in 1h, for 8h +who names it|night +default +1 slot +in /,
    );
    assert.match(await printed("reservation delete night"), /✓ night is removed/);
    assert.match(await printed("quota delete default"), /✓ default is removed/);
    assert.match(await printed("resource why pair-1"), /it has the weight 1/);
  });

  it("locks: set, acquire, list, show, break, release, deadlocks", async () => {
    assert.match(await printed("lock set till 2"), /✓ till has 2 permits, 2 of them free/);
    assert.match(await printed("lock acquire till --holder ann"), /✓ till is held for 30 s, token \d+/);
    assert.match(await printed("lock acquire till --holder bob -q"), /^\d+\n$/);
    const held = await tutti("lock acquire till --holder eve");
    assert.equal(held.exitCode, 4);
    assert.match(held.errors, /till/);
    assert.match(await printed("lock list"), /till +2 +0 +0 +ann, bob/);
    assert.match(await printed("lock show till"), /till {2}0 of 2 free[\s\S]*ann[\s\S]*bob/);
    assert.match(await printed("lock break till ann --reason gone"), /✓ till is taken away/);
    assert.match(await printed("lock release till --holder bob"), /✓ till is given back/);
    const long = ["lock acquire till --holder may --work", "lock list --held-by"];
    for (const words of long) assert.equal((await tutti(`${words} dinner`)).exitCode, 2);
    await printed(`${long[0]} session/dinner`);
    await listed(`${long[1]} session/dinner`, /till/);
    await printed("lock release till --holder may");
    assert.match(await printed("lock deadlocks"), /^$|No deadlocks/);
  });

  it("budgets: of a run, and of a session in a file", async () => {
    const unknown = await tutti("run echo a=1 --budget sheep=3");
    assert.equal(unknown.exitCode, 2);
    assert.match(unknown.errors, /expected tokens, money, timeMs behind --budget, found `sheep`/);
    assert.equal((await tutti("run echo a=1 --budget tokens=many")).exitCode, 2);
    await printed("run echo a=1 --budget tokens=5 --budget money=2 --id frugal-1 -q");
    assert.deepEqual((await json("show frugal-1")).run.spec.budget, { tokens: 5, money: 2 });
    await printed("run pair.yaml --budget tokens=7 --id frugal-2 -q");
    assert.deepEqual((await json("session show frugal-2")).session.spec.budget, { tokens: 7 });
  });

  it("models: list, show, reset", async () => {
    await listed("model list", /test\.echo/);
    assert.match(await printed("model show test.echo"), /below 0\.9/);
    assert.match(await printed("model reset test.echo --reason anew"), /✓ test\.echo is forgotten/);
  });

  it("why, approve, signal", async () => {
    await printed("run ask amount=50 --id ask-1 --detach");
    assert.match(await printed("why ask-1"), /waits for\n +approval.*Pay <b>50<\/b>\?/);
    assert.match(await printed("why ask-1 ready"), /signal go/);
    await listed("approve", /ask-1 +sure +Pay <b>50<\/b>\? .*account\*/);
    const refused = await tutti("approve ask-1");
    assert.equal(refused.exitCode, 3);
    assert.match(refused.errors, /The form asks for: account\*/);
    assert.match(await printed("approve ask-1 sure -f account=CH7 --reason ok"), /✓ approved {2}ask-1 sure/);
    assert.equal((await tutti("signal ask-1 go fast=1")).exitCode, 3);
    assert.match(await printed("signal ask-1 go fast=true --key k1"), /✓ ask-1 was told go/);
    assert.equal(await printed("watch ask-1 -q"), '{"paid": 50}\n');
  });

  it("pause, resume, retry, cancel: one, and many by filters after a preview", async () => {
    for (const id of ["flaky-1", "flaky-2", "flaky-3"])
      assert.equal((await tutti(`run flaky --id ${id} -q`)).exitCode, 1);
    isJammed = false;
    assert.match(await printed("retry flaky-1 --reason mended"), /✓ flaky-1 is taken up again/);
    await printed("watch flaky-1 -q");
    await listed("list --workflow flaky --state failed -q", /^flaky-[23]\nflaky-[23]\n$/);
    const asked = await tutti("retry --workflow flaky --state failed");
    assert.equal(asked.exitCode, 2);
    assert.match(asked.errors, /retry would be done to 2 runs; nobody is here to say yes/);
    assert.equal((await json("retry --workflow flaky --state failed --yes")).done, 2);
    await printed("watch flaky-3 -q");
    await printed("run ask amount=1 --id ask-2 --detach");
    assert.match(await printed("pause ask-2"), /✓ ask-2 is held {2}‖ paused/);
    assert.match(await printed("resume ask-2"), /✓ ask-2 goes on/);
    assert.match(await printed("cancel ask-2 --reason enough"), /✓ ask-2 is asked to end/);
    assert.match(await printed("delete flaky-3"), /✓ flaky-3 is removed/);
    assert.equal((await tutti("show flaky-3")).exitCode, 3);
  });

  /** What was just made is in lists a moment later. */
  const listed = async (line: string, wanted: RegExp): Promise<void> => {
    let said = "";
    for (let tries = 0; tries < 100 && !wanted.test(said); tries++) said = await printed(line);
    assert.match(said, wanted);
  };

  const noTerminal = existsSync("/usr/bin/script") ? false : "there is no `script`, which makes a terminal";
  it("many, asked on a terminal: without a yes nothing is done", { skip: noTerminal }, async () => {
    await printed("run ask amount=3 --id ask-3 --detach");
    await listed("list --workflow ask --state running -q", /^ask-3\n$/);
    const { versions } = await json("workflow versions ask --live");
    assert.deepEqual(
      versions.map(({ liveCount }: { liveCount: number }) => liveCount),
      [1],
    );
    const words = `'${process.execPath}' '${command.program}' cancel --workflow ask --state running`;
    const environment = { TUTTI_SERVER: platform.url, NO_COLOR: "1" };
    const said = await runToEnd("script", ["-qec", words, "/dev/null"], { environment, input: "n\n" });
    assert.match(
      said.output,
      /run to cancel\r\n +1 {2}running[\s\S]*ask-3[\s\S]*cancel 1 run\? \[y\/N\][\s\S]*Nothing was done/,
    );
    assert.equal(await printed("show ask-3 -q"), "running\n");
  });

  it("schedule: create, list, show, preview, pause, resume, trigger, delete", async () => {
    const create = "schedule create nightly echo a=1 --cron '0 3 * * *' --zone Europe/Zurich --overlap allow";
    assert.match(await printed(create), /✓ nightly is made/);
    await listed("schedule list", /nightly +echo +0 3 \* \* \* {2}Europe\/Zurich/);
    assert.match(await printed("schedule show nightly"), /overlap +allow/);
    const { timesMs } = await json("schedule preview --every 1h --count 3");
    assert.equal(timesMs.length, 3);
    assert.match(await printed("schedule pause nightly --reason calm"), /is paused/);
    assert.match(await printed("schedule resume nightly"), /goes on/);
    assert.equal((await json("schedule trigger nightly")).result, "started");
    assert.match(await printed("schedule delete nightly"), /is removed/);
  });

  it("agents by hand: paused, asleep, put aside, each taken back", async () => {
    assert.match(await printed("agent pause polling-1 --reason calm"), /✓ polling-1 is paused/);
    assert.match(await printed("agent list"), /‖ paused/);
    assert.match(await printed("agent resume polling-1"), /works again/);
    assert.match(await printed("agent sleep polling-1 --for 10m"), /sleeps/);
    assert.match(await printed("agent wake polling-1"), /is awake/);
    assert.match(await printed("agent quarantine polling-1"), /is put aside/);
    assert.equal((await json("agent release polling-1")).agentId, "polling-1");
    const gone = await tutti("agent drain nobody --within 1s");
    assert.equal(gone.exitCode, 3);
    assert.match(gone.errors, /nobody/);
  });

  it("scalers: made, listed, shown, changed, removed", async () => {
    const made = await printed(
      "scaler create crew --max 5 --idle 30s --paused --env MODE=all --window '0 22 * * * to 0 6 * * * = 0..0' --time-zone Europe/Berlin -- node -e 0",
    );
    assert.match(made, /✓ crew is made {2}0 to 5 agents/);
    assert.match(await printed("scaler list"), /crew +default +node -e 0 +0\.\.5 +‖ paused/);
    assert.match(await printed("scaler show crew"), /all sleep {2}Europe\/Berlin/);
    assert.match(
      await printed("scaler update crew --min 1 --reason more"),
      /✓ crew is changed {2}1 to 5 agents/,
    );
    const { process: program, idleMs } = await json("scaler show crew");
    assert.deepEqual(
      [program.command, program.environment, idleMs],
      [["node", "-e", "0"], { MODE: "all" }, 30_000],
    );
    assert.match(await printed("scaler log crew"), /^$/);
    assert.match(await printed("scaler delete crew"), /✓ crew is removed/);
    assert.equal((await tutti("scaler show crew")).exitCode, 3);
    assert.equal((await tutti("scaler create other")).exitCode, 2);
  });

  it("pools: made, listed, shown, changed, held, limited, looked into, removed", async () => {
    const create = "pool create gpu --strategy fastest --max-queued 5 --weight gold=3 --label team=a";
    assert.match(await printed(create), /gpu is made/);
    assert.match(await printed("pool list"), /default +● open[\s\S]*gpu +● open/);
    assert.match(await printed("pool update gpu --description cards --reason named"), /is changed/);
    const { description, maxQueued, strategy } = await json("pool show gpu");
    assert.deepEqual([description, maxQueued, strategy.kind], ["cards", 5, "fastest"]);
    assert.match(await printed("pool pause gpu --reason maintenance"), /is paused/);
    assert.match(await printed("pool show gpu"), /‖ paused {2}maintenance/);
    assert.match(await printed("pool resume gpu --slow 10/1s --for 2m"), /slowly at first/);
    assert.match(await printed("pool limit gpu api --max 2 --rate 100/1m"), /api is set: 0 wait, 0 run/);
    assert.match(await printed("pool limit gpu"), /api +2 +100 per 1 min/);
    assert.match(await printed("pool limit gpu api --remove"), /is removed/);
    assert.match((await tutti("pool limit gpu api")).errors, /expected --max, --rate or --remove/);
    assert.deepEqual((await json("pool queue gpu")).tasks, []);
    assert.match(await printed("pool delete gpu"), /is removed/);
  });

  it("hooks: made, listed, shown, out of use and back, removed; a task says what they did", async () => {
    const create =
      "hook create mark before_assign --when 'task.id == \"one\"' --add-label seen=yes --because 'it is first'";
    assert.match(await printed(create), /mark is made/);
    assert.match(
      await printed("hook list"),
      /mark +default +before_assign +task\.id == "one" +label seen=yes/,
    );
    assert.match(await printed("hook disable mark"), /no say any more/);
    assert.equal((await json("hook show mark")).disabled, true);
    assert.match(await printed("hook enable mark"), /has its say again/);
    assert.match(await printed("hook delete mark"), /is removed/);
    assert.equal((await tutti("hook create bad before_assign --when task. --priority 1")).exitCode, 3);
  });

  it("missions: started, listed, shown, held, asked about and ended, by the words for runs too", async () => {
    assert.equal(await printed("mission start --id cat --title 'A name' --task think=test.none"), "cat\n");
    await listed("mission list -q", /^cat$/m);
    assert.match(await printed("mission show cat"), /cat {2}● running {2}1 task waits for an agent/);
    assert.match(await printed("mission tasks cat"), /think/);
    for (const part of ["board", "messages", "votes", "budget"]) await printed(`mission ${part} cat`);
    assert.match(await printed("mission why cat think"), /no agent offers test\.none/);
    assert.match(await printed("why cat think"), /no agent offers test\.none/);
    assert.match(await printed("show cat"), /cat {2}● running/);
    assert.match(await printed("pause cat"), /cat is held {2}‖ paused/);
    assert.match(await printed("resume cat"), /cat goes on {2}● running/);
    assert.match((await tutti("approve cat")).errors, /Nothing in cat waits for a person/);
    assert.match(await printed("cancel cat --reason 'it has one'"), /cat is asked to end {2}⊘ cancelled/);
    assert.equal((await tutti("mission cancel cat")).exitCode, 3);
    for (const words of ["why nix", "resume nix", "show nix", "approve nix"])
      assert.match((await tutti(words)).errors, /expected the run nix, found none/, words);
  });

  it("status, agent, events, sign-in", async () => {
    assert.match(await printed("status"), /services +.*✓ workflow[\s\S]*workers +1 agent/);
    assert.equal((await json("status")).agents.count, 1);
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    const processes = await printed("instances workflow");
    assert.match(processes, new RegExp(`workflow +${version} .* ready`));
    assert.doesNotMatch(processes, /swarm/);
    const services: string[] = (await json("instances")).instances.map(({ service = "" }) => service);
    assert.deepEqual(
      ["gateway", "swarm", "workflow"].filter((service) => !services.includes(service)),
      [],
    );
    assert.match(await printed("agent list"), /polling-1/);
    assert.match(await printed("agent show polling-1"), /test.echo/);
    assert.match(await printed("sign-in -q"), /^http:\/\/127\.0\.0\.1:\d+\/\S*token=\S+\n$/);
    used.add("events");
    const following = command.start(["events", "tutti.workflow.run.*", "--json", "--count", "3"], {
      environment: { TUTTI_SERVER: platform.url },
    });
    let runs = 0;
    // From now on means from when it is connected, which nothing tells: something happens until it was heard.
    const heard = following.says(/tutti\.workflow\.run\./).then(() => true);
    while (!(await Promise.race([heard, printed(`run echo a=${runs++} -q`).then(() => false)])));
    while (
      !(await Promise.race([
        following.ended.then(() => true),
        printed(`run echo a=${runs++} -q`).then(() => false),
      ]))
    );
    const { exitCode, output } = await following.ended;
    assert.equal(exitCode, 0);
    for (const line of output.trim().split("\n"))
      assert.match(JSON.parse(line).type, /^tutti\.workflow\.run\./);
  });

  it("config explain, certs, doctor, completion", async () => {
    const cwd = workspaceFolder;
    assert.match(await printed("config explain operations.port", { cwd }), /value +7400\nfrom +the default/);
    const unknown = await tutti("config explain operations.prot", { cwd });
    assert.deepEqual([unknown.exitCode, /Did you mean `operations.port`/.test(unknown.errors)], [2, true]);
    const { settings } = JSON.parse(await printed("config explain operations.port --json", { cwd }));
    assert.equal(settings[0].value, 7400);
    const out = join(command.folder, "certs");
    assert.match(
      await printed(`certs --services platform --out ${out}`, { cwd }),
      /platform +\S+platform.crt +new/,
    );
    const data = join(command.folder, "none");
    assert.match(
      await printed(`doctor --data ${data}`, { cwd }),
      /✓ node[\s\S]*✓ platform[\s\S]*There is nothing at/,
    );
    const away = await tutti(`doctor --data ${data} --json`, {
      cwd,
      environment: { TUTTI_SERVER: "127.0.0.1:2" },
    });
    assert.equal(away.exitCode, 1);
    const { findings } = JSON.parse(away.output) as {
      findings: { about: string; level: string; text: string }[];
    };
    assert.match(findings.find(({ level }) => level === "problem")?.text ?? "", /cannot be reached/);
    for (const shell of ["bash", "zsh", "fish"]) assert.match(await printed(`completion ${shell}`), /tutti/);
  });

  it("secret: put, list, rotate, reseal, remove; none says its value", async () => {
    const cwd = command.folder;
    writeFileSync(join(cwd, "till.txt"), "open sesame one");
    writeFileSync(join(cwd, "new.txt"), "open sesame two");
    const said = [
      await printed("secret put till till.txt --user agent:press"),
      await printed("secret rotate till new.txt --overlap 1h"),
      await printed("secret list"),
      await printed("secret reseal"),
      await printed("secret remove till --version 1"),
      await printed("secret remove till"),
    ];
    assert.match(said.join(""), /version 1[\s\S]*version 2[\s\S]*agent:press/);
    assert.doesNotMatch(said.join(""), /open sesame/);
    assert.match((await tutti("secret rotate till new.txt")).errors, /tutti secret put till FILE/);
  });

  it("validate, rule: impact, set, list, findings, versions, diff, rollback, delete; compliance: list, report", async () => {
    const cwd = join(command.folder, "ruled");
    mkdirSync(cwd);
    const rules = `rules:
  - ruleId: no-night
    subject: request
    when: call.action == "workflow.runs.start"
    condition: "!has(subject.spec.labels.night)"
    deny: {message: nothing runs at night}
    severity: error
    controls: [{framework: house, control: H1}]
    cases:
      - {title: by day, action: workflow.runs.start, subject: {spec: {labels: {}}}, admitted: true}
`;
    writeFileSync(join(cwd, "house.rules.yaml"), rules);
    assert.match(await printed("validate .", { cwd }), /house\.rules\.yaml|1 file/);
    assert.match(
      await printed("rule impact house.rules.yaml", { cwd }),
      /0 findings in \d+ starts, definitions and agents/,
    );
    await printed("rule set house.rules.yaml", { cwd });
    assert.match(await printed("rule list"), /no-night/);
    await until("the rule to be in force", async () => {
      const ended = await tutti("run echo --label night=yes -q");
      return ended.exitCode !== 0 && /nothing runs at night/.test(ended.errors);
    });
    await until("the finding to be told", async () => /no-night/.test(await printed("rule findings")));
    assert.match(await printed("compliance list"), /house/);
    assert.match(await printed("compliance report house"), /H1[\s\S]*no-night|no-night[\s\S]*H1/);
    writeFileSync(join(cwd, "house.rules.yaml"), rules.replace("nothing runs", "nothing at all runs"));
    await printed("rule set house.rules.yaml --reason clearer", { cwd });
    const [later = "", former = ""] = (await printed("rule versions no-night -q")).trim().split("\n");
    assert.match(await printed("rule versions no-night"), /deny\.message\s+clearer/);
    assert.match(
      await printed(`rule diff no-night ${former} ${later}`),
      /deny\.message[\s\S]*nothing at all/,
    );
    assert.match(await printed(`rule diff no-night ${later}`), /says the same/);
    await printed(`rule impact --rule no-night --version ${former}`);
    assert.match((await tutti(`rule rollback no-night ${former}`)).errors, /expected --reason/);
    assert.match(await printed(`rule rollback no-night ${former} --reason shorter`), /no-night holds as in/);
    assert.match(await printed(`rule diff no-night ${former}`), /says the same/);
    await printed("rule delete no-night");
    assert.doesNotMatch(await printed("rule list"), /no-night/);
    assert.match(await printed("rule versions no-night"), /taken away by/);
    writeFileSync(join(cwd, "wrong.rules.yaml"), rules.replace("deny:", "dney:"));
    const wrong = await tutti("validate .", { cwd });
    assert.equal(wrong.exitCode, 1);
    assert.match(wrong.output + wrong.errors, /wrong\.rules\.yaml:\d+:\d+/);
  });

  it("who is kept out, and what is paused", async () => {
    assert.equal(await printed("lockout list -q"), "");
    assert.match(await printed("lockout lift 192.0.2.7 --reason mistake"), /192\.0\.2\.7 was not kept out/);
    assert.match(await printed("paused"), /nothing is paused/);
    assert.match(await printed("release --all"), /nothing is paused/);
  });

  it("completion of bash completes commands, options and ids", async () => {
    const script = join(command.folder, "completion.bash");
    writeFileSync(script, await printed("completion bash"));
    const complete = async (line: string): Promise<string[]> => {
      const words = line.split(" ");
      const ask = `source '${script}'; tutti() { '${process.execPath}' '${command.program}' "$@"; }; COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _tutti; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { output, errors } = await runToEnd("bash", ["--norc", "-c", ask], {
        environment: { TUTTI_SERVER: platform.url },
      });
      assert.equal(errors, "");
      return output.trim().split("\n");
    };
    assert.deepEqual(await complete("tutti sch"), ["schedule"]);
    assert.deepEqual(await complete("tutti workflow r"), ["register"]);
    assert.deepEqual(await complete("tutti list --st"), ["--state"]);
    assert.deepEqual(await complete("tutti show echo-"), ["echo-2", "echo-1"]);
    assert.deepEqual(await complete("tutti schedule show x"), [""]);
  });

  it("none was forgotten", () => {
    const missing = commands
      .map(({ name }) => name)
      .filter((name) => !name.startsWith("demo ") && !used.has(name) && !isElsewhere(name));
    assert.deepEqual(missing, []);
  });
});

/** The proof and the race have tests of their own, and so have others; a guide's blocks are a test. */
const elsewhere = ["access.slow.ts", "cluster.slow.ts", "../../../docs/guides/audit.md"].map((file) =>
  readFileSync(new URL(file, import.meta.url), "utf8"),
);

function isElsewhere(name: string): boolean {
  const asWords = `"${name.split(" ").join('", "')}"`;
  return elsewhere.some((text) => text.includes(asWords) || text.includes(`tutti ${name}`));
}
