import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { memorySources } from "@tutti/kernel";
import { hostSections } from "./configuration.ts";
import { answerTo } from "./questions.ts";

const ask = (...words: readonly string[]) =>
  answerTo({
    name: "platform",
    sections: hostSections,
    sources: memorySources({
      arguments: words,
      files: { "/tutti.yaml": "foundation:\n  log:\n    level: debug\n" },
    }),
  });

describe("answerTo", () => {
  it("says nothing to a process that is to run", () => {
    assert.equal(ask("--log.level=warn"), undefined);
  });

  it("tells of one key its value, source, file and line, and what it is about", () => {
    assert.equal(
      ask("--explain=log.level"),
      "log.level = 'debug', from file tutti.yaml:3:12, default 'info', live\n  The least level that is written.\n",
    );
  });

  it("takes the other flags into account", () => {
    assert.match(
      ask("--explain=log.level", "--log.level=warn") ?? "",
      /^log\.level = 'warn', from flag --log\.level/,
    );
  });

  it("lists every key, one line each", () => {
    const lines = (ask("--explain") ?? "").trimEnd().split("\n");
    assert.equal(lines.length, hostSections.flatMap(({ keys }) => keys).length);
  });

  it("says so when there is no such key", () => {
    assert.equal(
      ask("--explain=log.levle"),
      "there is no key log.levle; --explain alone lists all of them\n",
    );
  });

  it("helps", () => {
    assert.match(ask("--help") ?? "", /--section\.key=value/);
  });
});
