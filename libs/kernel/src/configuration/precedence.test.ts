import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { misspeltVariables } from "./client-variables.ts";
import { type Scope, scopesBack, scopesFrom } from "./scopes.ts";
import { load, log, registry, type TestSources } from "./sections.fixture.ts";

type Level = "debug" | "info" | "warn";

describe("the source of a value", () => {
  const file = (scope: Scope, level: Level) => `${scope}: {log: {level: ${level}}}`;

  const table: readonly {
    title: string;
    sources: TestSources;
    reader: Scope;
    value: Level;
    place: string;
    from: Scope;
  }[] = [
    {
      title: "the default if it is not set",
      sources: {},
      reader: "engines",
      value: "info",
      place: "",
      from: "foundation",
    },
    {
      title: "a preset of the caller that starts the process beats the default",
      sources: { environment: { TUTTI_PRESET: '{"log.level":"warn"}' } },
      reader: "engines",
      value: "warn",
      place: "TUTTI_PRESET",
      from: "foundation",
    },
    {
      title: "the file beats a preset",
      sources: {
        yaml: file("foundation", "debug"),
        environment: { TUTTI_PRESET: '{"foundation.log.level":"warn"}' },
      },
      reader: "foundation",
      value: "debug",
      place: "tutti.yaml:1:27",
      from: "foundation",
    },
    {
      title: "the file beats the default",
      sources: { yaml: file("foundation", "warn") },
      reader: "foundation",
      value: "warn",
      place: "tutti.yaml:1:27",
      from: "foundation",
    },
    {
      title: "the environment beats the file",
      sources: { yaml: file("foundation", "warn"), environment: { TUTTI_LOG_LEVEL: "debug" } },
      reader: "foundation",
      value: "debug",
      place: "TUTTI_LOG_LEVEL",
      from: "foundation",
    },
    {
      title: "a flag beats the environment",
      sources: { environment: { TUTTI_LOG_LEVEL: "debug" }, arguments: ["--log.level=warn"] },
      reader: "foundation",
      value: "warn",
      place: "--log.level",
      from: "foundation",
    },
    {
      title: "the last of repeated flags counts, in any spelling",
      sources: { arguments: ["--log.level=debug", "--foundation.log.level", "warn"] },
      reader: "foundation",
      value: "warn",
      place: "--foundation.log.level",
      from: "foundation",
    },
    {
      title: "a later scope inherits",
      sources: { yaml: file("foundation", "warn") },
      reader: "management",
      value: "warn",
      place: "tutti.yaml:1:27",
      from: "foundation",
    },
    {
      title: "the value of a later scope beats the home's, even a flag's",
      sources: { yaml: file("engines", "warn"), arguments: ["--log.level=debug"] },
      reader: "engines",
      value: "warn",
      place: "tutti.yaml:1:24",
      from: "engines",
    },
    {
      title: "a scope in between is inherited by those after it",
      sources: { yaml: file("engines", "warn"), environment: { TUTTI_LOG_LEVEL: "debug" } },
      reader: "integration",
      value: "warn",
      place: "tutti.yaml:1:24",
      from: "engines",
    },
    {
      title: "and not seen by those before it",
      sources: { yaml: file("engines", "warn"), environment: { TUTTI_LOG_LEVEL: "debug" } },
      reader: "orchestration",
      value: "debug",
      place: "TUTTI_LOG_LEVEL",
      from: "foundation",
    },
    {
      title: "a variable names the scope it overrides",
      sources: { yaml: file("engines", "warn"), environment: { TUTTI_ENGINES_LOG_LEVEL: "debug" } },
      reader: "management",
      value: "debug",
      place: "TUTTI_ENGINES_LOG_LEVEL",
      from: "engines",
    },
    {
      title: "an empty variable is not set",
      sources: { environment: { TUTTI_LOG_LEVEL: "" } },
      reader: "foundation",
      value: "info",
      place: "",
      from: "foundation",
    },
  ];
  for (const { title, sources, reader, value, place, from } of table) {
    it(title, () => {
      const configuration = load(sources);
      assert.equal(configuration.read(log, { scope: reader }).level, value);
      const [explanation] = configuration.explain("log.level", { scope: reader });
      assert.deepEqual(
        [explanation?.value, explanation?.place, explanation?.inheritedFrom],
        [value, place, from],
      );
    });
  }

  it("is none of the variables of workers, agents, clients and the CLI", () => {
    const environment = { TUTTI_URL: "http://a", TUTTI_POOL: "x", TUTTI_LOCAL_MODELS: "http://b/v1" };
    assert.equal(load({ environment }).read(log).level, "info");
  });

  it("is none of the variables that Tutti sets for the commands that it runs", () => {
    const environment = { TUTTI_COMMAND: "a1", TUTTI_ADAPTER: "{}", TUTTI_GIT_PASSWORD: "p" };
    assert.equal(load({ environment }).read(log).level, "info");
  });

  it("is none of the variables that only resemble those of clients, and clients name the nearest", () => {
    const table: readonly (readonly [string, string | undefined])[] = [
      ["TUTTI_NAMSPACE", "TUTTI_NAMESPACE"],
      ["TUTTI_ULR", "TUTTI_URL"],
      ["TUTTI_API_KEYS", "TUTTI_API_KEY"],
      ["TUTTI_POOl", "TUTTI_POOL"],
      ["TUTTI_ADRESS", "TUTTI_ADDRESS"],
      ["TUTTI_URL", undefined],
      ["TUTTI_LOG_LEVEL", undefined],
      ["TUTTI_ENV", undefined],
      ["TUTTI_", undefined],
      [`TUTTI_${"U".repeat(100_000)}`, undefined],
      ["NAMSPACE", undefined],
    ];
    for (const [variable, meant] of table) {
      const text = `The environment variable ${variable} is ignored. Did you mean ${meant}?`;
      assert.deepEqual(misspeltVariables({ [variable]: "x" }), meant === undefined ? [] : [text]);
    }
    assert.deepEqual(misspeltVariables({ TUTTI_ULR: "" }), [], "shells leave unset variables empty");
  });

  it("is found for each key: an overridden key leaves the other keys of its section inherited", () => {
    const configuration = load({
      yaml: "engines: {log: {level: warn}}",
      environment: { TUTTI_LOG_PRETTY: "yes" },
    });
    assert.deepEqual(configuration.read(log, { scope: "engines" }), { level: "warn", pretty: true });
    assert.deepEqual(configuration.read(log), { level: "info", pretty: true });
  });

  it("reaches keys of groups by each source's way to write them", () => {
    const configuration = load({
      yaml: "engines:\n  registry:\n    store: {kind: nats}\n",
      environment: { TUTTI_REGISTRY_STORE_BUCKET_MAX_BYTES: "2048" },
      arguments: ["--management.registry.store.kind", "memory"],
    });
    assert.deepEqual(configuration.read(registry).store, { kind: "nats", bucketMaxBytes: 2_048 });
    assert.deepEqual(configuration.read(registry, { scope: "management" }).store, {
      kind: "memory",
      bucketMaxBytes: 2_048,
    });
  });

  it("leaves an optional group out until one of its keys is set", () => {
    assert.equal(load({}).read(registry).tls, undefined);
    const sources = {
      arguments: ["--registry.tls.certificate=c", "--registry.tls.key=env:KEY"],
      environment: { KEY: "k" },
    };
    assert.equal(load(sources).read(registry).tls?.certificate, "c");
  });

  it("is the same for anything set anywhere: explain agrees with read, and both with the rule", () => {
    const keys = {
      "log.level": { home: "foundation", values: ["debug", "info", "warn"] },
      "log.pretty": { home: "foundation", values: [true, false] },
      "registry.leaseMs": { home: "engines", values: [10_000, 20_000, 30_000] },
      "registry.store.kind": { home: "engines", values: ["memory", "nats"] },
      "registry.labels": { home: "engines", values: [{}, { zone: "a", rack: "b=c" }] },
      "registry.peers": { home: "engines", values: [[], ["a"], ["b", "c d"]] },
    } as const;
    const anySetting = fc.constantFrom(...Object.entries(keys)).chain(([name, { home, values }]) =>
      fc.record({
        name: fc.constant(name),
        home: fc.constant<Scope>(home),
        scope: fc.constantFrom<Scope>(...scopesFrom(home)),
        value: fc.constantFrom<unknown>(...values),
        source: fc.constantFrom("file", "environment", "flag"),
      }),
    );
    const anySettings = fc.uniqueArray(anySetting, {
      maxLength: 15,
      selector: ({ name, scope, source }) => `${source} ${scope}.${name}`,
    });
    fc.assert(
      fc.property(anySettings, (settings) => {
        const set = settings.filter(({ scope, home }) => scopesFrom(home).includes(scope));
        const configuration = load(sourcesFrom(set));
        for (const explanation of allExplanations(configuration)) {
          const { name, scope, value, place } = explanation;
          const own = name.startsWith("log.");
          const read = own ? configuration.read(log, { scope }) : configuration.read(registry, { scope });
          assert.deepEqual(value, at(read, name.split(".").slice(1)), name);
          const expected = strongest(set, name, own ? log.scope : registry.scope, scope);
          if (expected === undefined) assert.deepEqual([place, value], ["", explanation.default]);
          else assert.deepEqual(value, expected.value, `${name} for ${scope}`);
        }
      }),
    );
  });
});

