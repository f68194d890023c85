import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { DefinitionProblem } from "@tutti/definitions";
import { BuiltCommand, type Ended } from "./support/command.ts";
import { PlatformProcess } from "./support/platform.ts";

const night = `@reason("quiet nights")
forbid(principal, action == Action::"workflow.runs.start", resource);
`;
const rules = `rules:
  - ruleId: large
    subject: request
    when: call.action == "workflow.runs.start" && has(subject.spec.input.amount)
    condition: subject.spec.input.amount <= 500
    approval: {message: "may \${{ actor.id }} order for \${{ subject.spec.input.amount }}?", deciders: [local-admin]}
`;
const cases = [
  {
    title: "nobody starts",
    question: { actor: { kind: "person", id: "ada" }, action: "workflow.runs.start", resourceKind: "run" },
    allowed: false,
  },
];

describe("access control by the command", () => {
  let command: BuiltCommand;
  let platform: PlatformProcess;
  const tutti = (...args: readonly string[]): Promise<Ended> =>
    command.run(args, { environment: { TUTTI_SERVER: platform.url }, cwd: command.folder });
  const done = async (...args: readonly string[]): Promise<string> => {
    const { exitCode, output, errors } = await tutti(...args);
    assert.equal(exitCode, 0, `${args.join(" ")}: ${output}${errors}`);
    return output;
  };

  before(async () => {
    [command, platform] = await Promise.all([BuiltCommand.build(), PlatformProcess.start()]);
    writeFileSync(join(command.folder, "night.cedar"), night);
    writeFileSync(join(command.folder, "broken.cedar"), night.replace("start", "strat"));
    writeFileSync(join(command.folder, "cases.json"), JSON.stringify(cases));
  });
  after(async () => {
    await platform?.[Symbol.asyncDispose]();
    command[Symbol.dispose]();
  });

  it("a person is added, gets a role and a key, and is removed", async () => {
    await done("namespace", "create", "shop", "--description", "sells");
    assert.deepEqual((await done("namespace", "list", "-q")).trim().split("\n"), [
      "default",
      "shop",
      "system",
    ]);
    await done("principal", "create", "person:ada", "--group", "night", "--title", "Ada");
    assert.match(await done("principal", "list"), /person:ada\s+night\s+Ada/);
    await done("role", "bind", "developer", "person:ada", "--expires-in", "8h");
    assert.match(await done("role", "list"), /developer-person-ada\s+person:ada\s+developer\s+in 8 h/);
    const secret = (await done("key", "create", "--title", "hers", "--principal", "person:ada", "-q")).trim();
    assert.match(secret, /^tutti_live_/);
    const keyId = (await done("key", "list", "-q")).trim();
    assert.ok(secret.includes(keyId));
    const next = JSON.parse(await done("key", "rotate", keyId, "--grace", "1h", "--json"));
    assert.equal(next.oldKey.successorKeyId, next.key.keyId);
    const body = JSON.stringify({ token: next.secret });
    const headers = { "content-type": "application/json" };
    const signIn = () => fetch(`${platform.url}/v1/sign-in`, { method: "POST", headers, body });
    // Until the bundle with the key has arrived.
    for (let answer = await signIn(); answer.status !== 200; answer = await signIn()) await answer.text();
    assert.match(await done("sign-ins"), /person:ada\s+a key\s/);
    assert.match(await done("sign-out", "--principal", "person:ada"), /1 sign-in has ended/);
    assert.match(await done("sign-out", "--principal", "person:ada"), /person:ada has no sign-ins/);
    assert.equal((await tutti("sign-out")).exitCode, 2);
    await done("key", "revoke", keyId, "--yes");
    assert.equal((await done("key", "list", "-q")).trim(), next.key.keyId);
    await done("principal", "delete", "person:ada", "--yes");
    assert.equal((await done("key", "list", "-q")).trim(), "");
    assert.match(
      (await tutti("principal", "create", "ada")).errors,
      /Expected a principal such as person:ada/,
    );
  });

  it("a role in an unknown namespace gets a warning, and keys for unknown actions are refused", async () => {
    const bind = (namespace: string, principal: string) =>
      tutti("--namespace", namespace, "role", "bind", "viewer", principal);
    const first = await bind("shopp", "person:eve");
    assert.equal(first.exitCode, 0, first.errors);
    assert.match(first.errors, /shopp is not a created namespace. Did you mean `shop`\?/);
    assert.match(first.errors, /tutti --namespace shopp role unbind viewer-person-eve/);
    const second = await bind("shopp", "person:bea");
    assert.deepEqual([second.exitCode, second.errors], [0, ""]);
    const existing = await bind("shop", "person:eve");
    assert.deepEqual([existing.exitCode, existing.errors], [0, ""]);
    const nothing = await tutti(
      "key",
      "create",
      "--title",
      "x",
      "--principal",
      "person:eve",
      "--action",
      "runs.*",
    );
    assert.notEqual(nothing.exitCode, 0);
    assert.match(nothing.errors, /no service has an action like runs\.\*, did\s+you mean workflow\.runs\.\*/);
  });

  it("a key of a principal without a role comes with the command that binds one", async () => {
    const create = (principal: string) => tutti("key", "create", "--title", "hers", "--principal", principal);
    const useless = await create("agent:none");
    assert.equal(useless.exitCode, 0, useless.errors);
    assert.match(useless.output, /^tutti_live_\S+$/m);
    assert.match(useless.errors, /agent:none has no role in default: only policies can permit calls/);
    assert.match(useless.errors, /tutti --namespace default role bind agent agent:none$/m);
    await done("role", "bind", "viewer", "service:reader");
    const useful = await create("service:reader");
    assert.doesNotMatch(useful.errors, /has no role/);
    const headers = { authorization: `Bearer ${useful.output.trim()}` };
    const answer = await fetch(`${platform.url}/v1/whoami`, { headers });
    const caller = (await answer.json()) as { readonly roles: unknown };
    assert.deepEqual(caller.roles, ["viewer"]);
  });

  it("a policy is checked, tested, applied, explained, removed and rolled back", async () => {
    const broken = await tutti("policy", "check", "broken.cedar");
    assert.equal(broken.exitCode, 1);
    assert.match(broken.output, /broken\.cedar:1:1: error: no service has the action .*did you mean/);
    await done("policy", "check", "night.cedar");
    const folder = await tutti("validate", ".", "--online");
    assert.equal(folder.exitCode, 1);
    assert.match(
      folder.output,
      /broken\.cedar:1:1: error: .*workflow\.runs\.strat[\s\S]*✗ 2 files checked, 1 errors?\b/,
    );
    assert.match(await done("policy", "test", "night.cedar", "--cases", "cases.json"), /✓ nobody starts/);
    await done("role", "bind", "developer", "person:bob");
    const explainArgs = ["policy", "explain", "person:bob", "workflow.runs.start", "--about", "run"];
    assert.match(await done(...explainArgs), /allowed .*permitted by default\/role:developer/);
    assert.match(await done("policy", "impact", "night.cedar"), /0 of \d+ recorded decisions would change/);
    await done("policy", "apply", "night.cedar", "--reason", "tried");
    const { exitCode, output } = await tutti(...explainArgs);
    assert.equal(exitCode, 1);
    assert.match(output, /denied .*forbidden by default\/night \(statement 1\): quiet nights/);
    await done("policy", "apply", "--without", "night", "--reason", "noisy", "--yes");
    await done(...explainArgs);
    assert.match(await done("policy", "rollback", "1", "--reason", "quiet again"), /version 3 is active/);
    assert.equal((await tutti(...explainArgs)).exitCode, 1);
    assert.match(await done("policy", "versions"), /3 .*night .*quiet again/);
    assert.match(await done("policy", "list"), /version 3/);
    await done("policy", "apply", "--without", "night", "--reason", "over", "--yes");
    await done("role", "unbind", "developer-person-bob", "--yes");
    assert.match((await tutti(...explainArgs)).output, /denied/);
    await done("namespace", "delete", "shop", "--reason", "closed", "--yes");
    assert.deepEqual((await done("namespace", "list", "-q")).trim().split("\n"), ["default", "system"]);
  });

  it("a rule previews its impact, requires an approval, and admits the approved request", async () => {
    writeFileSync(join(command.folder, "order.yaml"), "workflow: order\ntasks: {one: {set: {a: 1}}}\n");
    writeFileSync(join(command.folder, "large.rules.yaml"), rules);
    await done("workflow", "register", "order.yaml");
    const start = (amount: number) => tutti("run", "order", `amount=${amount}`, "--detach");
    const runId = (await start(700)).output.trim();
    const impact = async () => {
      const { effects } = JSON.parse(await done("rule", "impact", "large.rules.yaml", "--json"));
      return effects.filter(({ what }: { readonly what: string }) => what === `run ${runId}`);
    };
    let effects = await impact();
    // Until the index includes the run.
    while (effects.length === 0) effects = await impact();
    assert.deepEqual(effects, [
      { rule: "large", what: `run ${runId}`, message: "may local-admin order for 700?", result: "asked" },
    ]);
    await done("rule", "set", "large.rules.yaml");
    let started = await start(700);
    // Until the bundle with the rule has arrived.
    while (started.exitCode === 0) started = await start(700);
    const [question = ""] = /approval-large-[0-9a-f]+-1/.exec(`${started.output}${started.errors}`) ?? [];
    assert.match(await done("approve", question), /approved/);
    assert.equal((await start(700)).exitCode, 0);
    assert.doesNotMatch(await done("workflow", "list"), /approval-large/);
    await done("rule", "delete", "large", "--yes");
    const against = JSON.parse((await tutti("validate", ".", "--against", "--json")).output);
    assert.deepEqual(
      against.problems.map(({ fileName, code }: DefinitionProblem) => `${basename(fileName)} ${code}`),
      ["broken.cedar policy_invalid"],
    );
  });
});
