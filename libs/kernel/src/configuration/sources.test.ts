import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Configuration } from "./configuration.ts";
import { log, sections } from "./sections.fixture.ts";
import { systemSources } from "./sources.ts";

describe("the sources of this process", () => {
  let directory = "";
  const system = systemSources();

  before(() => {
    directory = mkdtempSync(join(tmpdir(), "tutti-configuration-"));
  });
  after(() => rmSync(directory, { recursive: true }));

  it("are its directory, its arguments and its environment", () => {
    assert.equal(system.directory, process.cwd());
    assert.deepEqual(system.arguments, process.argv.slice(2));
    assert.equal(system.environment, process.env);
  });

  it("read a file, return undefined for a missing file, and throw for an unreadable file", async () => {
    const path = join(directory, "present.yaml");
    writeFileSync(path, "text");
    const { files } = system;
    assert.deepEqual([files.read(path), await files.readLater(path)], ["text", "text"]);
    for (const absent of [join(directory, "absent"), join(path, "below-a-file")]) {
      assert.deepEqual([files.read(absent), await files.readLater(absent)], [undefined, undefined]);
    }
    assert.throws(() => files.read(directory), /EISDIR/);
    await assert.rejects(files.readLater(directory), /EISDIR/);
  });

  it("report a file that is created after watching started", async () => {
    const path = join(directory, "later.yaml");
    const changed = Promise.withResolvers<void>();
    const stop = system.files.watch(path, changed.resolve);
    writeFileSync(path, "text");
    await changed.promise;
    stop();
  });

  it("load the file found in the directory, with its name in every place", () => {
    writeFileSync(join(directory, "tutti.yaml"), "foundation:\n  log:\n    level: warn\n");
    const sources = { ...system, directory, arguments: [], environment: {} };
    const configuration = Configuration.load({ sections, sources });
    assert.equal(configuration.read(log).level, "warn");
    assert.equal(configuration.explain("log.level")[0]?.place, "tutti.yaml:3:12");
  });

  it("report that the configured file is a directory", () => {
    const sources = { ...system, directory, arguments: ["--config=."], environment: {} };
    assert.throws(() => Configuration.load({ sections, sources }), /cannot be read: EISDIR/);
  });
});
