import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseCommandLine } from "../src/command/command-line.ts";
import { commands } from "../src/commands/commands.ts";
import { commandAtWork } from "./support/at-work.ts";

const rules = `ruleId: up
title: "Up for \${{ up }} s"
advice: "None"
severity: warning
queries:
  - {queryId: up, metric: process_uptime_seconds, overSeries: max}
condition: up > 0.0
everyMs: 1000
tests:
  - name: fires at once
    series: [{query: up, values: [0, 5, "6 x 2", null]}]
    expect:
      - {after: 10s, alerts: []}
      - {after: 20s, alerts: [{}]}
`;

const night = `rotation: web
title: Web shop
members:
  - {name: ada, receivers: [pager]}
  - {name: bob, receivers: [pager, mail]}
timeZone: Europe/Berlin
handover: "09:00"
everyDays: 1
---
escalation: night
steps:
  - {rotations: [web]}
  - {afterMs: 600000, receivers: [mail]}
repeats: 2
---
alert-rule: escalates
title: "Up"
severity: warning
queries: [{queryId: up, metric: process_uptime_seconds, overSeries: max}]
condition: up > 0.0
everyMs: 1000
disabled: true
escalation: night
tests:
  - name: fires
    series: [{query: up, values: [5]}]
    expect: [{after: 10s, alerts: [{}]}]
`;

const receivers = {
  pager: { kind: "workflow", workflow: "page" },
  mail: { kind: "workflow", workflow: "mail" },
};

const objective = `ruleId: calls-good
title: "Calls fail"
severity: warning
objective: {goal: 0.999}
queries:
  - {queryId: total, metric: tutti_mesh_calls_total, overTime: increase, overSeries: sum}
  - {queryId: good, metric: tutti_mesh_calls_total, overTime: increase, overSeries: sum}
`;

