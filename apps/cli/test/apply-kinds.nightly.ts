/** Each kind of file on a real platform: difference, environment, drift with its cause, guarded deletion. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { commandAtWork } from "./support/at-work.ts";

interface Kind {
  readonly kind: string;
  readonly id: string;
  /** The rest of the file, with a variable that the environment changes. */
  readonly text: string;
  /** Path of the difference, and its values: of the folder, of the environment, and by other means. */
  readonly path: string;
  readonly values: readonly [folder: unknown, environment: unknown, strange: unknown];
  /** The REST list, its entries, and the field with the id. Undefined: `strange` makes the change. */
  readonly at?: readonly [route: string, entries: string, id: string];
  /** Default: PUT of the whole. */
  readonly method?: "PATCH";
  /** Changes by other means have no reason. */
  readonly hasNoReason?: true;
  readonly strange?: readonly [method: string, path: string, body: object];
  /** Default: that of `path`. */
  readonly strangely?: { readonly path: string; readonly before: unknown; readonly after: unknown };
}

const described = { path: "description", values: ["Old.", "New.", "Strange."] } as const;
const counted = (path: string) => ({ path, values: [2, 3, 7] as const });
const patched = { method: "PATCH" } as const;

const kinds: readonly Kind[] = [
  {
    ...{ kind: "secret", id: "till", text: "description: ${var.word}.\nfrom: env:TILL", ...described },
    ...{ at: ["secrets", "secrets", "name"], hasNoReason: true },
  },
  {
    ...{ kind: "role", id: "printer", ...described },
    text: "actions: [workflow.runs.start]\ndescription: ${var.word}.",
    at: ["roles", "roles", "role"],
  },
  {
    ...{ kind: "rule", id: "large", path: "condition", values: ["2 > 1", "3 > 1", "7 > 1"] },
    text: 'subject: request\nwhen: call.action == "workflow.runs.start"\ncondition: ${var.count} > 1\nnote: {message: large}\nseverity: warning\nenforcement: shadow',
    at: ["rules", "rules", "ruleId"],
  },
  {
    ...{ kind: "pool", id: "render", text: "maxQueued: ${var.count}", ...counted("maxQueued") },
    ...{ at: ["pools", "pools", "pool"], ...patched },
  },
  {
    ...{ kind: "scaler", id: "render/crew", ...counted("maxAgents") },
    text: 'pool: render\nprocess: {command: ["true"]}\nmaxAgents: ${var.count}\npaused: true',
    ...{ at: ["scalers", "scalers", "scalerId"], ...patched },
  },
  {
    ...{ kind: "hook", id: "render/large", path: "when" },
    values: ["task.priority > 2", "task.priority > 3", "task.priority > 7"],
    text: "pool: render\nmoment: before_assign\nwhen: task.priority > ${var.count}\nrule: {verdict: {}}",
    ...{ at: ["hooks", "hooks", "hookId"], ...patched },
  },
  {
    ...{ kind: "inbox", id: "render/finance", ...described, at: ["inboxes", "inboxes", "inboxId"] },
    text: "pool: render\ncapabilities: [{name: pay.review, version: 1.0.0}]\ndescription: ${var.word}.",
  },
  {
    ...{ kind: "limit", id: "bank", text: "maxConcurrent: ${var.count}", ...counted("maxConcurrent") },
    at: ["limits", "limits", "key"],
  },
  {
    ...{ kind: "quota", id: "team", text: "limits: {slots: ${var.count}}", ...counted("limits.slots") },
    at: ["quotas", "quotas", "quotaId"],
  },
  {
    ...{ kind: "rotation", id: "web", ...counted("everyDays"), at: ["rotations", "rotations", "rotationId"] },
    text: "members: [{name: ada, receivers: [pager]}]\neveryDays: ${var.count}",
  },
  {
    ...{ kind: "escalation", id: "night", ...counted("repeats") },
    text: "steps: [{rotations: [web]}]\nrepeats: ${var.count}",
    at: ["escalation-policies", "policies", "policyId"],
  },
  {
    ...{ kind: "alert-rule", id: "memory", path: "condition", values: ["m > 2.0", "m > 3.0", "m > 7.0"] },
    text: "title: Full\nseverity: warning\nqueries: [{queryId: m, metric: process_resident_memory_bytes}]\ncondition: m > ${var.count}.0",
    at: ["alert-rules", "rules", "ruleId"],
  },
  {
    ...{ kind: "schedule", id: "nightly", ...described, at: ["schedules", "schedules", "scheduleId"] },
    ...{ text: "workflow: report\nevery: 1d\ndescription: ${var.word}.", ...patched },
  },
  {
    ...{ kind: "trigger", id: "orders", ...described, at: ["triggers", "triggers", "triggerId"] },
    ...{ text: "workflow: report\nevent: shop.created\ndescription: ${var.word}.", ...patched },
  },
  {
    ...{ kind: "trigger", id: "reviews", ...described, at: ["triggers", "triggers", "triggerId"] },
    text: "workflow: report\nwebhook: {preset: github, secrets: [till]}\ndescription: ${var.word}.",
    ...patched,
  },
  {
    ...{ kind: "binding", id: "ada-prints", path: "actor.id", values: ["ada2", "ada3", "ada7"] },
    text: "role: printer\nactor: {kind: person, id: 'ada${var.count}'}",
  },
  {
    ...{ kind: "policy", id: "quiet", path: "text" },
    values: [2, 3, 7].map((n) => `permit(principal, action, resource) when { ${n} > 9 };`) as never,
    text: "text: 'permit(principal, action, resource) when { ${var.count} > 9 };'",
  },
  {
    ...{ kind: "workflow", id: "report", path: "tasks.one.timeout", values: ["2m", "3m", "7m"] },
    text: "tasks: {one: {uses: test.echo, timeout: '${var.count}m'}}",
    strange: [
      "POST",
      "workflows",
      { format: "yaml", text: "workflow: report\ntasks: {one: {uses: test.echo, timeout: 7m}}\n" },
    ],
    hasNoReason: true,
  },
  {
    ...{ kind: "variant", id: "quote", path: "percent", values: [2, 3, 7] },
    text: "old: prices.old\nnew: prices.new\npercent: ${var.count}",
  },
  {
    ...{ kind: "adapter", id: "default/store", path: "sqlite.rowsMax", values: [2, 3, 7] },
    text: "sqlite: {file: /tmp/none.db, operations: {add: {sql: SELECT 1}}, rowsMax: ${var.count}}",
    ...{ at: ["scalers", "scalers", "scalerId"], ...patched },
    strangely: { path: "scaler.maxAgents", before: 7, after: 1 },
  },
];

