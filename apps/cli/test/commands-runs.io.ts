import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import { latch, until } from "@tutti/kernel/testing";
import { Client } from "@tutti/rest/client";
import { exitCodes } from "../src/command/exit-codes.ts";
import { commandAtWork, echoDefinition } from "./support/at-work.ts";
import { runToEnd } from "./support/command.ts";

const definitions = {
  "kept.yaml": `workflow: kept
tasks:
  one: {uses: test.echo, with: {day: "\${{ input.day }}"}, cache: {ttl: 1h, tags: [days]}}
`,
  "learned.yaml": `workflow: learned
tasks: {one: {uses: test.echo, with: learned, cache: auto}}
`,
  "ask.yaml": `workflow: ask
signals:
  go: {schema: {type: object, required: [fast], properties: {fast: {type: boolean}}}}
tasks:
  sure:
    approve:
      title: "Pay <b>\${{ string(input.amount) }}</b>?"
      context: {to: bank}
      form: {type: object, required: [account], properties: {account: {type: string}}}
  ready: {wait: {signal: go}}
  pay: {uses: test.echo, needs: [sure, ready], with: {paid: "\${{ input.amount }}"}}
output: "\${{ tasks.pay.output }}"
`,
  "buyer.yaml": `workflow: buyer
tasks: {buy: {workflow: ask, with: "\${{ input }}"}}
`,
  "manager.yaml": `workflow: manager
tasks:
  sure: {approve: {title: "Buy for \${{ string(input.amount) }}?"}}
  buy: {workflow: ask, with: "\${{ input }}"}
`,
  ...Object.fromEntries(
    ["workflow", "swarm"].map((mode) => [
      `${mode}.yaml`,
      `session: ${mode}
mode: ${mode}
input: {amount: "${mode}"}
tasks:
  buy: {workflow: ask, with: "\${{ input }}"}
`,
    ]),
  ),
  "desk.yaml": `workflow: desk
object: {key: "\${{ input.key }}", call: "\${{ input.call }}"}
tasks: {one: {set: 1}}
output: "\${{ input.input }}"
`,
  "jobs.crontab": "MAILTO=ops\n30 2 * * * /opt/backup.sh\n",
  "none.yaml": `workflow: none
tasks: {one: {uses: test.none}}
`,
  "older.yaml": `workflow: older
tasks: {one: {uses: test.none, estimate: {tokens: 5}}}
`,
  "named.yaml": `workflow: named
input:
  schema: {type: object, properties: {name: {type: string}}}
tasks: {one: {uses: test.echo}}
`,
  "cart.yaml": `workflow: cart
vars: {articles: 0}
queries:
  count: {output: "\${{ vars.articles }}"}
updates:
  add:
    schema: {type: object, required: [count], properties: {count: {type: integer}}}
    set: {articles: "\${{ vars.articles + payload.count }}"}
    output: {added: "\${{ payload.count }}"}
signals:
  close: {}
tasks:
  done: {wait: {signal: close}}
`,
  "saga.yaml": `workflow: saga
tasks:
  reserve: {uses: test.echo, compensate: {uses: test.echo}}
  pay: {uses: test.echo, needs: [reserve], compensate: {uses: test.echo}}
  note: {uses: test.echo, needs: [pay]}
  ready: {wait: {signal: go}, needs: [note]}
`,
  "rates.yaml": `workflow: rates
tasks: {load: {uses: test.rates, with: "\${{ input }}", cache: 1h}}
output: "\${{ tasks.load.output }}"
`,
  "broken.yaml": `workflow: broken
tasks:
  ask: {wait: {signal: never}}
  pay: {uses: test.echo, needs: [ask], with: {paid: "\${{ tasks.ask.output.amount }}"}}
  note: {uses: test.echo, needs: [pay]}
  late: {wait: {signal: never}}
output: "\${{ tasks.pay.output }}"
`,
  "strict.yaml": `workflow: strict
tasks:
  pay: {uses: test.strict, with: {amount: "\${{ input.amount }}"}, retry: 1}
  note: {uses: test.echo, needs: [pay], with: {paid: "\${{ tasks.pay.output.amount }}"}}
output: "\${{ tasks.note.output }}"
`,
  "flaky.yaml": `workflow: flaky
tasks: {bad: {uses: test.flaky}}
`,
};

