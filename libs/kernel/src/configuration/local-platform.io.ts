import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { defaultUrl, usualUrl } from "./local-platform.ts";

let folder = "";

before(() => {
  folder = mkdtempSync(join(tmpdir(), "local-platform-"));
  mkdirSync(join(folder, ".tutti"));
});
after(() => rmSync(folder, { recursive: true }));

describe("the default URL of clients", () => {
  const url = "http://127.0.0.1:7420";
  const cases: readonly (readonly [title: string, holder: string, expected: string])[] = [
    ["the platform that runs in the folder", JSON.stringify({ pid: process.pid, url }), url],
    ["port 7400 after a crash", JSON.stringify({ pid: 2 ** 30, url }), usualUrl],
    ["port 7400 until the platform is ready", JSON.stringify({ pid: process.pid }), usualUrl],
    [
      "port 7400 if the file names another machine",
      JSON.stringify({ pid: process.pid, url: "http://evil.example:7420" }),
      usualUrl,
    ],
    ["port 7400 if the process is not a number", JSON.stringify({ pid: "all", url }), usualUrl],
    ["port 7400 if the file is damaged", "{", usualUrl],
    ["port 7400 if the file is not an object", "null", usualUrl],
  ];
  for (const [title, holder, expected] of cases)
    it(`is ${title}`, () => {
      writeFileSync(join(folder, ".tutti", "lock.json"), holder);
      assert.equal(defaultUrl(folder), expected);
    });

  it("is port 7400 in a folder without a platform", () =>
    assert.equal(defaultUrl(join(folder, "nope")), usualUrl));
});
