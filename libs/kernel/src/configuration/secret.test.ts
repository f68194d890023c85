import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import * as z from "zod";
import { kernelErrors } from "../errors/kernel-errors.ts";
import { toProblem } from "../errors/problem.ts";
import { TuttiError } from "../errors/tutti-error.ts";
import { Configuration } from "./configuration.ts";
import { renderExplanation } from "./explanation.ts";
import { SecretReference, secret } from "./secret.ts";
import { defineSection } from "./section.ts";
import { load, problemsOf, registry, sourcesOf, type TestSources } from "./sections.fixture.ts";

const theSecret = "hunter2-the-very-secret";

/** Returns everything of a configuration that might be printed. */
function printed(configuration: Configuration): string {
  const values = configuration.read(registry);
  const explained = configuration.explain();
  return [
    inspect(configuration, { depth: 20, showHidden: true }),
    inspect(values, { depth: 20, showHidden: true }),
    inspect(explained, { depth: 20, showHidden: true }),
    JSON.stringify([values, explained]),
    `${values.token}`,
    ...explained.map(renderExplanation),
    ...Object.entries(values.token ?? {}).flat(),
  ].join("\n");
}

describe("a secret in the configuration", () => {
  const cases: readonly [string, TestSources, string][] = [
    ["a variable", { environment: { TUTTI_REGISTRY_TOKEN: "env:TOKEN", TOKEN: theSecret } }, "env:TOKEN"],
    [
      "a variable of our own prefix",
      { arguments: ["--registry.token=env:TUTTI_TOKEN"], environment: { TUTTI_TOKEN: theSecret } },
      "env:TUTTI_TOKEN",
    ],
    [
      "a file",
      { yaml: "engines: {registry: {token: file:/run/token}}", files: { "/run/token": `${theSecret}\n` } },
      "file:/run/token",
    ],
    [
      "a file beside the configuration",
      {
        arguments: ["--config=etc/t.yaml"],
        files: { "/etc/t.yaml": "engines: {registry: {token: 'file:token'}}", "/etc/token": theSecret },
      },
      "file:token",
    ],
  ];
  for (const [title, sources, reference] of cases) {
    it(`is revealed from ${title}, and printed only as its reference`, async () => {
      const configuration = load(sources);
      const { token } = configuration.read(registry);
      assert.ok(token instanceof SecretReference);
      assert.equal(await token.reveal(), theSecret);
      assert.equal(token.revealSync(), theSecret);
      const everything = printed(configuration);
      assert.ok(everything.includes(reference));
      assert.ok(!everything.includes(theSecret));
    });
  }

  const plain: readonly [string, TestSources][] = [
    ["in the file", { yaml: `engines: {registry: {token: ${theSecret}}}` }],
    ["as a number in the file", { yaml: "engines: {registry: {token: 123454321}}" }],
    ["in a variable", { environment: { TUTTI_REGISTRY_TOKEN: theSecret } }],
    ["in a flag", { arguments: [`--registry.token=${theSecret}`] }],
    ["after a flag", { arguments: ["--registry.token", theSecret] }],
    ["after a misspelt flag", { arguments: ["--registry.tokn", theSecret] }],
    ["in a misspelt flag", { arguments: [`--registry.tokn=${theSecret}`] }],
    ["in a misspelt variable", { environment: { TUTTI_REGISTRY_TOKN: theSecret } }],
    ["as an argument of its own", { arguments: [theSecret] }],
    ["under a misspelt key", { yaml: `engines: {registry: {tokn: ${theSecret}}}` }],
    ["in a file that is no YAML", { yaml: `engines: {registry: {token: "${theSecret}` }],
    ["on a broken line", { yaml: `engines:\n  registry:\n    token: ${theSecret}: x\n  @${theSecret}` }],
    ["behind an unknown tag", { yaml: `engines: {registry: {token: !${theSecret} ${theSecret}}}` }],
    ["where a tag would stand", { yaml: `engines: {registry: {token: !${theSecret}}}` }],
    ["where an alias would stand", { yaml: `engines: {registry: {token: *${theSecret}}}` }],
    ["where a block scalar would start", { yaml: `engines:\n  registry:\n    token: |${theSecret}\n` }],
    ["where a directive would stand", { yaml: `%${theSecret}\n---\n` }],
    ["as an alias without an anchor", { yaml: `engines: {registry: {token: [*${theSecret}]}}` }],
  ];
  for (const [title, sources] of plain) {
    it(`given ${title} instead of a reference is refused and not printed`, () => {
      assert.ok(problemsOf(sources).length > 0);
      assert.throws(
        () => load(sources),
        (error) => {
          assert.ok(error instanceof TuttiError);
          const printed = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(toProblem(error));
          assert.ok(!printed.includes(theSecret) && !printed.includes("123454321"), printed);
          return true;
        },
      );
    });
  }

  const nowhere: readonly [string, TestSources, string][] = [
    [
      "a variable that is not set",
      { arguments: ["--registry.token=env:TOKEN"] },
      "no such environment variable",
    ],
    [
      "an empty variable",
      { arguments: ["--registry.token=env:TOKEN"], environment: { TOKEN: "" } },
      "an empty environment variable",
    ],
    ["no file", { arguments: ["--registry.token=file:/t"] }, "no such file"],
    ["an empty file", { arguments: ["--registry.token=file:/t"], files: { "/t": "\n" } }, "an empty file"],
  ];
  for (const [title, sources, found] of nowhere) {
    it(`whose reference points to ${title} is a mistake that names the reference`, () => {
      const reference = sources.arguments?.[0]?.split("=")[1];
      const message = `\`registry.token\` at --registry.token: expected a secret at ${reference}, got ${found}; set it, or correct the reference`;
      assert.deepEqual(problemsOf(sources), [message]);
    });
  }

  it("whose file cannot be read is refused with the reason", () => {
    const sources = sourcesOf({ arguments: ["--registry.token=file:/t"] });
    const read = (path: string) => {
      if (path !== "/t") return undefined;
      throw Object.assign(new Error("EACCES: permission denied, open '/t'"), { code: "EACCES" });
    };
    const files = { ...sources.files, read };
    assert.throws(
      () => Configuration.load({ sections: [registry], sources: { ...sources, files } }),
      /got a file that cannot be read \(EACCES\)/,
    );
  });

  it("is resolved only from the source that wins", () => {
    const sources = {
      yaml: "engines: {registry: {token: env:ABSENT}}",
      environment: { TUTTI_REGISTRY_TOKEN: "env:T", T: "t" },
    };
    assert.equal(load(sources).read(registry).token?.revealSync(), "t");
  });

  it("is read again each time: a rotated secret is found, and a removed secret is an error", async () => {
    const environment: Record<string, string> = { TUTTI_REGISTRY_TOKEN: "env:TOKEN", TOKEN: "old" };
    const { token } = load({ environment }).read(registry);
    assert.ok(token);
    environment["TOKEN"] = "new";
    assert.equal(await token.reveal(), "new");
    delete environment["TOKEN"];
    assert.throws(
      () => token.revealSync(),
      (error) => {
        assert.ok(kernelErrors.secretUnavailable.is(error));
        assert.match(error.message, /The secret env:TOKEN is not available: no such environment variable/);
        return true;
      },
    );
    await assert.rejects(token.reveal(), kernelErrors.secretUnavailable.is);
  });

  it("may be inside a list, a mapping or an alternative", () => {
    const section = defineSection({
      scope: "foundation",
      name: "keys",
      schema: z.object({
        list: z.array(secret()).default([]).describe("Several."),
        byName: z.record(z.string(), secret()).default({}).describe("By name."),
        either: z
          .union([z.literal("none"), secret()])
          .default("none")
          .describe("Perhaps."),
        pairs: z
          .array(z.strictObject({ user: z.string(), password: secret() }))
          .default([])
          .describe("Both."),
      }),
    });
    const environment = { A: "a", B: "b" };
    const read = (...flags: string[]) =>
      Configuration.load({ sections: [section], sources: sourcesOf({ environment, arguments: flags }) }).read(
        section,
      );
    const values = read(
      "--keys.list=env:A,env:B",
      "--keys.byName=x=env:B",
      "--keys.either=env:A",
      '--keys.pairs=[{"user":"u","password":"env:B"}]',
    );
    assert.deepEqual(
      values.list.map((each) => each.revealSync()),
      ["a", "b"],
    );
    assert.equal(values.byName["x"]?.revealSync(), "b");
    assert.ok(values.either instanceof SecretReference && values.either.revealSync() === "a");
    assert.equal(values.pairs[0]?.password.revealSync(), "b");
    assert.equal(read("--keys.either=none").either, "none");
    for (const flag of [
      `--keys.list=env:A,${theSecret}`,
      `--keys.byName=x=${theSecret}`,
      `--keys.either=${theSecret}`,
      `--keys.pairs=[{"password":"${theSecret}"}]`,
      `--keys.pairs=[${theSecret}`,
    ]) {
      assert.throws(
        () => read(flag),
        (error) => error instanceof TuttiError && !inspect(error, { depth: 20 }).includes(theSecret),
        flag,
      );
    }
  });
});