describe("the commands for workflows, runs, triggers and schedules", () => {
  let isJammed = true;
  const allAsked = latch();
  let timesLoaded = 0;
  const at = commandAtWork({
    files: definitions,
    registered: "ask.yaml desk.yaml flaky.yaml named.yaml rates.yaml saga.yaml strict.yaml",
    handlers: {
      "test.rates": async () => {
        timesLoaded += 1;
        await allAsked.opened;
        return "rates";
      },
      "test.strict": (input) => {
        if ((input as { readonly amount: number }).amount === 0) throw new Error("nothing to pay");
        return input;
      },
      "test.flaky": () => {
        if (isJammed) throw new Error("jammed \u001b[2J");
        return "well";
      },
    },
  });
  const { tutti, printed, json, listed } = at;

  it("a cached task is done once by many runs that start at once", async () => {
    const client = new Client({ url: at.platform.url });
    const count = 400;
    // The same input, with its keys in two orders.
    const inputs = ['{"a":1,"b":2}', '{"b":2,"a":1}'];
    const items = Array.from({ length: count }, (_, number) => ({
      runId: `rates-${number}`,
      spec: 1,
      inlineInput: Buffer.from(inputs[number % 2] ?? "").toString("base64"),
    }));
    await client.call("runs.batch", { body: { specs: [{ definition: { name: "rates" } }], items } });
    allAsked.open();
    await until("all runs to complete", async () => {
      const query = { by: "status", definition: "rates", status: "completed" } as const;
      const { counts } = await client.call("runs.count", { query });
      return counts[0]?.count === count;
    });
    assert.equal(timesLoaded, 1);
    assert.equal(await printed("watch rates-399"), '"rates"\n');
  });

  const noTerminal = existsSync("/usr/bin/script") ? false : "there is no `script`, which makes a terminal";

  it("query, update, version, workflow archive and convert", async () => {
    await printed("run cart.yaml --id cart-1 --detach");
    await listed("query cart-1 count", /^0$/m);
    assert.match(await printed("update cart-1 add count=2 --idempotency-key a"), /"added": 2/);
    assert.match(await printed("update cart-1 add count=2 --idempotency-key a"), /"added": 2/);
    assert.equal((await json("query cart-1 count")).answer, 2);
    assert.equal((await tutti("query cart-1 nope")).exitCode, 3);
    await printed("signal cart-1 close");
    assert.match(await printed("version"), /^CLI +\d+\.\d+\.\d+.*\nplatform +\d+\.\d+\.\d+/);
    const offline = await tutti("version --json", { environment: { TUTTI_SERVER: "http://127.0.0.1:9" } });
    assert.deepEqual(Object.keys(JSON.parse(offline.output)), ["cli", "node"]);
    assert.match(await printed("workflow convert cart.yaml --format typescript"), /@tutti\/sdk\/workflow/);
    assert.equal(JSON.parse(await printed("workflow convert cart --format json")).workflow, "cart");
    const { documents, untranslated } = await json("import crontab jobs.crontab --time-zone Europe/Berlin");
    assert.deepEqual(
      [documents.length, documents[1].timeZone, untranslated[0].line],
      [2, "Europe/Berlin", 1],
    );
    assert.match((await tutti("import crontab jobs.crontab")).errors, /jobs\.crontab:1: `MAILTO=ops` is not/);
    assert.match((await tutti("import github-actions jobs.crontab")).errors, /cannot be imported/);
    assert.match((await tutti("import drawio jobs.crontab")).errors, /Kinds: crontab, makefile/);
    assert.match(await printed("workflow archive cart"), /✓ cart: 1 version archived/);
    assert.match(await printed("workflow archive cart"), /– cart is already archived/);
    assert.equal((await tutti("run cart --id cart-2")).exitCode, 3);
    assert.match(await printed("workflow archive cart --restore"), /✓ cart: 1 version restored/);
  });

  it("workflow: check, register, list, show, versions, graph", async () => {
    assert.match(await printed("workflow check echo.yaml ask.yaml none.yaml"), /✓ echo\.yaml workflow echo/);
    const { exitCode, output } = await tutti("workflow check none.yaml --against");
    assert.equal(exitCode, 1);
    assert.match(output, /none\.yaml:2:21: error: .*no agent offers `test.none`/);
    assert.match(await printed("workflow register none.yaml --as stable"), /✓ none .*stable.*new version/);
    assert.match(await printed("workflow register echo.yaml --as stable"), /✓ echo .*stable.*already exists/);
    const older = await tutti("run older.yaml --detach");
    assert.match(older.errors, /older\.yaml:2:32: warning: tasks\.one\.estimate: `estimate` is deprecated/);
    assert.match(await printed("template publish child --as stable"), /✓ chapter .*✓ child .*stable/s);
    assert.match(await printed("workflow list"), /^workflow +tasks/);
    await listed("workflow list ech -q", /^echo\n$/);
    const before = (await printed("workflow versions echo -q")).trim();
    const shown = await printed("workflow show echo");
    assert.match(shown, /^echo\nGives back[\s\S]*\nuses +test\.echo\n[\s\S]*Start a run: tutti run echo/);
    assert.equal((await json("workflow show echo@stable")).hash, before);
    assert.match((await tutti("workflow show ecco")).errors, /Did you mean `echo`\?/);
    const changed = echoDefinition.replace("Gives back", "Hands back");
    writeFileSync(join(at.command.folder, "changed.yaml"), changed);
    await printed("workflow register changed.yaml --keep-latest");
    const [newest, oldest] = (await printed("workflow versions echo -q")).trim().split("\n");
    assert.deepEqual([oldest, newest === before], [before, false]);
    assert.match(
      await printed("workflow versions echo"),
      /^version +live +new runs +labels +registered\n\w{12} +0 /,
    );
    const changedAgain = echoDefinition.replace("Gives back", "Passes back");
    writeFileSync(join(at.command.folder, "changed.yaml"), changedAgain);
    await printed("workflow register changed.yaml --as 3 --percent 10");
    assert.match(
      await printed("workflow versions echo"),
      /\w{12} +0 +10 % +3 [\s\S]*\w{12} +0 +90 % +.*latest/,
    );
    assert.match(
      await printed("workflow rollout echo@3 --percent 30 --reason slowly"),
      /✓ echo@3 takes 30 % of new runs/,
    );
    assert.match(await printed("workflow versions echo"), /30 %[\s\S]* 70 %/);
    const [third = ""] = (await printed("workflow versions echo -q")).split("\n");
    await printed(`workflow archive echo --hash ${third}`);
    assert.match(await printed("workflow versions echo"), /archived +3 [\s\S]* 100 % +.*latest/);
    await printed(`workflow archive echo --hash ${third} --restore`);
    await printed("workflow rollout echo@3 --percent 0");
    assert.match(await printed("workflow versions echo"), /100 %/);
    assert.match((await tutti("workflow rollout echo")).errors, /such as order@2\.0\.0/);
    assert.match(await printed("workflow versions echo --live"), /^$/);
    assert.match(await printed("workflow graph ask@latest"), /├─╯\n ◆ +pay/);
    assert.equal((await json("workflow graph ask")).width, 2);
  });

  it("workflow advise: finds a dependency whose result is not read, with the gain in a replay", async () => {
    const slow = `workflow: slow-order
tasks:
  pause: {wait: 400ms}
  reserve: {uses: test.echo, with: {id: 1}}
  charge: {uses: test.echo, needs: [reserve, pause], with: "\${{ tasks.reserve.output }}"}
`;
    writeFileSync(join(at.command.folder, "slow.yaml"), slow);
    await printed("workflow register slow.yaml");
    assert.match((await tutti("workflow advise slow-order")).errors, /^No advice about slow-order from 0/);
    for (let run = 0; run < 6; run++) await printed("run slow-order");
    const advice = await until("the runs are listed", async () => {
      const found = await json("workflow advise slow-order --runs 10");
      return found.runs === 6 ? found.recommendations : undefined;
    });
    const [{ recommendationId, kind, task, gain, changes }] = advice;
    assert.deepEqual([kind, task, gain.runs], ["needless_need", "charge", 6]);
    assert.ok(gain.median > 0.01 && gain.low <= gain.median && gain.median <= gain.high);
    assert.deepEqual(changes, ['tasks.charge.needs: ["reserve","pause"] → ["reserve"]']);
    assert.match(await printed("advice find slow-order"), /does not use its output[\s\S]*risk +The order/);
    assert.match(await printed("advice list --workflow slow-order"), /charge\.pause +[\d.]+ % +open/);
    assert.match(await printed(`advice apply ${recommendationId} --percent 30 --yes`), /on trial with 30 %/);
    assert.match(
      await printed(`advice show ${recommendationId}`),
      /next +after 20 runs[\s\S]*workflow: slow-order/,
    );
    assert.match(await printed(`advice dismiss ${recommendationId}`), /taken back/);
    assert.equal(await printed("advice list --workflow slow-order -q"), "");
    assert.equal(await printed("advice list --all -q"), `${recommendationId}\n`);
  });

  it("workflow migrate: the plan, then the runs, and back", async () => {
    const { folder } = at.command;
    const offer = (amount: string) =>
      `workflow: offer\ntasks:\n  ready: {wait: {signal: go}}\n  bill: {needs: [ready], set: ${amount}}\noutput: "\${{ tasks.bill.output }}"\n`;
    writeFileSync(join(folder, "offer-1.yaml"), offer("1"));
    writeFileSync(join(folder, "offer-2.yaml"), offer("2"));
    await printed("workflow register offer-1.yaml --as 1");
    await printed("run offer --id offer-1 --detach");
    await printed("run offer --id offer-2 --detach");
    await printed("workflow register offer-2.yaml --as 2");
    await listed("list --workflow offer -q", /offer-1/);
    await listed("list --workflow offer -q", /offer-2/);
    const toSecond = "workflow migrate offer@1 --to 2";
    assert.match(await printed(`${toSecond} --dry-run`), /^2 runs to move\n +2 {2}safe/);
    assert.equal((await json(`${toSecond} --dry-run --only offer-2`)).count, 1);
    assert.match(await printed(`${toSecond} --yes`), /✓ 2 runs moved/);
    assert.match(
      await printed("workflow migrate offer --to 2 --dry-run"),
      /^0 runs to move, 2 left alone\n +2 {2}identical .*or the run is on it already\n· offer-\d {2}the run is on this version/,
    );
    const unknown = await tutti("workflow migrate ofer --dry-run");
    assert.equal(unknown.exitCode, exitCodes.refused);
    assert.match(unknown.errors, /`ofer` not found[\s\S]*Did you mean `offer`\?/);
    // With runs that match, and without.
    for (const from of ["offer", "offer@1"]) {
      const refused = await tutti(`workflow migrate ${from} --to 9 --dry-run`);
      assert.equal(refused.exitCode, exitCodes.refused);
      assert.match(
        refused.errors,
        /`offer` not found in version 9\. Newest versions: 2, 1\. List its versions/,
      );
    }
    assert.match(await printed("workflow migrate offer --undo --only offer-2 --yes"), /✓ 1 run moved/);
    for (const id of ["offer-1", "offer-2"]) await printed(`signal ${id} go`);
    assert.equal(await printed("watch offer-1"), "2\n");
    assert.equal(await printed("watch offer-2"), "1\n");
    assert.match((await tutti("workflow migrate offer --to 2 --dry-run")).errors, /No active runs match/);
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
    assert.match(await printed("history echo-1 --task one --data"), /one +completed by/);
  });

  it("a mistyped value gets a suggestion: workflows, pools, states", async () => {
    const cases: readonly (readonly [line: string, words: RegExp])[] = [
      ["list --workflow ech", /Workflow `ech` not found\. Did you mean `echo`\?/],
      ["retry --workflow flak", /Workflow `flak` not found\. Did you mean `flaky`\?/],
      ["pool show defualt", /Did you mean `default`\?/],
      ["workflow versions ecco", /Did you mean `echo`\?/],
      ["list --state faild", /Did you mean `failed`\?/],
      ["workflow convert echo --format ymal", /Did you mean `yaml`\?/],
    ];
    for (const [line, pattern] of cases) assert.match((await tutti(line)).errors, pattern, line);
  });

  it("run explains how to pass a number as a text, and prefers a workflow to a folder of the same name", async () => {
    mkdirSync(join(at.command.folder, "named"));
    const refused = await tutti("run named name=5");
    assert.equal(refused.exitCode, 3);
    assert.match(refused.errors, /name='"5"' +passes it as a text/);
  });

  it("run explains why no task runs, with a remedy", async () => {
    const { errors, exitCode } = await tutti("run none --id none-1 --timeout 6s");
    assert.equal(exitCode, exitCodes.unfinished);
    assert.match(errors, /test\.none[\s\S]*→ /);
    assert.equal((await tutti("cancel none-1 --now --yes")).exitCode, 0);
    const prompted = await tutti("delete none-1");
    assert.equal(prompted.exitCode, 2);
    assert.match(prompted.errors, /needs a confirmation[\s\S]*--yes/);
    assert.match(await printed("delete none-1 --yes"), /none-1 deleted/);
  });

  it("why, approve, signal", async () => {
    await printed("run ask amount=50 --id ask-1 --detach");
    assert.match(await printed("why ask-1"), /waits for\n +approval.*Pay <b>50<\/b>\?/);
    assert.match(await printed("why ask-1 ready"), /signal go/);
    assert.match(await printed("why ask-1 sure"), /Pay <b>50<\/b>\? \{"to":"bank"\}/);
    for (const line of ["show ask-1", "show ask-1 sure"])
      assert.match(await printed(line), /question +Pay <b>50<\/b>\? \{"to":"bank"\}/);
    await listed("approve", /ask-1 +sure +Pay <b>50<\/b>\? \{"to":"bank"\} .*account\*/);
    const refused = await tutti("approve ask-1");
    assert.equal(refused.exitCode, 3);
    assert.match(refused.errors, /The form asks for: account\*/);
    const approved = await tutti("approve ask-1 sure account=CH7 --reason ok");
    assert.match(approved.errors, /Pay <b>50<\/b>\? \{"to":"bank"\}/);
    assert.match(approved.output, /✓ approved {2}ask-1 sure/);
    assert.equal((await tutti("signal ask-1 go fast=1")).exitCode, 3);
    assert.match(
      await printed("signal ask-1 go fast=true --idempotency-key k1"),
      /✓ signal go sent to ask-1/,
    );
    assert.equal(await printed("watch ask-1 -q"), '{"paid": 50}\n');
  });

  it("a rejected approval is shown with the person and the reason, and asked again by a retry", async () => {
    await printed("run ask amount=60 --id ask-no --detach");
    assert.match(await printed("approve ask-no sure --reject --reason later"), /✗ rejected {2}ask-no sure/);
    await printed("signal ask-no go fast=true");
    const rejection = /rejected by \S+: later/;
    assert.equal((await tutti("watch ask-no -q")).exitCode, exitCodes.failed);
    assert.match(await printed("show ask-no"), new RegExp(`✗ +sure +${rejection.source}  `, "m"));
    assert.match(await printed("show ask-no sure"), new RegExp(`^✗ sure {2}failed {2}${rejection.source}`));
    const explained = await printed("why ask-no");
    assert.match(explained, /was rejected by \S+: later\.[\s\S]*tutti retry ask-no +Ask again\./);
    assert.doesNotMatch(explained, /tutti logs/);
  });

  it("approve names the child runs whose questions a run waits for", async () => {
    await printed("run buyer.yaml amount=2 --id buyer-1 --detach");
    const refused = await until("the child asks", async () => {
      const { errors } = await tutti("approve buyer-1");
      return errors.includes("but its children have") ? errors : undefined;
    });
    const [, command = ""] = /tutti (approve \S+ sure) +Pay <b>2<\/b>\?/.exec(refused) ?? [];
    assert.match(await printed(`${command} --form account=a1`), /✓ approved +\S+ sure/);
    await printed("cancel buyer-1 --now --yes");
  });

  it("approve lists the questions of a run and those of its child runs, and each can be answered", async () => {
    await printed("run manager.yaml amount=3 --id manager-1 --detach");
    const refused = await until("both ask", async () => {
      const { errors } = await tutti("approve manager-1");
      return /Run `manager-1` and its children have 2 open approvals/.test(errors) ? errors : undefined;
    });
    assert.match(refused, /tutti approve manager-1 sure +Buy for 3\?/);
    const [, command = ""] = /tutti (approve manager-1\S+ sure) +Pay <b>3<\/b>\?/.exec(refused) ?? [];
    assert.match(await printed(`${command} account=a1`), /✓ approved +manager-1\S+ sure/);
    assert.match(await printed("approve manager-1"), /✓ approved +manager-1 sure/);
    assert.match((await tutti("approve manager-1 sure")).errors, /has no open approvals/);
    await printed("cancel manager-1 --now --yes");
  });

  for (const mode of ["workflow", "swarm"])
    it(`approve lists and answers the questions of a session in the mode ${mode}`, async () => {
      const id = `${mode}-1`;
      await printed(`run ${mode}.yaml --id ${id} --detach`);
      await until("it asks", async () => (await tutti("approve")).output.includes(`Pay <b>${mode}</b>?`));
      assert.match((await tutti(`approve ${id} nope`)).errors, new RegExp(`tutti approve ${id}\\S+ sure`));
      assert.match(await printed(`approve ${id} sure account=a1`), new RegExp(`✓ approved +${id}\\S+ sure`));
      assert.match((await tutti(`approve ${id}`)).errors, /Session `\S+` has no open approvals/);
      await printed(`cancel ${id} --yes`);
      assert.match((await tutti("approve nowhere")).errors, /nowhere/);
    });

  it("files: listed by the place of their references, and fetched", async () => {
    const content = "a,b\n1,2\n".repeat(10);
    const upload = await fetch(`${at.platform.url}/v1/blobs`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: content,
    });
    const { blob } = (await upload.json()) as {
      readonly blob: { readonly sha256: string; readonly size: number };
    };
    const input = JSON.stringify({ table: { $blob: blob, mediaType: "text/csv" }, rows: 2 });
    writeFileSync(join(at.command.folder, "table.json"), input);
    assert.match(await printed("files echo-1"), /No files/);
    await printed("run echo a=1 @table.json --id files-1 --wait");
    await listed("files files-1", /input\.table +80 +text\/csv +\w{12}/);
    await printed("files files-1 input.table --out fetched");
    assert.equal(readFileSync(join(at.command.folder, "fetched", "input.table"), "utf8"), content);
  });

  it("repair: an output and a skip, after a preview", async () => {
    await printed("workflow register broken.yaml");
    await printed("run broken --id broken-1 --detach");
    assert.equal((await tutti("repair broken-1 ask amount=7")).exitCode, 2);
    assert.equal((await tutti("repair broken-1 ask --reason none")).exitCode, 2);
    const line = "repair broken-1 ask amount=7 --reason phoned";
    const dry = await tutti(`${line} --dry-run`);
    assert.match(dry.errors, /\) will be completed with this output\. 2 tasks after it: pay, note\./);
    assert.match((await tutti(line)).errors, /--yes/);
    assert.match(await printed(`${line} --yes`), /✓ ask of broken-1: completed/);
    await printed("repair broken-1 late --skip --reason gone --yes");
    assert.match(await printed("watch broken-1"), /7/);
    assert.match(await printed("history broken-1 --json"), /task_repaired[^\n]*phoned/);
    assert.equal((await tutti(`${line} --yes`)).exitCode === 0, false);
    assert.equal((await tutti("repair broken-1 ask --rerun --reason none")).exitCode, 2);
    const repeated = "repair broken-1 pay amount=9 --rerun --reason typo --yes";
    assert.equal((await tutti(repeated)).exitCode === 0, false, "a completed run is not retried");
  });

  it("repair: an input, of a task that has failed its run", async () => {
    assert.equal((await tutti("run strict amount=0 --id strict-1 -q")).exitCode, 1);
    const line = "repair strict-1 pay amount=9 --rerun --reason typo";
    const dry = await tutti(`${line} --dry-run`);
    assert.match(dry.errors, /\(failed\) will run with this input.*1 task after it: note\./s);
    assert.match(await printed(`${line} --yes`), /✓ pay of strict-1: /);
    assert.match(await printed("watch strict-1"), /9/);
    assert.match(await printed("history strict-1 --json"), /run_retried[^\n]*typo/);
  });

  it("pause, resume, retry, cancel: one run, and many runs by filters after a preview", async () => {
    for (const id of ["flaky-1", "flaky-2", "flaky-3"])
      assert.equal((await tutti(`run flaky --id ${id} -q`)).exitCode, 1);
    isJammed = false;
    assert.match(await printed("retry flaky-1 --reason mended"), /✓ flaky-1 is being retried/);
    await printed("watch flaky-1 -q");
    await listed("list --workflow flaky --state failed -q", /^flaky-[23]\nflaky-[23]\n$/);
    const prompted = await tutti("retry --workflow flaky --state failed");
    assert.equal(prompted.exitCode, 2);
    assert.match(prompted.errors, /`tutti retry` needs a confirmation: Retry 2 runs\?/);
    assert.equal((await json("retry --workflow flaky --state failed --yes")).done, 2);
    await printed("watch flaky-3 -q");
    await printed("run ask amount=1 --id ask-2 --detach");
    assert.match(
      (await tutti("reset ask-2 soon --yes")).errors,
      /expected the number of an event, got `soon`/,
    );
    assert.match(await printed("reset ask-2 1 --yes --reason again"), /✓ ask-2 is back at event 1/);
    assert.match(await printed("history ask-2"), /run +was reset/);
    assert.match(await printed("pause ask-2"), /✓ ask-2 is paused\n$/);
    assert.match(await printed("resume ask-2"), /✓ ask-2 is resumed/);
    assert.match(await printed("cancel ask-2 --reason enough"), /✓ ask-2 is (being )?cancelled/);
    assert.match(await printed("delete flaky-3 --yes"), /✓ flaky-3 deleted/);
    assert.equal((await tutti("show flaky-3")).exitCode, 3);
  });

  it("cancel lists its compensations, and asks on a terminal", { skip: noTerminal }, async () => {
    await printed("run saga --id saga-1 --detach");
    await listed("show saga-1", /✓ {2}note/);
    const cancelled = async (args: string, input: string) => {
      const line = `'${process.execPath}' '${at.command.program}' ${args}`;
      const environment = { TUTTI_SERVER: at.platform.url, NO_COLOR: "1" };
      return (await runToEnd("script", ["-qec", line, "/dev/null"], { environment, input })).output;
    };
    const pattern = /Compensates 2 completed tasks, the last one first: pay, reserve\./;
    const prompted = await cancelled("cancel saga-1", "n\n");
    assert.match(prompted, pattern);
    assert.match(prompted, /Cancel saga-1\? \[y\/N\][\s\S]*Nothing was changed/);
    assert.equal(await printed("show saga-1 -q"), "running\n");
    const { exitCode, output, errors } = await tutti("cancel saga-1");
    assert.equal(exitCode, 0);
    assert.match(errors, pattern);
    assert.match(output, /✓ saga-1 is (being )?cancelled/);
    await listed("show saga-1 -q", /^cancelled$/m);
  });

  it("cancel of many runs asks on a terminal, and changes nothing without a yes", {
    skip: noTerminal,
  }, async () => {
    await printed("run ask amount=3 --id ask-3 --detach");
    await listed("list --workflow ask --state running -q", /^ask-3\n$/);
    const { versions } = await json("workflow versions ask --live");
    assert.deepEqual(
      versions.map(({ liveCount }: { liveCount: number }) => liveCount),
      [1],
    );
    const commandLine = `'${process.execPath}' '${at.command.program}' cancel --workflow ask --state running`;
    const environment = { TUTTI_SERVER: at.platform.url, NO_COLOR: "1" };
    const ended = await runToEnd("script", ["-qec", commandLine, "/dev/null"], { environment, input: "n\n" });
    assert.match(
      ended.output,
      /run to cancel\r\n +1 {2}running[\s\S]*ask-3[\s\S]*Cancel 1 run\? \[y\/N\][\s\S]*Nothing was changed/,
    );
    assert.equal(await printed("show ask-3 -q"), "running\n");
  });

  it("trigger: create, list, show, test, dead, retry, drop, replay, pause, resume, delete, and event post", async () => {
    const create =
      "trigger create orders echo --event shop.order.created --if 'event.data.total > 0' --key event.data.id --key-window 1h";
    assert.match(await printed(create), /orders created/);
    await listed("trigger list", /orders +echo +shop\.order\.created/);
    const posted = await json("event post shop.order.created --id e1 id=7 total=20");
    assert.deepEqual([posted.id, posted.matched], ["e1", 1]);
    assert.match(await printed("trigger show orders"), /received +1/);
    assert.match(await printed("trigger test orders id=8 total=1"), /would start a run/);
    await printed("event post shop.order.created --id e2 id=9 total=none");
    assert.match(await printed("trigger dead orders"), /e2 .*event\.expression_failed/);
    const retried = await tutti("trigger retry orders");
    assert.match(retried.output, /✗ 1 dead letter retried, 1 failed again:\n {2}`condition`: /);
    assert.equal(retried.exitCode, 3);
    assert.match(await printed("trigger drop orders --yes"), /1 dead letter deleted/);
    assert.match(await printed("trigger replay orders --since 1h"), /2 past events/);
    assert.match(await printed("trigger pause orders --reason calm"), /is paused/);
    assert.match(await printed("trigger resume orders"), /is resumed/);
    assert.match(await printed("trigger delete orders --yes"), /deleted/);
  });

  it("source: check, and run posts an event for each file, until Ctrl-C", async () => {
    const folder = join(at.command.folder, "desk");
    const text = `source: inbox\nfolder: {path: ${JSON.stringify(folder)}, inbox: in, poll: 50ms}\n`;
    writeFileSync(join(at.command.folder, "inbox.yaml"), text);
    const missing = await tutti("source check inbox.yaml");
    assert.equal(missing.exitCode, exitCodes.failed);
    assert.match(missing.output, /✗ inbox: .*the folder does not exist/);
    mkdirSync(join(folder, "in"), { recursive: true });
    assert.match(await printed("source check inbox.yaml"), /✓ inbox can be read/);
    const input = '{"a":"${{ event.data.name }}"}';
    const run = "file-${{ event.subject }}";
    await printed(`trigger create files echo --event source.inbox --with '${input}' --run '${run}'`);
    const running = at.command.start(["source", "run", "inbox.yaml"], {
      environment: { TUTTI_SERVER: at.platform.url },
    });
    await running.untilPrinted(/inbox posts source\.inbox/);
    for (const name of ["a7", "a8"]) writeFileSync(join(folder, "in", name), name);
    await running.untilPrinted(/a7\n[\s\S]*a8\n|a8\n[\s\S]*a7\n/);
    running.signal("SIGINT");
    assert.equal((await running.ended).exitCode, 0);
    for (const name of ["a7", "a8"]) assert.match(await printed(`watch file-${name}`), new RegExp(name));
    assert.deepEqual(readdirSync(join(folder, "in")), []);
    const wrong = `${text}nats: {url: "nats://shop:secret@host", stream: S}\n`;
    writeFileSync(join(at.command.folder, "wrong.yaml"), wrong);
    const refused = await tutti("source run wrong.yaml");
    assert.equal(refused.exitCode, exitCodes.usage);
    assert.match(refused.errors, /expected a reference: .*, got a value/);
  });

  it("adapter: run offers the operations of a file, until Ctrl-C, and no value in place of a reference is printed", async () => {
    const file = join(at.command.folder, "store.db");
    new DatabaseSync(file).exec("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)");
    const document = {
      adapter: "store",
      sqlite: { file, operations: { add: { sql: "INSERT INTO items (name) VALUES (:name) RETURNING id" } } },
    };
    const text =
      "workflow: keep\ntasks: {one: {uses: store.add, with: {name: violin}}}\noutput: ${{ tasks.one.output }}\n";
    writeFileSync(join(at.command.folder, "keep.yaml"), text);
    // The platform starts it like this after `tutti apply`.
    const running = at.command.start(["adapter", "run"], {
      environment: { TUTTI_SERVER: at.platform.url, TUTTI_ADAPTER: JSON.stringify(document) },
    });
    await running.untilPrinted(/store\.add: ready/);
    // The list of capabilities may not have it yet.
    assert.match(await printed("adapter check store -q"), /"kind": ?"sqlite"/);
    assert.deepEqual(JSON.parse(await printed("run keep.yaml -q")), [{ id: 1 }]);
    await listed("adapter list -q", /^store$/m);
    running.signal("SIGINT");
    assert.equal((await running.ended).exitCode, 0);
    writeFileSync(
      join(at.command.folder, "wrong.yaml"),
      'adapter: till\npostgres: {url: "postgres://till:sesame@host/db"}\n',
    );
    const refused = await tutti("adapter run wrong.yaml");
    assert.equal(refused.exitCode, exitCodes.usage);
    assert.match(refused.errors, /wrong\.yaml:2:17: error: postgres\.url: .*got a value\n/);
    assert.equal((await tutti("adapter run")).exitCode, exitCodes.usage);
  });

  it("cache: list, show, invalidate, and why a run used it or not", async () => {
    const outputs = async () => Number(/outputs +(\d+)\nsize /.exec(await printed("cache usage"))?.[1]);
    const before = await outputs();
    for (const [id, day] of [
      ["kept-1", 1],
      ["kept-2", 1],
      ["kept-3", 2],
    ])
      await printed(`run kept.yaml day=${day} --id ${id}`);
    await listed("cache list --tag days", /test\.echo +fresh +kept-1 +days/);
    const [entry] = (await printed("cache list --tag days --of-run kept-3 -q")).trim().split("\n");
    assert.match(await printed("cache usage"), /size +[\d.]+ KiB of .*\nhit rate +\S/);
    assert.equal(await outputs(), before + 2);
    assert.match(await printed(`cache show ${entry}`), /computed by +run kept-3, task one/);
    assert.match(await printed("cache explain kept-2"), /one {2}hit {2}from run kept-1, task one/);
    assert.match(await printed("cache explain kept-3"), /one {2}computed .*\n {2}input\.day: 1 → 2/);
    for (const id of ["learned-1", "learned-2"]) await printed(`run learned.yaml --id ${id}`);
    assert.match(await printed("cache explain learned-2"), /computed .*cache: auto.*: 1 of 3 outputs/);
    await listed("cache list --of-run learned-1", /test\.echo +equal 2 of 3/);
    const [learned] = (await printed("cache list --of-run learned-1 -q")).trim().split("\n");
    assert.match(await printed(`cache show ${learned}`), /equal outputs +2, 3 are needed/);
    assert.match(await printed("cache invalidate --tag days"), /2 cached outputs removed/);
    assert.equal(await printed("cache list --tag days -q"), "");
    await printed("run kept.yaml day=1 --id kept-4");
    assert.match(
      await printed("cache explain kept-4"),
      /computed {2}the output of run kept-1, task one was invalidated at /,
    );
  });

  it("object: call, list, show", async () => {
    assert.match(await printed("object call desk ann sit n=7"), /7/);
    await printed("object call desk ann sit --detach --id desk-2");
    await listed("object list desk", /desk +ann +free/);
    assert.match(await printed("object show desk ann"), /sit +completed/);
  });

  it("schedule: create, list, show, preview, pause, resume, trigger, delete", async () => {
    const create =
      "schedule create nightly echo a=1 --cron '0 3 * * *' --time-zone Europe/Zurich --overlap allow";
    assert.match(await printed(create), /✓ nightly created/);
    await listed("schedule list", /nightly +echo +0 3 \* \* \* {2}Europe\/Zurich/);
    assert.match(await printed("schedule show nightly"), /overlap +allow/);
    const { timesMs } = await json("schedule preview --every 1h --count 3");
    assert.equal(timesMs.length, 3);
    assert.match(await printed("schedule pause nightly --reason calm"), /is paused/);
    assert.match(await printed("schedule resume nightly"), /is resumed/);
    assert.equal((await json("schedule trigger nightly")).result, "started");
    assert.match(await printed("schedule delete nightly --yes"), /deleted/);
  });

  it("missions: start, list, show, pause, resume, explain and cancel, also by the commands for runs", async () => {
    assert.equal(
      await printed("mission start --id cat --title 'A name' --add-task think=test.none"),
      "cat\n",
    );
    await listed("mission list -q", /^cat$/m);
    assert.match(await printed("mission show cat"), /cat {2}● running {2}1 task waits for an agent/);
    assert.match(await printed("mission tasks cat"), /think/);
    for (const part of ["mission board", "mission messages", "mission votes", "mission budget"])
      await printed(`${part} cat`);
    assert.match(await printed("mission why cat think"), /no worker offers test\.none/);
    assert.match(await printed("why cat think"), /no worker offers test\.none/);
    assert.match(await printed("show cat"), /cat {2}● running/);
    assert.match(await printed("pause cat"), /cat is paused\n$/);
    assert.match(await printed("resume cat"), /cat is resumed {2}● running/);
    assert.match((await tutti("approve cat")).errors, /Mission `cat` has no open approvals/);
    assert.match(await printed("cancel cat --reason 'it has one'"), /✓ cat is cancelled/);
    assert.equal((await tutti("mission cancel cat")).exitCode, 3);
    for (const line of ["why nix", "resume nix", "show nix", "approve nix"])
      assert.match((await tutti(line)).errors, /Run `nix` not found/, line);
  });

  it("completion of bash completes commands, options and ids", async () => {
    const script = join(at.command.folder, "completion.bash");
    writeFileSync(script, await printed("completion bash"));
    const complete = async (line: string): Promise<string[]> => {
      const args = line.split(" ");
      const bashLine = `source '${script}'; tutti() { '${process.execPath}' '${at.command.program}' "$@"; }; COMP_WORDS=(${args.map((arg) => `'${arg}'`).join(" ")}); COMP_CWORD=${args.length - 1}; _tutti; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { output, errors } = await runToEnd("bash", ["--norc", "-c", bashLine], {
        environment: { TUTTI_SERVER: at.platform.url },
      });
      assert.equal(errors, "");
      return output.trim().split("\n");
    };
    assert.deepEqual(await complete("tutti sch"), ["schedule"]);
    assert.deepEqual(await complete("tutti workflow r"), ["register", "rollout"]);
    assert.deepEqual(await complete("tutti list --st"), ["--state"]);
    assert.deepEqual(await complete("tutti show echo-"), ["echo-2", "echo-1"]);
    assert.deepEqual(await complete("tutti schedule show x"), [""]);
  });
});