describe("the commands for alerts", () => {
  const files = {
    "rules.yaml": rules,
    "failing.yaml": rules.replace("alerts: [{}]", "alerts: []"),
    "down.yaml": rules.replace("ruleId: up", "ruleId: down").replace("severity: warning", "severity: error"),
    "after.yaml": rules.replace("ruleId: up", "ruleId: after\ninhibitedBy: [up]"),
    "learned.md": "# Learned\n",
    "objective.yaml": objective,
    "night.yaml": night,
    "disk.yaml": "{ruleId: Disk, title: Disk, severity: error, external: true}",
    "wrong.yaml": rules.replace("condition: up >", "condition: upp >"),
  };
  const flags = [`--insight.receivers=${JSON.stringify(receivers)}`];
  const { tutti, printed, json, listed } = commandAtWork({ files, flags });

  it("alert-rule test: runs the tests in a rule file", async () => {
    assert.equal(await printed("alert-rule test rules.yaml"), "✓ up: fires at once\n");
    const failing = await tutti("alert-rule test failing.yaml");
    assert.equal(failing.exitCode, 1);
    assert.match(failing.errors, /up: fires at once: after 20s: expected no alert, got \[firing\]/);
    assert.match((await tutti("alert-rule test wrong.yaml")).errors, /condition: unknown name `upp`/);
  });

  it("alert list, show, ack, and rules that are set, disabled, enabled and deleted", async () => {
    await listed("alert-rule list", /runs-fail +error +built in/);
    // At 3 a.m. the advice must be commands that exist.
    const { rules: builtIn } = await json("alert-rule list --all");
    const advised = builtIn.flatMap(({ advice }: { readonly advice: string }) =>
      [...advice.matchAll(/`tutti ([^`]+)`/g)].map(([, line = ""]) => line.replace(/\$\{\{.*?\}\}/g, "shop")),
    );
    assert.ok(advised.length > 10);
    for (const line of advised)
      assert.equal(parseCommandLine(line.split(" "), commands).kind, "command", line);
    assert.equal(await printed("alert-rule set rules.yaml -q"), "up\n");
    await listed("alert list", /warning +firing .* up +Up for/);
    // A loaded machine may have others.
    const { alerts } = await json("alert list");
    const alert = alerts.find(({ ruleId }: { readonly ruleId: string }) => ruleId === "up");
    assert.match(await printed(`alert show ${alert.alertId}`), /rule +up[\s\S]*values +up=/);
    assert.match(await printed(`alert ack ${alert.alertId} --reason mine`), /is acknowledged/);
    assert.equal((await json(`alert show ${alert.alertId}`)).acknowledgeCause.reason, "mine");
    await printed("alert-rule set after.yaml -q");
    await listed("alert list", /firing, inhibited .* after/);
    const all = (await json("alert list")).alerts;
    const { alertId } = all.find(({ ruleId }: { readonly ruleId: string }) => ruleId === "after");
    assert.match(await printed(`alert show ${alertId}`), new RegExp(`inhibited by +${alert.alertId}\\n`));
    await printed("alert-rule delete after --yes");
    assert.match((await tutti("alert show a999")).errors, /Alert `a999` not found/);
    assert.match((await tutti("alert-rule disable runs-fial")).errors, /Did you mean `runs-fail`\?/);
    assert.match(
      await printed("alert-rule test rules.yaml --since 1h"),
      /^up {2}1 alerts\n.* firing {2}Up for/,
    );
    assert.match(await printed("alert-rule disable up"), /up is disabled/);
    assert.match(await printed("alert-rule list"), /up +warning +disabled/);
    await listed("alert list --ended", /resolved/);
    assert.match(await printed("alert-rule enable up"), /up is enabled/);
    assert.match(await printed("alert-rule delete up --yes"), /up deleted/);
    assert.match((await tutti("alert-rule disable up")).errors, /Alert rule `up` not found/);
  });

  it("incident list, show, own, note, resolve, post-mortem", async () => {
    await printed("alert-rule set down.yaml -q");
    await listed("incident list", /open +1 .*Up for/);
    const { incidents } = await json("incident list");
    const id = incidents.find(({ ruleIds }: { readonly ruleIds: string[] }) =>
      ruleIds.includes("down"),
    ).incidentId;
    const { alerts } = await json("alert list");
    const { alertId } = alerts.find(({ ruleId }: { readonly ruleId: string }) => ruleId === "down");
    assert.match(await printed(`alert show ${alertId}`), new RegExp(`incident +${id}\\n`));
    assert.match((await tutti("incident show i9")).errors, /Incident `i9` not found/);
    assert.match(await printed(`incident own ${id} ada`), /belongs to ada/);
    assert.match(await printed(`incident note ${id} 'restarted it'`), /has the note/);
    const output = await printed(`incident show ${id}`);
    assert.match(output, /owner +ada[\s\S]*rules +down[\s\S]*opened[\s\S]*note +restarted it/);
    const draft = await printed(`incident post-mortem ${id}`);
    assert.match(draft, /^# Up for[\s\S]*## Timeline\n\n- .* Opened: /);
    assert.equal((await json(`incident post-mortem ${id}`)).draft, true);
    const suggested = await tutti(`incident repair ${id}`);
    assert.match(suggested.output + suggested.errors, /No repairs suggested|Retry the failed runs/);
    assert.match((await tutti(`incident repair ${id} explode`)).errors, /expected one of retry/);
    const dry = await tutti(`incident repair ${id} retry --dry-run`);
    assert.match(dry.output + dry.errors, /Retries \d+ failed runs?\./);
    const fix = await tutti(`incident repair ${id} fix order currency=EUR --task charge --dry-run`);
    assert.match(fix.output + fix.errors, /Corrects the input of charge in 0 failed runs of order/);
    assert.match((await tutti(`incident repair ${id} fix order`)).errors, /needs a task, and a change/);
    await printed("scaler create clerks --max 3 -- node --version");
    await printed(`incident repair ${id} scale default --min 5 --yes`);
    await listed("scaler list", /clerks +.*5\.\.5/);
    await printed(`incident repair ${id} scale default --undo --yes`);
    await listed("scaler list", /clerks +.*0\.\.3/);
    await printed("scaler delete clerks --yes");
    const repair = `incident repair ${id} pause-pool default --reason test --yes`;
    assert.match(await printed(repair), /✓ Repair started: run repair/);
    await listed("pool list", /default +.*paused/);
    await printed(`${repair} --undo`);
    await listed("pool list", /default +● open/);
    const [swarm] = (await json("instances swarm")).instances;
    for (const subject of [swarm.id, swarm.address]) {
      const refused = await tutti(`incident repair ${id} open-breaker ${subject} --dry-run`);
      assert.match(refused.errors, /needs another instance of \w+ that takes calls/);
    }
    assert.match(await printed(`incident resolve ${id} 'it was a test' --reason test`), /is resolved/);
    assert.match(await printed(`incident post-mortem ${id} learned.md`), /has the post-mortem/);
    assert.equal(await printed(`incident post-mortem ${id}`), "# Learned\n\n");
    await listed("incident list --ended", /resolved .*Up for/);
    await printed("alert-rule delete down --yes");
  });

  it("objective list, with the rest of the budget", async () => {
    await printed("alert-rule set objective.yaml -q");
    await listed("objective list", /calls-good +99\.9 % +100 % +100 % +0 +[1-9]\d*/);
    assert.match(await printed("alert-rule list"), /calls-good +warning .* objective 99\.9 %/);
    await printed("alert-rule delete calls-good --yes");
  });

  it("alert on-call, override, escalations: described in files, and applied", async () => {
    assert.match((await tutti("alert on-call")).errors, /^No rotations/);
    const applied = ["rotation/web", "escalation/night", "alert-rule/escalates"];
    const outcome = (result: string) => `${applied.map((name) => `${name} ${result}`).join("\n")}\n`;
    assert.equal(await printed("apply night.yaml -q"), outcome("created"));
    assert.equal(await printed("apply night.yaml -q"), outcome("unchanged"));
    const shifts = await printed("alert on-call web --shifts 3");
    assert.match(shifts, /web +now +(ada|bob) .*\n +next +(ada|bob) .*\n +later +(ada|bob) /);
    const override = "alert override web joe --for 4h --receiver mail --reason ill";
    assert.match(await printed(override), /joe is on call in web until/);
    assert.match(await printed("alert on-call"), /web +now +joe \(override\) .* mail/);
    const { rotations } = await json("alert on-call");
    assert.equal(rotations[0].shifts[0].overridden, true);
    // Files that do not name overrides leave them.
    assert.equal(await printed("apply night.yaml -q"), outcome("unchanged"));
    assert.match((await tutti("alert override web joe")).errors, /Pass --for SPAN/);
    assert.match((await tutti("alert override wbe joe --for 1h")).errors, /Did you mean `web`\?/);
    assert.match((await tutti("alert override web eve --for 1h")).errors, /who is no member/);
    assert.match(
      await printed("alert escalations"),
      /night +1 +0 ms +web *\n +2 +10 min +mail *\n +5 min +repeated 2 times/,
    );
    // From here on it fires, so that joe is notified.
    await printed("alert-rule enable escalates");
    await listed("alert list", /warning +firing .* escalates/);
    const { alerts } = await json("alert list");
    const { alertId } = alerts.find(({ ruleId }: { readonly ruleId: string }) => ruleId === "escalates");
    await listed(`alert show ${alertId}`, /escalation +night, step 1, next step/);
    await printed("alert-rule delete escalates --yes");
  });

  it("alert report, receivers, silence --match", async () => {
    await printed("alert-rule set disk.yaml -q");
    const report = "alert report Disk -l node=a --annotation 'summary=Disk of a is full'";
    assert.match(await printed(`${report} --for 10m`), /Disk is reported/);
    await listed("alert list", /error +firing .* Disk +Disk of a is full/);
    const { alerts } = await json("alert list");
    const { alertId } = alerts.find(({ ruleId }: { readonly ruleId: string }) => ruleId === "Disk");
    assert.match(
      await printed(`alert show ${alertId}`),
      /annotations +summary=Disk of a is full[\s\S]*expires/,
    );
    const silence = "alert silence --match node=~a|b --match severity!=critical --for 1h --reason move";
    const { silenceId } = await json(silence);
    assert.match(await printed("alert silences"), new RegExp(`${silenceId} .*node=~"a\\|b"`));
    await listed("alert list", /firing, silenced .* Disk/);
    assert.match((await tutti("alert silence --match node --for 1h --reason x")).errors, /node=~web/);
    assert.match((await tutti(`${report} --for 1h --end`)).errors, /Pass --for SPAN or --end/);
    assert.match(await printed(`${report} --end`), /Disk has ended/);
    assert.match(await printed("alert list --ended"), /resolved.* Disk +Disk of a/);
    await printed("alert-rule disable Disk");
    assert.match(await printed(report), /Disk is ignored/);
    await printed("alert-rule delete Disk --yes");
    assert.match(await printed("alert receivers"), /mail +workflow\npager +workflow/);
    await printed(`alert unsilence ${silenceId}`);
  });

  it("alert silence, silences, unsilence, notifications, retry", async () => {
    const { silenceId } = await json("alert silence --rule no-workers --for 2h --reason deploy");
    assert.match(await printed("alert silences"), new RegExp(`${silenceId} +no-workers .* deploy`));
    assert.match(await printed(`alert unsilence ${silenceId}`), new RegExp(`${silenceId} ended`));
    const later = "alert silence --rule no-workers --start 2099-03-01T22:00Z --for 2h --reason maintenance";
    assert.match(await printed(later), /lasts from .*2099.* until .*2099/);
    const weekly =
      "alert silence --rule up --cron '0 22 * * SAT' --time-zone Europe/Zurich --for 2h --reason backup";
    assert.match(await printed(weekly), /lasts from .* until .*, and recurs: 0 22 \* \* SAT/);
    assert.match(await printed("alert silences"), /up .* 0 22 \* \* SAT +backup/);
    assert.match((await tutti("alert silence --time-zone UTC --for 2h --reason x")).errors, /needs --cron/);
    assert.match((await tutti("alert silence --for 2h")).errors, /--reason is missing/);
    // The earlier escalation notified a receiver whose workflow does not exist.
    await listed("alert notifications --dead", /mail .*Definition `mail` not found/);
    assert.match(await printed("alert retry"), /[1-9]\d* notifications retried/);
  });
});
