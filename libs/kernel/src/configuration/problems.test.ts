import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { kernelErrors } from "../errors/kernel-errors.ts";
import { load, log, problemsOf, registry, type TestSources } from "./sections.fixture.ts";

const yaml = (text: string): TestSources => ({ yaml: text });
const flags = (...list: string[]): TestSources => ({ arguments: list });
const variables = (environment: Record<string, string>): TestSources => ({ environment });

const flagMeant = (flag: string, key: string): string =>
  `unknown key among the flags: ${flag}. Did you mean \`${key}\`?`;

describe("a mistake in the configuration is refused with its place and a remedy", () => {
  const table: readonly [string, TestSources, string][] = [
    [
      "an unknown key in the file",
      yaml("engines:\n  registry:\n    leasMs: 5\n"),
      "unknown key `registry.leasMs` at tutti.yaml:3:5. Did you mean `leaseMs`?",
    ],
    [
      "an unknown key in a group",
      yaml("engines: {registry: {store: {knd: nats}}}"),
      "unknown key `registry.store.knd` at tutti.yaml:1:30. Did you mean `kind`?",
    ],
    [
      "an unknown key like no other",
      yaml("engines: {registry: {colour: red}}"),
      "unknown key `registry.colour` at tutti.yaml:1:22 (remove it, or list the keys with `tutti config explain`)",
    ],
    [
      "an unknown section",
      yaml("engines: {regsitry: {}}"),
      "unknown section `regsitry` at tutti.yaml:1:11. Did you mean `registry`?",
    ],
    [
      "a preset that is no object",
      variables({ TUTTI_PRESET: "[1]" }),
      "TUTTI_PRESET: expected an object in JSON, got something else",
    ],
    [
      "an unknown key in a preset",
      variables({ TUTTI_PRESET: '{"log.levle":"warn"}' }),
      "TUTTI_PRESET: unknown key `log.levle`",
    ],
    [
      "an unknown scope",
      yaml("engine: {}"),
      "unknown scope `engine` at tutti.yaml:1:1. Did you mean `engines`?",
    ],
    [
      "a scope like no other",
      yaml("x: {}"),
      "unknown scope `x` at tutti.yaml:1:1. Expected one of foundation, orchestration, engines, integration, management",
    ],
    [
      "a section without its scope",
      yaml("log: {level: warn}"),
      "unknown scope `log` at tutti.yaml:1:1; `log` is a section of the scope foundation, write it under `foundation:`",
    ],
    [
      "a section in a scope before its own",
      yaml("foundation: {registry: {}}"),
      "at tutti.yaml:1:14: `registry` belongs to the scope engines and cannot be set in foundation, which comes before it. Set it in engines or a later scope",
    ],
    [
      "the same by a variable",
      variables({ TUTTI_FOUNDATION_REGISTRY_LEASE_MS: "5000" }),
      "at TUTTI_FOUNDATION_REGISTRY_LEASE_MS: `registry.leaseMs` belongs to the scope engines and cannot be set in foundation, which comes before it. Set it in engines or a later scope",
    ],
    [
      "the same by a flag",
      flags("--orchestration.registry.leaseMs=5000"),
      "at --orchestration.registry.leaseMs: `registry.leaseMs` belongs to the scope engines and cannot be set in orchestration, which comes before it. Set it in engines or a later scope",
    ],
    [
      "a value where a mapping is expected",
      yaml("engines: {registry: 5}"),
      "expected a mapping for `registry` at tutti.yaml:1:21, got a single value or a list",
    ],
    [
      "a list for the whole file",
      yaml("- a"),
      "expected a mapping for the file at tutti.yaml:1:1, got a single value or a list",
    ],
    [
      "text for a number",
      variables({ TUTTI_REGISTRY_LEASE_MS: "soon" }),
      "`registry.leaseMs` at TUTTI_REGISTRY_LEASE_MS: expected an integer from 1000 to 60000, got `soon`",
    ],
    [
      "a number out of range",
      flags("--registry.leaseMs=70000"),
      "`registry.leaseMs` at --registry.leaseMs: expected an integer from 1000 to 60000, got 70000",
    ],
    [
      "quoted digits in the file",
      yaml('engines: {registry: {leaseMs: "5000"}}'),
      "`registry.leaseMs` at tutti.yaml:1:31: expected an integer from 1000 to 60000, got `5000`",
    ],
    [
      "a key left empty in the file",
      yaml("engines: {registry: {leaseMs: }}"),
      "`registry.leaseMs` at tutti.yaml:1:31: expected an integer from 1000 to 60000, got nothing (null)",
    ],
    [
      "a word that is no choice",
      yaml("foundation: {log: {level: loud}}"),
      "`log.level` at tutti.yaml:1:27: expected one of `debug`, `info`, `warn`, got `loud`",
    ],
    [
      "a list for a boolean",
      yaml("foundation: {log: {pretty: [1]}}"),
      "`log.pretty` at tutti.yaml:1:28: expected true or false, got a list",
    ],
    [
      "a long text",
      flags(`--log.pretty=${"x".repeat(100)}`),
      `\`log.pretty\` at --log.pretty: expected true or false, got \`${"x".repeat(60)}…\``,
    ],
    [
      "no alternative that fits",
      flags("--registry.limit=many"),
      "`registry.limit` at --registry.limit: expected an integer or `none`, got `many`",
    ],
    [
      "one entry of a list",
      yaml("engines: {registry: {peers: [a, 5]}}"),
      "`registry.peers[1]` at tutti.yaml:1:33: expected string, received number. The whole value is a list (each: text (not empty))",
    ],
    [
      "one value of a mapping",
      yaml("engines: {registry: {labels: {zone: 5}}}"),
      "`registry.labels.zone` at tutti.yaml:1:37: expected string, received number. The whole value is a mapping of names to text",
    ],
    [
      "a rule that joins keys",
      yaml("engines: {registry: {renewMs: 20000}}"),
      "`registry.renewMs` at tutti.yaml:1:31: expected a lease to last longer than the time between renewals",
    ],
    [
      "such a rule in a later scope only",
      yaml("management: {registry: {leaseMs: 4000}}"),
      "`registry.renewMs`: expected a lease to last longer than the time between renewals (set at tutti.yaml:1:34)",
    ],
    [
      "a key that must be set",
      flags("--registry.tls.key=env:KEY"),
      "`registry.tls.certificate` is not set and has no default: expected text. Set it in the file (`engines: {registry: {tls: {certificate: …}}}`), as TUTTI_REGISTRY_TLS_CERTIFICATE or as --registry.tls.certificate=…",
    ],
    [
      "an unknown variable",
      variables({ TUTTI_REGISTRY_LEAS_MS: "5000" }),
      "unknown key in the environment: TUTTI_REGISTRY_LEAS_MS. Did you mean `TUTTI_REGISTRY_LEASE_MS`?",
    ],
    [
      "two variables for one key",
      variables({ TUTTI_LOG_LEVEL: "info", TUTTI_FOUNDATION_LOG_LEVEL: "warn" }),
      "TUTTI_FOUNDATION_LOG_LEVEL and TUTTI_LOG_LEVEL mean the same and are both set. Unset one of them",
    ],
    [
      "an unknown flag",
      flags("--registry.leasems=5000"),
      flagMeant("--registry.leasems", "--registry.leaseMs"),
    ],
    ["a flag without its section", flags("--level=debug"), flagMeant("--level", "--log.level")],
    [
      "the start of a flag without its section",
      flags("--cert=x"),
      flagMeant("--cert", "--registry.tls.certificate"),
    ],
    [
      "a flag whose words are those of a key, written another way",
      flags("--lease-ms=5000"),
      flagMeant("--lease-ms", "--registry.leaseMs"),
    ],
    [
      "a flag with a dot inside the last word of a key",
      flags("--lease.ms=5000"),
      flagMeant("--lease.ms", "--registry.leaseMs"),
    ],
    [
      "a flag that is near to nothing",
      flags("--colour=red"),
      "unknown key among the flags: --colour (remove it, or list the keys with `tutti config explain`)",
    ],
    [
      "a flag for a part of a mapping",
      flags("--registry.labels.zone=north"),
      "unknown key among the flags: --registry.labels.zone; `registry.labels` is set as a whole: --registry.labels=zone=…",
    ],
    [
      "a flag below a value",
      flags("--engines.log.level.least=debug"),
      "unknown key among the flags: --engines.log.level.least; `engines.log.level` is set as a whole: --engines.log.level=…",
    ],
    [
      "a flag without its value",
      flags("--registry.leaseMs"),
      "--registry.leaseMs needs a value: --registry.leaseMs=…",
    ],
    [
      "a denied number",
      flags("--no-registry.leaseMs"),
      "--no-registry.leaseMs is not possible: only a key that is true or false is denied so, without a value",
    ],
    [
      "a denial with a value",
      flags("--no-log.pretty=true"),
      "--no-log.pretty is not possible: only a key that is true or false is denied so, without a value",
    ],
    [
      "an argument that is no flag",
      flags("start"),
      "argument 1 is no setting: expected the form --section.key=value",
    ],
    [
      "two files",
      { files: { "/tutti.yaml": "", "/tutti.json": "{}" } },
      "found both tutti.yaml and tutti.json in /; keep one, or name it by --config",
    ],
    [
      "a file named that is not there",
      flags("--config=etc/x.yaml"),
      "expected a configuration file at /etc/x.yaml, got none. Correct --config or TUTTI_CONFIG",
    ],
    ["--config without a path", flags("--config"), "--config needs a path: --config=tutti.yaml"],
    [
      "a file that is no YAML",
      yaml("engines: [\n"),
      "tutti.yaml:1:10 is not valid YAML: `[` is not closed, or the lines after it are not indented further",
    ],
    [
      "an open bracket around a closed one",
      yaml("engines: [[1]\n"),
      "tutti.yaml:1:10 is not valid YAML: `[` is not closed, or the lines after it are not indented further",
    ],
    [
      "an open quote in a bracket",
      yaml("engines: [1, 'a\nb: 1\n"),
      "tutti.yaml:1:14 is not valid YAML: a quote is not closed",
    ],
    [
      "a line with less space",
      yaml("engines:\n    a: 1\n   b: 1\n"),
      "tutti.yaml:3:1 is not valid YAML: indented differently than expected",
    ],
    [
      "a key twice",
      yaml("engines: {}\nengines: {}\n"),
      "tutti.yaml:2:1 is not valid YAML: the same key a second time in one mapping",
    ],
  ];
  for (const [title, sources, problem] of table) {
    it(title, () => {
      const environment = { KEY: "k", ...sources.environment };
      assert.deepEqual(problemsOf({ ...sources, environment }), [problem]);
    });
  }

  it("together with all other mistakes, in one error that names each", () => {
    const sources = {
      yaml: "foundation: {log: {level: loud, prety: true}}",
      arguments: ["--registry.leaseMs=70000", "--x"],
    };
    assert.equal(problemsOf(sources).length, 4);
    assert.throws(
      () => load(sources),
      (error) => {
        assert.ok(kernelErrors.configurationInvalid.is(error));
        assert.match(
          error.message,
          /^the configuration has 4 problems:\n {2}- unknown key `log\.prety` at tutti\.yaml:1:33/,
        );
        assert.deepEqual(
          error.violations.map(({ field }) => field),
          ["log.prety", "--x", "log.level", "registry.leaseMs"],
        );
        return true;
      },
    );
  });

  it("but variables of the workspace's tools, of workers and of others are none", () => {
    const ours = { TUTTI_CACHE: "/c", TUTTI_ADDRESS: "10.0.0.1:7401", TUTTI_SERVER: "http://10.0.0.1:7400" };
    assert.deepEqual(problemsOf({ environment: { ...ours, TUTTIFRUTTI: "x", tutti_log_level: "y" } }), []);
  });

  it("but the links that Kubernetes sets for a service named like ours are none", () => {
    const link = {
      TUTTI_REGISTRY_SERVICE_HOST: "10.0.0.1",
      TUTTI_REGISTRY_SERVICE_PORT: "7401",
      TUTTI_REGISTRY_SERVICE_PORT_GRPC: "7401",
      TUTTI_REGISTRY_PORT: "tcp://10.0.0.1:7401",
      TUTTI_REGISTRY_PORT_7401_TCP: "tcp://10.0.0.1:7401",
      TUTTI_REGISTRY_PORT_7401_TCP_ADDR: "10.0.0.1",
    };
    assert.deepEqual(problemsOf({ environment: link }), []);
    const { TUTTI_REGISTRY_PORT: _, ...part } = link;
    assert.equal(problemsOf({ environment: part }).length, 5);
  });
});