interface Set {
  readonly name: string;
  readonly scope: Scope;
  readonly value: unknown;
  readonly source: string;
}

function allExplanations(configuration: ReturnType<typeof load>) {
  return scopesFrom("foundation").flatMap((scope) => configuration.explain(undefined, { scope }));
}

/** The rule, written out. */
function strongest(set: readonly Set[], name: string, home: Scope, reader: Scope): Set | undefined {
  for (const scope of scopesBack(reader, home)) {
    for (const source of ["flag", "environment", "file"]) {
      const found = set.find((each) => each.name === name && each.scope === scope && each.source === source);
      if (found) return found;
    }
  }
  return undefined;
}

function sourcesFrom(set: readonly Set[]): TestSources {
  const tree: Record<string, unknown> = {};
  const environment: Record<string, string> = {};
  const flags: string[] = [];
  for (const { name, scope, value, source } of set) {
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    if (source === "flag") flags.push(`--${scope}.${name}=${text}`);
    if (source === "environment") {
      const variable = `${scope}.${name}`.replace(/([A-Z])/g, "_$1").replaceAll(".", "_");
      environment[`TUTTI_${variable.toUpperCase()}`] = text;
    }
    if (source === "file") setAt(tree, [scope, ...name.split(".")], value);
  }
  return { yaml: JSON.stringify(tree), environment, arguments: flags };
}

function setAt(
  tree: Record<string, unknown>,
  [first = "", ...rest]: readonly string[],
  value: unknown,
): void {
  if (rest.length === 0) tree[first] = value;
  else {
    const branch: Record<string, unknown> = {};
    Object.assign(branch, tree[first]);
    setAt(branch, rest, value);
    tree[first] = branch;
  }
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (found, segment) => (found instanceof Object ? Reflect.get(found, segment) : undefined),
    value,
  );
}
