import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { renderExplanation } from "./explanation.ts";
import { load } from "./sections.fixture.ts";

describe("explain", () => {
  const configuration = load({
    yaml: "foundation: {log: {level: warn}}\nengines: {registry: {leaseMs: 9000, token: env:T}}\n",
    environment: { TUTTI_LOG_LEVEL: "debug", T: "t" },
    arguments: ["--engines.log.level=info", "--registry.store.kind=nats"],
  });
  const names = (path?: string) => configuration.explain(path).map(({ name, scope }) => `${scope} ${name}`);

  it("explains everything, a section, a group or a key", () => {
    assert.equal(names().length, 12);
    assert.deepEqual(names("log"), ["foundation log.level", "foundation log.pretty"]);
    assert.deepEqual(names("registry.store"), [
      "engines registry.store.kind",
      "engines registry.store.bucketMaxBytes",
    ]);
    assert.deepEqual(names("registry.leaseMs"), ["engines registry.leaseMs"]);
    assert.deepEqual(names("registry.lease"), []);
  });

  it("explains a later scope, with only the keys that can be read there", () => {
    assert.deepEqual(names("management.log.level"), ["management log.level"]);
    assert.deepEqual(names("orchestration"), ["orchestration log.level", "orchestration log.pretty"]);
    assert.deepEqual(names("foundation.registry"), []);
  });

  it("reports value, source, place, inheritance, default, description, unit, and overridden values", () => {
    const [level] = configuration.explain("management.log.level");
    assert.deepEqual(level, {
      name: "log.level",
      scope: "management",
      value: "info",
      source: "flag",
      place: "--engines.log.level",
      inheritedFrom: "engines",
      default: "info",
      description: "Least level that is written.",
      unit: "",
      live: true,
      secret: false,
      overridden: [
        { scope: "foundation", source: "environment", place: "TUTTI_LOG_LEVEL" },
        { scope: "foundation", source: "file", place: "tutti.yaml:1:27" },
      ],
      afterRestart: undefined,
    });
  });

  it("prints a line for people", () => {
    const line = (path: string) => configuration.explain(path).map(renderExplanation).join("\n");
    assert.equal(
      line("registry.leaseMs"),
      "registry.leaseMs = 9000 milliseconds, from file tutti.yaml:2:31, default 15000, live",
    );
    assert.equal(
      line("registry.token"),
      "registry.token = SecretReference(env:T), from file tutti.yaml:2:44, default not set",
    );
    assert.equal(line("registry.limit"), "registry.limit = 'none', the default");
    assert.equal(
      line("management.log.level"),
      "log.level = 'info', from flag --engines.log.level, default 'info', inherited from engines, overrides TUTTI_LOG_LEVEL, tutti.yaml:1:27, live",
    );
  });
});