describe("the configuration file", () => {
  it("is the file of --config, else of TUTTI_CONFIG, else the file found in the working directory", () => {
    const files = {
      "/tutti.yml": "foundation: {log: {level: warn}}",
      "/etc/a.yaml": "foundation: {log: {level: debug}}",
      "/etc/b.json": '{\n\t"engines": {\n\t\t"registry": {"leaseMs": 9000}\n\t}\n}',
    };
    assert.equal(load({ files }).explain("log.level")[0]?.place, "tutti.yml:1:27");
    const environment = { TUTTI_CONFIG: "etc/a.yaml" };
    assert.equal(load({ files, environment }).explain("log.level")[0]?.place, "etc/a.yaml:1:27");
    const both = load({ files, environment, arguments: ["--config", "/etc/b.json"] });
    assert.equal(both.explain("registry.leaseMs")[0]?.place, "/etc/b.json:3:27");
    assert.equal(both.read(log).level, "info");
  });

  it("may be empty, have empty headings, comments, anchors and quotes", () => {
    assert.equal(load({ yaml: "" }).read(log).level, "info");
    assert.equal(load({ yaml: "# nothing\nfoundation:\nengines:\n  registry:\n" }).read(log).level, "info");
    const text =
      "engines:\n  registry: &r\n    leaseMs: 9000\n    store:\n      'kind': \"nats\"\nmanagement:\n  registry: *r\n";
    const { leaseMs, store } = load({ yaml: text }).read(registry, { scope: "management" });
    assert.deepEqual([leaseMs, store.kind], [9_000, "nats"]);
  });

  it("does not expand aliases without end", () => {
    const laughs = ["a: &a [x]"];
    for (let level = 1; level < 12; level++) {
      const before = String.fromCharCode(96 + level);
      const name = String.fromCharCode(97 + level);
      laughs.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(", ")}]`);
    }
    const text = `engines: {registry: {peers: *l}}\n`;
    assert.equal(
      problemsOf({ yaml: `${laughs.join("\n")}\n${text}` }).at(-1),
      "`registry.peers` at tutti.yaml:12:7 has too many aliases. Write the values out",
    );
  });
});

describe("sections of other processes", () => {
  const otherSections = ["swarm", "audit"];

  it("are ignored in every source", () => {
    const sources = {
      yaml: "engines:\n  swarm:\n    links: {leaseMs: 5}\n  registry: {leaseMs: 9000}\n",
      environment: {
        TUTTI_SWARM_POOL_SETTLE_MS: "5",
        TUTTI_MANAGEMENT_AUDIT_KEEP_DAYS: "9",
        TUTTI_PRESET: '{"swarm.pool.settleMs":5}',
      },
      arguments: ["--swarm.links.leaseMs=5", "--engines.swarm.pool.settleMs", "6", "--no-audit.sealed"],
    };
    assert.deepEqual(problemsOf(sources, otherSections), []);
  });

  it("are known by their whole name", () => {
    const sources = {
      yaml: "engines:\n  swarms: {}\n",
      environment: { TUTTI_SWARMS_LINKS: "5" },
      arguments: ["--swarms.links=5"],
    };
    assert.equal(problemsOf(sources, otherSections).length, 3);
  });
});
