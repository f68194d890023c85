import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import type { DefinitionText } from "@tutti/definitions";
import { mayBeChecked, validate } from "./validate.ts";

const file = (fileName: string, text: string): DefinitionText => ({
  format: fileName.endsWith(".json") ? "json" : "yaml",
  ...{ fileName, text },
});

/** Returns `order.yaml:2:8 unknown_task` for each problem. */
const problemLines = (...files: readonly DefinitionText[]) =>
  validate(files).problems.map(({ fileName, line, column, code }) => `${fileName}:${line}:${column} ${code}`);

const rules = (text: string) =>
  file("a.rules.yaml", `rules:\n  - ruleId: largest\n    subject: request\n${text}`);
const limit = "    condition: subject.amount <= 10\n    deny: {message: at most 10}\n";

describe("validating a folder", () => {
  it("accepts valid files of each kind, and skips other files", () => {
    const files = [
      file("order.yaml", "workflow: order\ntasks: {one: {uses: stock.reserve}}\n"),
      file("all.yaml", "session: all\ntasks: {one: {uses: stock.reserve}}\n"),
      file("order.schema.json", '{"type": "object", "properties": {"amount": {"type": "number"}}}'),
      file("stock.agents.yaml", "agents: [{name: stock, capabilities: [{name: stock.reserve}]}]\n"),
      rules(`${limit}    cases: [{title: small, subject: {amount: 1}, admitted: true}]\n`),
      file("compose.yaml", "services: {}\n"),
    ];
    const { problems, checked, skipped } = validate(files);
    assert.deepEqual(problems, []);
    assert.deepEqual([checked.length, skipped], [5, ["compose.yaml"]]);
  });

  it("checks definitions of one line, as programs write them", () => {
    const text = '{"workflow": "order", "tasks": {"one": {"uses": "a.b", "needs": ["two"]}}}';
    assert.deepEqual(problemLines(file("order.json", text)), ["order.json:1:66 unknown_task"]);
    assert.deepEqual(problemLines(file("order.yaml", text)), ["order.yaml:1:66 unknown_task"]);
  });

  it("skips a file of blank lines or blanks in linear time", () => {
    const texts = ["\n".repeat(100_000), " ".repeat(100_000), " \n".repeat(50_000)];
    const files = texts.map((text, index) => file(`${index}.yaml`, text));
    assert.equal(validate(files).skipped.length, files.length);
  });

  it("reports the place of an error in a definition and a session", () => {
    assert.deepEqual(
      problemLines(file("order.yaml", "workflow: order\ntasks:\n  one: {uses: a.b, needs: [two]}\n")),
      ["order.yaml:3:28 unknown_task"],
    );
    assert.deepEqual(
      problemLines(file("all.yaml", "session: all\ntasks: {one: {uses: a.b, needs: [two]}}\n")),
      ["all.yaml:2:34 unknown_task"],
    );
  });

  it("knows `from` in the file of a secret alone", () => {
    assert.deepEqual(problemLines(file("s.yaml", "secret: token\nfrom: env:TOKEN\n")), []);
    assert.deepEqual(problemLines(file("s.yaml", "secret: token\nfrom: sesame\n")), [
      "s.yaml:2:7 wrong_value",
    ]);
    assert.deepEqual(problemLines(file("p.yaml", "pool: render\nfrom: env:TOKEN\n")), [
      "p.yaml:2:1 unknown_key",
    ]);
  });

  it("names the place of each mistake in the file of an adapter", () => {
    const of = (rest: string) => problemLines(file("a.yaml", `adapter: shop\n${rest}\n`));
    const sql = "{sql: SELECT 1}";
    const http = "url: https://shop.example, operations: {get: {method: GET, path: /}}";
    const cases: readonly (readonly [rest: string, problems: readonly string[]])[] = [
      [`sqlite: {file: a.db, operations: {add: ${sql}}}`, []],
      [`http: {${http}, auth: {bearer: "env:TOKEN"}, rate: {perSecond: 2}}`, []],
      ["postgres: {url: 'secret:shop-db'}\npool: render\nagents: 2", []],
      ["posgres: {url: 'env:DB'}", ["a.yaml:2:1 unknown_key"]],
      ["postgres: {url: 'postgres://ada:sesame@db/shop'}", ["a.yaml:2:17 wrong_form"]],
      [`http: {${http}, auth: {bearer: sesame}}`, ["a.yaml:2:93 wrong_form"]],
      [`sqlite: {file: a.db, operations: {Add: ${sql}}}`, ["a.yaml:2:35 wrong_form"]],
      ["sqlite: {file: a.db}", ["a.yaml:2:1 missing_key"]],
      ["git: {url: 'env:GIT'}\nfolder: {path: .}", ["a.yaml:2:1 conflicting_keys"]],
    ];
    for (const [rest, problems] of cases) assert.deepEqual(of(rest), problems, rest);
  });

  it("finds the mistakes of each document of a file, and of a schedule", () => {
    const several =
      "workflow: a\ntasks: {one: {uses: a.b}}\n---\nschedule: s\nworkflow: a\nevry: 1s\nevery: 2s\n";
    assert.deepEqual(problemLines(file("all.yaml", several)), ["all.yaml:6:1 unknown_key"]);
    const { checked, skipped } = validate([
      file("all.yaml", several),
      file("k.yaml", "kind: a\n---\nkind: b\n"),
    ]);
    assert.deepEqual([checked.map(({ fileName }) => fileName), skipped], [["all.yaml"], ["k.yaml"]]);
  });

  it("reports a capability that a definition needs and no agent in the folder offers", () => {
    const agents = file("stock.agents.yaml", "agents: [{capabilities: [{name: stock.reserve}]}]\n");
    const order = file("order.yaml", "workflow: order\ntasks:\n  one: {uses: stock.reserv}\n");
    const { problems } = validate([agents, order]);
    assert.deepEqual(
      problems.map(({ line, message, expected }) => [
        line,
        `${message} ${expected}`.includes("stock.reserve"),
      ]),
      [[3, true]],
    );
    assert.deepEqual(
      validate([order]).problems,
      [],
      "if no file lists capabilities of agents, each capability may be offered",
    );
  });

  it("reports the place of an error in a schema", () => {
    assert.deepEqual(problemLines(file("a.schema.json", '{\n  "type": "objekt"\n}')), [
      "a.schema.json:2:11 wrong_schema",
    ]);
    assert.deepEqual(problemLines(file("a.schema.json", '"nothing"')), ["a.schema.json:1:1 wrong_schema"]);
  });

  it("reports the place of an error in rules, their expressions and their cases", () => {
    assert.deepEqual(problemLines(rules("    condition: subject.amount <=\n    deny: {message: no}\n")), [
      "a.rules.yaml:4:32 syntax",
    ]);
    assert.deepEqual(problemLines(rules("    deni: {message: no}\n")), ["a.rules.yaml:4:11 wrong_value"]);
    const failing = validate([
      rules(`${limit}    cases:\n      - {title: large, subject: {amount: 99}, admitted: true}\n`),
    ]);
    assert.deepEqual(
      failing.problems.map(({ line, code, message }) => [line, code, message.includes("at most 10")]),
      [[7, "case_failed", true]],
    );
    const duplicated = rules(`${limit}  - ruleId: largest\n    subject: request\n${limit}`);
    assert.deepEqual(problemLines(duplicated), ["a.rules.yaml:6:13 repeated_name"]);
    assert.deepEqual(problemLines(file("a.rules.yaml", "rules: 5\n")), ["a.rules.yaml:1:8 wrong_type"]);
  });

  it("reports the place of an error in configuration", () => {
    const right = file(
      "deploy/tutti.yaml",
      "foundation: {log: {level: debug}}\nengines:\nintegration: {registry: {leaseMs: 20000}}\n",
    );
    assert.deepEqual(validate([right]).problems, []);
    assert.deepEqual(problemLines(file("tutti.yaml", "foundation:\n  log:\n    levle: debug\n")), [
      "tutti.yaml:3:12 wrong_setting",
    ]);
    assert.deepEqual(validate([file("grafana/tutti.yaml", "apiVersion: 1\n")]).skipped, [
      "grafana/tutti.yaml",
    ]);
    const [first] = validate([file("tutti.production.yaml", "foundation:\n  log: {level: loud}\n")]).problems;
    assert.deepEqual([first?.line, first?.column, first?.code], [2, 16, "wrong_setting"]);
  });

  it("reports the place of an error in agents", () => {
    assert.deepEqual(
      problemLines(file("a.agents.yaml", "agents:\n  - name: one\n    capabilities: [{version: 1.0.0}]\n")),
      ["a.agents.yaml:3:20 missing_value"],
    );
    assert.deepEqual(problemLines(file("a.agents.yaml", "agents: 5\n")), ["a.agents.yaml:1:9 wrong_type"]);
  });

  it("reports unreadable files of every kind", () => {
    for (const name of ["a.rules.yaml", "a.agents.yaml", "a.schema.yaml"])
      assert.equal(validate([file(name, "rules: [\n")]).problems.length > 0, true, name);
    assert.equal(validate([file("a.yaml", "workflow: [\n")]).problems.length > 0, true);
  });

  it("reports unreadable resources and adapters, and skips unreadable files of other programs", () => {
    const bomb = `a: &a [1]\nb: &b [*a, *a]\nc: [${"*b, ".repeat(200)}]\n`;
    const files = [
      file("pool.yaml", "# Pools.\n---\npool: render\nmaxQueued: [\n"),
      file("adapter.yaml", 'adapter: "shop"\nhttp: {url: [\n'),
      file("bomb.yaml", `alert-rule: slow\n${bomb}`),
      file("values.yaml", "role:\n  name: {{ .Values.role }}\n"),
      file("play.yaml", "hosts: all\ntasks: [\n"),
    ];
    const { problems, skipped } = validate(files);
    const found = new Set(problems.map(({ fileName, severity }) => `${fileName} ${severity}`));
    assert.deepEqual([...found].sort(), ["adapter.yaml error", "bomb.yaml error", "pool.yaml error"]);
    assert.deepEqual(skipped, ["values.yaml", "play.yaml"]);
  });

  it("names the keys that the file of a resource can have, and none that the platform sets", () => {
    const text = "quota: small\nfoo: 1\nweigth: 2\nrevision: a\nlimits: {a: 1}\nrates: [{cuont: 1}]\n";
    const found = validate([file("a.yaml", text)]).problems.map(({ line, column, message, expected }) =>
      `${line}:${column} ${message} ${expected ?? ""}`.trim(),
    );
    assert.deepEqual(found, [
      '2:1 unknown key "foo" one of sessions, limits, rates, weight, labels',
      '3:1 unknown key "weigth". Did you mean `weight`?',
      "4:1 expected a field that a file can set, got one that the platform sets",
    ]);
    const nested = validate([file("a.yaml", "scaler: a\nprocess: {comand: [x]}\n")]).problems;
    assert.deepEqual(
      nested.map(({ line, column, message }) => `${line}:${column} ${message}`),
      ["2:11 unknown field. Did you mean `command`?"],
    );
  });

  it("finds no errors in the examples", () => {
    const folder = fileURLToPath(new URL("../../../examples", import.meta.url));
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter(mayBeChecked)
      .map((name) => file(name, readFileSync(join(folder, name), "utf8")));
    const { problems, checked } = validate(files);
    assert.deepEqual(
      problems.filter(({ severity }) => severity === "error"),
      [],
    );
    assert.ok(checked.length > 10, `expected examples to be checked, got ${checked.length}`);
  });
});
