import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { commandAtWork } from "./support/at-work.ts";
import { workspaceFolder } from "./support/command.ts";

describe("the commands for operators", () => {
  const noTerminal = existsSync("/usr/bin/script") ? false : "there is no `script`, which makes a terminal";
  const at = commandAtWork({ files: { "none.yaml": "workflow: none\ntasks: {one: {uses: test.none}}\n" } });
  const { tutti, printed, json } = at;

  it("status, capabilities, agent, events, sign-in", async () => {
    assert.match(await printed("status"), /services +.*✓ workflow[\s\S]*workers +1 agent/);
    // The registry lists them a moment after the worker has connected.
    await at.listed("capabilities", /test\.echo +1\.0\.0 +1/);
    const { agents, capabilities } = await json("status");
    assert.deepEqual([agents.count, capabilities], [1, ["test.echo"]]);
    assert.match(await printed("status"), /offered +test\.echo/);
    assert.equal(await printed("capabilities -q"), "test.echo\n");
    assert.equal((await json("capabilities")).capabilities[0].versions.length, 1);
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    const processes = await printed("instances workflow");
    assert.match(processes, new RegExp(`workflow +${version} .* ready`));
    assert.doesNotMatch(processes, /swarm/);
    const services: string[] = (await json("instances")).instances.map(({ service = "" }) => service);
    assert.deepEqual(
      ["gateway", "swarm", "workflow"].filter((service) => !services.includes(service)),
      [],
    );
    const tree = await printed("components workflow");
    assert.match(tree, /workflow[^\n]+\ncomponent +state +since[^\n]*\n +workflow +✓ ready[\s\S]*✓ ready/);
    assert.doesNotMatch(tree, /swarm {2}/);
    assert.match(
      await printed("components -q"),
      /^platform\n[\s\S]*^platform\.workflow\n[\s\S]*^platform\.announcer\n/m,
    );
    const [{ services: hosted, components: all, problem }] = (await json("components")).processes;
    assert.ok(hosted.includes("gateway") && all.length > 20 && problem === undefined);
    const unhealthy = (await json("components --problems")).processes[0].components;
    assert.ok(unhealthy.length < all.length);
    assert.match(
      (await tutti("components worklfow")).errors,
      /Service `worklfow` not found[\s\S]*`workflow`\?/,
    );
    assert.match(await printed("agent list"), /polling-1/);
    assert.match(await printed("agent show polling-1"), /test.echo/);
    assert.match(await printed("sign-in -q"), /^http:\/\/127\.0\.0\.1:\d+\/\S*token=\S+\n$/);
    const following = at.command.start(["events", "tutti.workflow.run.*", "--json", "--count", "3"], {
      environment: { TUTTI_SERVER: at.platform.url },
    });
    let runs = 0;
    // The stream starts when it is connected, which no output reports. So runs start until an event arrives.
    const received = following.untilPrinted(/tutti\.workflow\.run\./).then(() => true);
    while (!(await Promise.race([received, printed(`run echo a=${runs++} -q`).then(() => false)])));
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

  it("top: once for programs, and again and again on a terminal until it is stopped", {
    skip: noTerminal,
  }, async () => {
    await printed("run none.yaml --id waits --detach");
    await at.listed("top", /1 active run · 1 queued task · 0 of 8 slots in use/);
    assert.match(
      await printed("top"),
      /default +● open +1 +0\/8 +1[\s\S]*polling-1[\s\S]*waits +none +● running/,
    );
    const { runs, runsTotal, pools, agents } = await json("top");
    assert.deepEqual([runs.length, runsTotal, pools.length, agents.length], [1, 1, 1, 1]);
    const following = at.command.startOnTerminal(["top", "--interval", "200ms"], {
      ...{ columns: 80, rows: 24 },
      environment: { TUTTI_SERVER: at.platform.url, NO_COLOR: "1" },
    });
    await following.untilPrinted(/1 active run/);
    await printed("cancel waits --now --yes");
    await following.untilPrinted(/0 active runs/);
    following.signal("SIGTERM");
    const { output } = await following.ended;
    assert.ok(output.includes("\u001b[?2026h"), "the frame is drawn in place");
    assert.doesNotMatch((await tutti("top --once")).output, /waits/);
  });

  it("load: a scenario with its reports, and exit code 1 for a failed threshold", async () => {
    const cwd = at.command.folder;
    const scenario = (limits: string): string => `load: echoes
register: [echo.yaml]
phases:
  - {name: warm, for: 500ms, rate: 4, warmUp: true}
  - {name: ramp, for: 1s, rate: 2, to: 30}
mix:
  - {workflow: echo, weight: 3, input: {a: "\${{ n }}"}}
  - {name: half, workflow: echo@latest, input: {a: "\${{ random < 0.5 }}"}}
thresholds: {${limits}}
`;
    writeFileSync(join(cwd, "load.yaml"), scenario("errors: 0%, dropped: 0%, half/run.p99: 1m"));
    const line = "load load.yaml --report load.html --report load.json";
    assert.match(await printed(line, { cwd }), /echoes passed: 16 starts[\s\S]*half run[\s\S]*✓ errors/);
    const report = JSON.parse(readFileSync(join(cwd, "load.json"), "utf8"));
    const { due, completed, errors, run } = report.total;
    assert.deepEqual([due, completed, errors, run.count], [16, 16, 0, 16]);
    assert.match(readFileSync(join(cwd, "load.html"), "utf8"), /<title>echoes: passed<\/title>/);
    const lost = await tutti("load load.yaml --report absent/load.html", { cwd });
    assert.equal(lost.exitCode, 2);
    assert.match(lost.errors, /^✗ absent\/load\.html cannot be written: its folder does not exist/);
    writeFileSync(join(cwd, "load.yaml"), scenario("rate: 100000"));
    const failed = await tutti("load load.yaml", { cwd });
    assert.deepEqual([failed.exitCode, /✗ rate ≥ 100000/.test(failed.output)], [1, true]);
    writeFileSync(join(cwd, "load.yaml"), scenario("run.p100: 1s").replace("n }}", "m }}"));
    const wrong = await tutti("load load.yaml", { cwd });
    assert.equal(wrong.exitCode, 3);
    assert.match(wrong.errors, /load\.yaml:7:[\s\S]*load\.yaml:9:/);
  });

  it("smoke: several at once pass, whichever completes a task", async () => {
    assert.match(await printed("smoke"), /gateway[\s\S]*task claimed[\s\S]*✓ passed in/);
    const tests = await Promise.all(Array.from({ length: 6 }, () => json("smoke --timeout 60s")));
    for (const { passed, hops } of tests) {
      assert.ok(passed, JSON.stringify(hops));
      assert.deepEqual(
        hops.map(({ service, outcome }: Record<string, string>) => `${service} ${outcome}`),
        [
          "gateway",
          "registry",
          "swarm",
          "master",
          "swarm",
          "workflow",
          "master",
          "bus",
          "governance",
          "insight",
        ].map((service) => `${service} passed`),
      );
    }
  });

  it("config explain, certs, doctor, completion", async () => {
    const cwd = workspaceFolder;
    assert.match(await printed("config explain operations.port", { cwd }), /value +7400\nfrom +the default/);
    const unknown = await tutti("config explain operations.prot", { cwd });
    assert.deepEqual([unknown.exitCode, /Did you mean `operations.port`/.test(unknown.errors)], [2, true]);
    const { settings } = JSON.parse(await printed("config explain operations.port --json", { cwd }));
    assert.equal(settings[0].value, 7400);
    const out = join(at.command.folder, "certs");
    assert.match(
      await printed(`certs --services platform --out ${out}`, { cwd }),
      /platform +\S+platform.crt +new/,
    );
    const data = join(at.command.folder, "none");
    assert.match(
      await printed(`doctor --data-directory ${data}`, { cwd }),
      /✓ node[\s\S]*✓ platform[\s\S]*✓ clock[\s\S]*✓ versions[\s\S]*✓ leases[\s\S]*There is nothing at/,
    );
    assert.match(
      (await tutti(`data verify --data-directory ${data}`, { cwd })).output,
      /There is nothing at/,
    );
    const [copied, restored] = [
      await tutti("data backup --data-directory none", { cwd }),
      await tutti("data restore", { cwd }),
    ];
    assert.deepEqual([copied.exitCode, restored.exitCode], [2, 2]);
    assert.match(copied.output + restored.output, /expected --copy DIR[\s\S]*expected --copy DIR/);
    const unreachable = await tutti(`doctor --data-directory ${data} --json`, {
      cwd,
      environment: { TUTTI_SERVER: "127.0.0.1:2" },
    });
    assert.equal(unreachable.exitCode, 1);
    const { findings } = JSON.parse(unreachable.output) as {
      findings: { about: string; level: string; text: string }[];
    };
    assert.match(findings.find(({ level }) => level === "problem")?.text ?? "", /not reachable/);
    for (const shell of ["bash", "zsh", "fish"]) assert.match(await printed(`completion ${shell}`), /tutti/);
  });

  it("analysis bottlenecks, causes, patterns, profile: report that there are no findings", async () => {
    assert.deepEqual(Object.keys(await json("analysis bottlenecks")), ["bottlenecks"]);
    assert.match((await tutti("analysis causes --error shop.nothing")).errors, /^No causes found/);
    assert.match((await tutti("analysis patterns --since 1h")).errors, /^No patterns found/);
    assert.match((await tutti("analysis profile nothing")).errors, /^No runs of nothing ended/);
    assert.deepEqual(Object.keys(await json("capacity --weekday monday --wait-goal 100ms --load 2")), [
      "capacities",
      "disks",
    ]);
    assert.match((await tutti("capacity --pool nothing")).errors, /^No forecast for pool nothing yet/);
  });

  it("health: of services and components as recorded, and of workers", async () => {
    const { spans: services } = await until(
      "a service that is ready",
      () => json("health workflow --since 1h --all"),
      ({ spans: [first] }) => first !== undefined && first.state !== "not_ready",
    );
    assert.equal(services[0].subject, "workflow");
    assert.match(services[0].state, /^(?:ready|degraded)$/);
    const { spans } = await until(
      "the state of the worker",
      () => json("health --fleet --all"),
      ({ spans: found }) => found.length > 0,
    );
    assert.deepEqual([spans[0].subject, spans[0].state], ["agent/default/polling-1", "ready"]);
    assert.match((await tutti("health nothing")).errors, /^No health recorded yet/);
  });

  it("report create, list, show, save, delete: a report of SQL as a file, and a schedule of reports", async () => {
    const { folder } = at.command;
    const file = join(folder, "sections.json");
    writeFileSync(file, JSON.stringify([{ title: "One", sql: "SELECT 1 AS one, :subject AS team" }]));
    const { report } = await json(`report create team shop --title Shop --sections ${file}`);
    const id = report.reportId;
    const saved = await until(
      "the report",
      () => tutti(`report save ${id} ${join(folder, "shop.csv")}`),
      ({ exitCode }) => exitCode === 0,
    );
    assert.match(saved.output, /shop\.csv written/);
    assert.equal(readFileSync(join(folder, "shop.csv"), "utf8"), "one,team\r\n1,shop\r\n");
    assert.match(await printed(`report show ${id}`), /^# Shop\n[\s\S]*\| 1 \| shop \|/);
    assert.match((await tutti(`report save ${id} shop.docx`)).errors, /ends with \.html/);
    await until(
      "the index to have it",
      () => printed("report list -q"),
      (ids) => ids.includes(id),
    );
    assert.match(
      await printed("report create --schedule weekly --cron '0 7 * * MON'"),
      /Schedule created: report-weekly-/,
    );
    assert.match((await tutti("report create team")).errors, /name of a team is required/);
    assert.match((await tutti("report create nothing")).errors, /expected one of namespace/);
    assert.match(await printed(`report delete ${id} --yes`), /deleted/);
  });

  it("whatif: reports that no work was recorded, and refuses an unknown strategy", async () => {
    assert.match((await tutti("whatif --pool idle --since 1h")).errors, /idle/);
    assert.equal((await tutti("whatif --strategy luck")).exitCode, 2);
    assert.equal((await tutti("whatif --worker-price much")).exitCode, 2);
  });

  it("facts, sql: print tables, rows and CSV, and refuse statements that write", async () => {
    assert.match(await printed("facts -q"), /attempts\n[\s\S]*runs\n/);
    assert.equal(await printed("sql 'SELECT 1 AS one, 2 AS two' --csv"), "one,two\n1,2\n");
    const file = join(at.command.folder, "one.parquet");
    assert.match(await printed("query 'SELECT 1 AS one'"), /one\n *1\n/);
    assert.match(await printed(`sql 'SELECT 1 AS one' --parquet ${file}`), /1 row in .*one\.parquet/);
    assert.equal(readFileSync(file).subarray(0, 4).toString(), "PAR1");
    assert.match((await tutti("sql 'DELETE FROM runs'")).errors, /cannot be answered/);
  });

  it("secret: put, list, rotate, reseal, remove. None of them prints the value", async () => {
    const cwd = at.command.folder;
    writeFileSync(join(cwd, "till.txt"), "open sesame one");
    writeFileSync(join(cwd, "new.txt"), "open sesame two");
    const outputs = [
      await printed("secret put till till.txt --user agent:press"),
      await printed("secret rotate till new.txt --grace 1h"),
      await printed("secret list"),
      await printed("secret reseal"),
      await printed("secret remove till --version 1 --yes"),
      await printed("secret remove till --yes"),
    ];
    assert.match(outputs.join(""), /version 1[\s\S]*version 2[\s\S]*agent:press/);
    assert.doesNotMatch(outputs.join(""), /open sesame/);
    assert.match((await tutti("secret rotate till new.txt")).errors, /tutti secret put till FILE/);
  });

  it("validate, rule: impact, set, list, findings, versions, diff, rollback, delete; compliance: list, report", async () => {
    const cwd = join(at.command.folder, "ruled");
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
    await until("the finding to be reported", async () => /no-night/.test(await printed("rule findings")));
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
    assert.match(await printed(`rule diff no-night ${later}`), /is the same in versions/);
    await printed(`rule impact --rule no-night --version ${former}`);
    assert.match((await tutti(`rule rollback no-night ${former}`)).errors, /--reason is required/);
    assert.match(
      await printed(`rule rollback no-night ${former} --reason shorter`),
      /no-night is rolled back/,
    );
    assert.match(await printed(`rule diff no-night ${former}`), /is the same in versions/);
    await printed("rule delete no-night --yes");
    assert.doesNotMatch(await printed("rule list"), /no-night/);
    assert.match(await printed("rule versions no-night"), /deleted by/);
    writeFileSync(join(cwd, "wrong.rules.yaml"), rules.replace("deny:", "dney:"));
    const wrong = await tutti("validate .", { cwd });
    assert.equal(wrong.exitCode, 1);
    assert.match(wrong.output + wrong.errors, /wrong\.rules\.yaml:\d+:\d+/);
  });

  it("locked-out callers, and paused work", async () => {
    assert.equal(await printed("lockout list -q"), "");
    assert.match(await printed("lockout lift 192.0.2.7 --reason mistake"), /192\.0\.2\.7 was not locked out/);
    assert.match(await printed("paused"), /No work is paused/);
    assert.match(await printed("release --all"), /No work is paused/);
  });

  it("a mistyped name of any kind of object gets a suggestion", async () => {
    const cwd = at.command.folder;
    writeFileSync(join(cwd, "word.txt"), "open sesame");
    writeFileSync(
      join(cwd, "greet.yaml"),
      "workflow: greet\ninput: {schema: {type: object, required: [name], properties: {name: {type: string}, loud: {type: boolean}}}}\ntasks: {one: {uses: test.echo, with: {a: 1}}}\n",
    );
    for (const line of [
      "workflow register greet.yaml",
      "schedule create nightly echo --every 1h --paused",
      "trigger create arrived echo --event shop.order.created --paused",
      "hook create marker before_assign --when 'task.id == \"one\"' --add-label seen=yes",
      "scaler create crew --paused -- node -e 0",
      "pool create fast",
      "pool limit fast bank --concurrency 2",
      "quota set nights --limit slots=20",
      "secret put card word.txt",
      "namespace create office",
      "principal create person:anna",
      "role bind viewer person:anna --id watcher",
    ])
      await printed(line);
    const cases: readonly (readonly [line: string, meant: string])[] = [
      ["run gret name=Anna", "greet"],
      ["schedule show nigthly", "nightly"],
      ["schedule delete nigthly --yes", "nightly"],
      ["trigger show arived", "arrived"],
      ["hook show markr", "marker"],
      ["hook delete markr --yes", "marker"],
      ["scaler show crw", "crew"],
      ["scaler show crew --pool fsat", "fast"],
      ["pool queue fsat", "fast"],
      ["quota delete nigts --yes", "nights"],
      ["secret rotate crad word.txt", "card"],
      ["secret remove crad --yes", "card"],
      ["namespace delete ofice --reason test --yes", "office"],
      ["principal delete person:ana --yes", "person:anna"],
      ["role bind viewr person:anna", "viewer"],
      ["role unbind watchr --yes", "watcher"],
    ];
    // Lists follow a moment later.
    for (const [line, meant] of cases)
      await until(
        line,
        () => tutti(line),
        ({ errors }) => errors.includes(`Did you mean \`${meant}\`?`),
      );
    assert.match((await tutti("run greet nmae=Anna")).errors, /required property 'name', got 'nmae'/);
    const started = await tutti("run greet name=Anna luod=true");
    assert.match(started.errors, /Input `luod` is not declared by greet\. Did you mean `loud`\?/);
    assert.doesNotMatch((await tutti("schedule delete nightly --yes")).errors, /Did you mean/);
    for (const line of ["scaler delete crew", "hook delete marker", "trigger delete arrived"])
      assert.match(await printed(`${line} --yes`), /deleted/);
  });
});
