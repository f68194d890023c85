import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { defaultUrl, startCommandOf, usualUrl } from "./local-platform.ts";

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
    ["that of the platform after a crash", JSON.stringify({ pid: 2 ** 30, url }), url],
    ["that of the platform after a stop", JSON.stringify({ url, isLeaving: true }), url],
    ["port 7400 until the platform is ready", JSON.stringify({ pid: process.pid }), usualUrl],
    [
      "port 7400 if the file names another machine",
      JSON.stringify({ pid: process.pid, url: "http://evil.example:7420" }),
      usualUrl,
    ],
    ["that of the platform if its process is not a number", JSON.stringify({ pid: "all", url }), url],
    ["port 7400 if the file is damaged", "{", usualUrl],
    ["port 7400 if the file is not an object", "null", usualUrl],
  ];
  for (const [title, holder, expected] of cases)
    it(`is ${title}`, () => {
      writeFileSync(join(folder, ".tutti", "lock.json"), holder);
      assert.equal(defaultUrl(folder), expected);
    });

  it("is the cluster of the folder, unless a platform of one process runs there", () => {
    const gateways = "http://127.0.0.1:7450,http://127.0.0.1:7460";
    const cluster = JSON.stringify({ pid: process.pid, url: gateways });
    mkdirSync(join(folder, ".tutti", "cluster"), { recursive: true });
    writeFileSync(join(folder, ".tutti", "cluster", "cluster.json"), cluster);
    for (const [holder, expected] of [
      [JSON.stringify({ pid: process.pid, url }), url],
      [JSON.stringify({ pid: 2 ** 30, url }), gateways],
    ] as const) {
      writeFileSync(join(folder, ".tutti", "lock.json"), holder);
      assert.equal(defaultUrl(folder), expected);
    }
    rmSync(join(folder, ".tutti", "cluster"), { recursive: true });
  });

  it("is that of the nearest folder above with a platform", () => {
    const below = join(folder, "project", "src");
    mkdirSync(below, { recursive: true });
    writeFileSync(join(folder, ".tutti", "lock.json"), JSON.stringify({ pid: process.pid, url }));
    assert.equal(defaultUrl(below), url);
  });

  it("is port 7400 if no folder above has a platform", () => {
    rmSync(join(folder, ".tutti", "lock.json"));
    assert.equal(defaultUrl(folder), usualUrl);
  });
});

describe("the command that starts the platform of a folder", () => {
  it("is `dev`, and `cluster up` if only a cluster has its data there", () => {
    const home = join(folder, "project");
    assert.equal(startCommandOf(home), "dev");
    mkdirSync(join(home, ".tutti", "cluster"), { recursive: true });
    writeFileSync(join(home, ".tutti", "cluster", "cluster.json"), "{}");
    assert.equal(startCommandOf(home), "cluster up");
    writeFileSync(join(home, ".tutti", "lock.json"), "{}");
    assert.equal(startCommandOf(home), "dev");
  });
});
