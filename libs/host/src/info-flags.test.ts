import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memorySources } from "@tutti/kernel";
import { hostSections } from "./configuration.ts";
import { answerTo } from "./info-flags.ts";

const answerOf = (...args: readonly string[]) =>
  answerTo({
    name: "platform",
    sections: hostSections,
    sources: memorySources({
      arguments: args,
      files: { "/tutti.yaml": "foundation:\n  log:\n    level: debug\n" },
    }),
  });

describe("answerTo", () => {
  it("returns nothing without `--explain`", () => {
    assert.equal(answerOf("--log.level=warn"), undefined);
  });

  it("explains one key with its value, source, file, line and description", () => {
    assert.equal(
      answerOf("--explain=log.level"),
      "log.level = 'debug', from file tutti.yaml:3:12, default 'info', live\n  Minimum level of log entries.\n",
    );
  });

  it("takes the other flags into account", () => {
    assert.match(
      answerOf("--explain=log.level", "--log.level=warn") ?? "",
      /^log\.level = 'warn', from flag --log\.level/,
    );
  });

  it("lists every key, one line each", () => {
    const lines = (answerOf("--explain") ?? "").trimEnd().split("\n");
    assert.equal(lines.length, hostSections.flatMap(({ keys }) => keys).length);
  });

  it("reports an unknown key", () => {
    assert.equal(
      answerOf("--explain=log.levle"),
      "there is no key log.levle; --explain alone lists all of them\n",
    );
  });

  it("helps", () => {
    assert.match(answerOf("--help") ?? "", /--section\.key=value/);
  });
});