describe("apply of each kind", () => {
  const receivers = { pager: { kind: "workflow", workflow: "report" } };
  const at = commandAtWork({ flags: [`--insight.receivers=${JSON.stringify(receivers)}`] });
  const { tutti } = at;
  const environment = { TILL: "open sesame" };
  const folder = () => join(at.command.folder, "estate");
  const write = (name: string, text: string) => writeFileSync(join(folder(), name), text);
  const writeKind = ({ kind, id, text }: Kind) =>
    write(`${kind}-${id.replace("/", "-")}.yaml`, `${kind}: ${id.slice(id.indexOf("/") + 1)}\n${text}\n`);
  const applied = async (line: string): Promise<readonly Step[]> =>
    JSON.parse(await at.printed(`${line} --json`, { environment })).applied;
  const nameOf = ({ kind, id }: { readonly kind: string; readonly id: string }) => `${kind} ${id}`;
  const call = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
    const reply = await fetch(`${at.platform.url}/v1/${path}`, {
      ...{ method, headers: { "content-type": "application/json" } },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    assert.ok(reply.ok, `${method} ${path}: ${text}`);
    return JSON.parse(text);
  };

  interface Step {
    readonly kind: string;
    readonly id: string;
    readonly outcome: string;
    readonly differences: readonly { readonly path: string }[];
    readonly drift?: { readonly actor?: { readonly id: string }; readonly reason?: string };
  }

  /** Changes one field over REST. */
  async function changeStrangely(kind: Kind) {
    const { id, path, values, at: place, method, strange } = kind;
    if (strange !== undefined) await call(...strange);
    if (place === undefined) return;
    const [route, entries, idField] = place;
    const own = id.slice(id.indexOf("/") + 1);
    const list = (await call("GET", route))[entries] as Record<string, unknown>[];
    const found = list.find((each) => each[idField] === own);
    assert.ok(found !== undefined, `${route}/${own}`);
    const [field = "", inner] = (kind.strangely?.path.replace("scaler.", "") ?? path).split(".");
    const value = inner === undefined ? values[2] : { [inner]: values[2] };
    const { status, createCause, updateCause, revision, ...rest } = found;
    const { pool, labels } = rest;
    if (route === "secrets") await call("PUT", `secrets/${own}`, { labels, value: "YWJj", [field]: value });
    else if (method === undefined)
      await call("PUT", `${route}/${own}?reason=busy`, { ...rest, [field]: value });
    else {
      // Each update of a scaler, hook, schedule or trigger needs these.
      const { process, moment, rule, timing, run, source } = rest;
      const needed = { process, moment, rule, timing, run, source };
      await call("PATCH", `${route}/${own}?reason=busy`, { pool, ...needed, [field]: value });
    }
  }

  it("creates each kind, shows the exact difference of an environment, updates, and changes nothing the second time", async () => {
    mkdirSync(folder(), { recursive: true });
    write(
      "tutti.apply.yaml",
      "set: estate\nvariables: {count: 2, word: Old}\nenvironments:\n  next: {variables: {count: 3, word: New}}\n",
    );
    for (const kind of kinds) writeKind(kind);
    assert.match(await at.printed("validate estate"), /0 errors/);
    const expected = kinds.map(nameOf).sort();
    for (const [line, outcome] of [
      ["apply estate --dry-run", "created"],
      ["apply estate", "created"],
      ["apply estate", "unchanged"],
      ["apply estate --environment next --dry-run", "updated"],
    ] as const) {
      const ended = await tutti(`${line} --json`, { environment });
      assert.equal(ended.exitCode, 0, ended.errors);
      const steps: readonly Step[] = JSON.parse(ended.output).applied;
      assert.deepEqual(steps.map(nameOf).sort(), expected);
      assert.deepEqual(
        steps.filter((step) => step.outcome !== outcome),
        [],
        line,
      );
      if (outcome !== "updated") continue;
      const differences = new Map(steps.map((step) => [nameOf(step), step.differences]));
      for (const kind of kinds) {
        const [before, after] = kind.values;
        assert.deepEqual(differences.get(nameOf(kind)), [{ path: kind.path, before, after }], nameOf(kind));
      }
    }
    assert.deepEqual(
      (await applied("apply estate")).filter(({ outcome }) => outcome !== "unchanged"),
      [],
    );
    const updated = await tutti("apply estate --environment next --json", { environment });
    assert.equal(updated.exitCode, 0, updated.errors);
    const reapplied = await applied("apply estate --environment next");
    assert.deepEqual(
      reapplied.filter(({ outcome }) => outcome !== "unchanged"),
      [],
    );
  });

  it("names the author and the reason of each change on the platform, and deletes changed resources only if forced", async () => {
    const changed = kinds.filter(({ at: place, strange }) => place !== undefined || strange !== undefined);
    for (const kind of changed) await changeStrangely(kind);
    const steps = await applied("apply estate --environment next --dry-run");
    const found = new Map(steps.map((step) => [nameOf(step), step]));
    for (const kind of changed) {
      const { differences, drift } = found.get(nameOf(kind)) ?? {};
      const [, after, before] = kind.values;
      const own = differences?.filter(({ path }) => path !== "set");
      assert.deepEqual(own, [kind.strangely ?? { path: kind.path, before, after }], nameOf(kind));
      assert.notEqual(drift?.actor?.id ?? "", "", nameOf(kind));
      assert.equal(drift?.reason ?? "", kind.hasNoReason ? "" : "busy", nameOf(kind));
    }
    for (const { kind, id } of kinds)
      if (id !== "bank") rmSync(join(folder(), `${kind}-${id.replace("/", "-")}.yaml`));
    const refused = await tutti("apply estate --environment next --prune --yes");
    assert.equal(refused.exitCode, 3);
    // The lines are as wide as the terminal.
    const named = refused.errors.replaceAll(/\s+/g, " ");
    for (const { kind, id } of changed)
      if (id !== "bank") assert.ok(named.includes(`${kind} \`${id}\``), refused.errors);
    const forced = await applied("apply estate --environment next --prune --force --yes");
    const deleted = forced.filter(({ outcome }) => outcome === "deleted").map(nameOf);
    assert.deepEqual(
      deleted.sort(),
      kinds
        .filter(({ id }) => id !== "bank")
        .map(nameOf)
        .sort(),
    );
    await until("nothing to be left", async () => {
      const planned = await applied("apply estate --environment next --prune --force --dry-run");
      return planned.every(({ outcome }) => outcome !== "deleted");
    });
  });

  it("creates each deleted resource again under its id", async () => {
    for (const kind of kinds) writeKind(kind);
    for (const [line, outcome] of [
      ["apply estate --dry-run", "created"],
      ["apply estate", "created"],
      ["apply estate", "unchanged"],
    ] as const) {
      const ended = await tutti(`${line} --json`, { environment });
      assert.equal(ended.exitCode, 0, ended.errors);
      const steps: readonly Step[] = JSON.parse(ended.output).applied;
      // A deleted workflow is archived: it is restored.
      const isRestored = ({ kind }: Step) => outcome === "created" && /^(workflow|variant)$/.test(kind);
      assert.deepEqual(
        steps
          .filter((step) => step.outcome !== (isRestored(step) ? "updated" : outcome) && step.id !== "bank")
          .map(nameOf),
        [],
        line,
      );
    }
  });
});
