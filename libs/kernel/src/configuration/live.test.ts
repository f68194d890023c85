import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { recordingLogger } from "../testing/recording-logger.ts";
import { VirtualTime } from "../testing/virtual-time.ts";
import { Configuration } from "./configuration.ts";
import { renderExplanation } from "./explanation.ts";
import { log, registry, sections, sourcesOf } from "./sections.fixture.ts";

/** Returns a configuration whose file can be written while it is in use. */
function open(yaml: string) {
  const files: Record<string, string> = { "/tutti.yaml": yaml };
  const environment: Record<string, string> = { TOKEN: "t", OTHER: "o" };
  const sources = sourcesOf({ files, environment });
  const watchers = new Set<() => void>();
  const watch = (_path: string, changed: () => void) => {
    watchers.add(changed);
    return () => watchers.delete(changed);
  };
  const configuration = Configuration.load({
    sections,
    sources: { ...sources, files: { ...sources.files, watch } },
  });
  const write = (text: string) => {
    files["/tutti.yaml"] = text;
    for (const changed of watchers) changed();
  };
  return { configuration, write, files, watchers };
}

const engines = (keys: string) => `engines: {registry: {${keys}}}`;

describe("a configuration that is read again", () => {
  it("applies live keys and notifies the listeners of their section", () => {
    const { configuration, write } = open(engines("leaseMs: 9000"));
    const notified: unknown[] = [];
    configuration.onChange(registry, (value, changed) => notified.push([value.leaseMs, changed]));
    configuration.onChange(log, () => notified.push("log"));
    write(engines("leaseMs: 8000"));
    const report = configuration.reload();
    assert.deepEqual(report, {
      applied: true,
      error: undefined,
      changed: ["registry.leaseMs"],
      afterRestart: [],
      faults: [],
    });
    assert.deepEqual(notified, [[8_000, ["registry.leaseMs"]]]);
    assert.equal(configuration.read(registry).leaseMs, 8_000);
  });

  it("notifies listeners only of changes in the scope that they read", () => {
    const { configuration, write } = open("engines: {log: {level: warn}}");
    const notified: string[] = [];
    configuration.onChange(log, ({ level }) => notified.push(`home ${level}`));
    configuration.onChange(log, ({ level }) => notified.push(`engines ${level}`), { scope: "engines" });
    const stop = configuration.onChange(log, () => notified.push("stopped"));
    stop();
    write("{foundation: {log: {level: debug}}, engines: {log: {level: warn}}}");
    configuration.reload();
    assert.deepEqual(notified, ["home debug"]);
    write("foundation: {log: {level: debug}}");
    configuration.reload();
    assert.deepEqual(notified, ["home debug", "engines debug"]);
  });

  it("keeps keys that are not live, reports them until they are reverted, and explains both values", () => {
    const { configuration, write } = open(engines("leaseMs: 9000, peers: [a]"));
    write(`# moved a line down\n${engines("leaseMs: 8000, peers: [a, b]")}`);
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(configuration.reload().afterRestart, ["registry.peers"]);
      const { leaseMs, peers } = configuration.read(registry);
      assert.deepEqual([leaseMs, peers], [8_000, ["a"]]);
    }
    const [peers] = configuration.explain("registry.peers");
    assert.deepEqual(
      [peers?.value, peers?.place, peers?.afterRestart?.place],
      [["a"], "tutti.yaml:1:44", "tutti.yaml:2:44"],
    );
    assert.ok(peers && renderExplanation(peers).endsWith("takes effect after a restart: tutti.yaml:2:44"));
    assert.equal(configuration.explain("registry.leaseMs")[0]?.place, "tutti.yaml:2:31");

    write(engines("leaseMs: 8000, peers: [a]"));
    assert.deepEqual(configuration.reload().afterRestart, []);
    assert.equal(configuration.explain("registry.peers")[0]?.afterRestart, undefined);
  });

  it("keeps all values if there are mistakes, and reports them", () => {
    const { configuration, write } = open(engines("leaseMs: 9000"));
    const before = configuration.read(registry);
    write(engines("leaseMs: 8000, peers: 5"));
    const { applied, error, changed } = configuration.reload();
    assert.deepEqual([applied, changed], [false, []]);
    assert.match(error?.message ?? "", /registry\.peers` at tutti\.yaml:1:44: expected a list/);
    assert.equal(configuration.read(registry), before);
    assert.equal(configuration.explain("registry.leaseMs")[0]?.value, 9_000);
  });

  it("keeps all values if a live change contradicts a value that needs a restart", () => {
    const { configuration, write } = open(engines("leaseMs: 9000, renewMs: 5000"));
    write(engines("leaseMs: 2000, renewMs: 1000"));
    const { applied, error } = configuration.reload();
    assert.equal(applied, false);
    assert.match(
      error?.message ?? "",
      /with the values that hold until a restart: `registry\.renewMs` at .*to last longer/,
    );
    assert.equal(configuration.read(registry).leaseMs, 9_000);
  });

  it("returns the same object while its section is unchanged", () => {
    const { configuration, write } = open(engines("leaseMs: 9000, token: env:TOKEN"));
    const before = configuration.read(registry);
    assert.equal(configuration.read(registry), before);
    write("foundation: {log: {level: warn}}\nengines: {registry: {leaseMs: 9000, token: env:TOKEN}}");
    assert.deepEqual(configuration.reload().changed, ["log.level"]);
    assert.equal(configuration.read(registry), before);
  });

  it("returns frozen values", () => {
    const { configuration } = open(engines("peers: [a], labels: {zone: b}"));
    const { peers, labels, store } = configuration.read(registry);
    for (const value of [configuration.read(registry), peers, labels, store])
      assert.ok(Object.isFrozen(value));
  });

  it("notifies the other listeners if a listener throws, and reports the error", () => {
    const { configuration, write } = open("");
    const notified: string[] = [];
    configuration.onChange(log, () => {
      throw new TypeError("broken listener");
    });
    configuration.onChange(log, () => notified.push("second"));
    write("foundation: {log: {level: warn}}");
    const { applied, faults } = configuration.reload();
    assert.equal(applied, true);
    assert.match(faults[0]?.message ?? "", /broken listener/);
    assert.deepEqual(notified, ["second"]);
  });

  it("reports a reference to another secret, and keeps the previous secret", () => {
    const { configuration, write } = open(engines("leaseMs: 9000, token: env:TOKEN"));
    write(engines("leaseMs: 9000, token: env:OTHER"));
    assert.deepEqual(configuration.reload().afterRestart, ["registry.token"]);
    assert.equal(configuration.read(registry).token?.revealSync(), "t");
  });
});

describe("a watched configuration file", () => {
  it("is read once after all events of a change", () => {
    const { configuration, write } = open("foundation: {log: {level: warn}}");
    const timers = new VirtualTime();
    const logger = recordingLogger();
    const levels: string[] = [];
    configuration.onChange(log, ({ level }) => levels.push(level));
    const stop = configuration.watch({ timers, logger });
    write("foundation: {log: {lev");
    write("foundation: {log: {level: debug}}");
    write("foundation: {log: {level: info}}");
    assert.deepEqual(levels, []);
    timers.advance(1_000);
    assert.deepEqual(levels, ["info"]);
    assert.deepEqual(
      logger.lines.map(({ level, message }) => [level, message]),
      [["info", "configuration changed"]],
    );
    stop();
  });

  it("is not read again for events that are about something else", () => {
    const { configuration, watchers } = open("foundation: {log: {level: warn}}");
    const timers = new VirtualTime();
    const logger = recordingLogger();
    configuration.watch({ timers, logger });
    for (const changed of watchers) changed();
    timers.advance(1_000);
    assert.deepEqual(logger.lines, []);
  });

  it("is reported once while it has the same mistakes, and applied once they are corrected", () => {
    const { configuration, write, watchers } = open("foundation: {log: {level: warn}}");
    const timers = new VirtualTime();
    const logger = recordingLogger();
    configuration.watch({ timers, logger });
    write("foundation: {log: {level: loud}}");
    timers.advance(1_000);
    for (const changed of watchers) changed();
    timers.advance(1_000);
    assert.deepEqual(
      logger.lines.map(({ level }) => level),
      ["error"],
    );
    assert.equal(configuration.read(log).level, "warn");
    write("foundation: {log: {level: info, pretty: true}}");
    timers.advance(1_000);
    assert.deepEqual(
      logger.lines.map(({ level }) => level),
      ["error", "info", "warn"],
    );
    assert.deepEqual(configuration.read(log), { level: "info", pretty: false });
  });

  it("may be created after the start, and removed again", () => {
    const { configuration, write, files, watchers } = open("");
    delete files["/tutti.yaml"];
    const timers = new VirtualTime();
    configuration.watch({ timers, logger: recordingLogger() });
    write("foundation: {log: {level: warn}}");
    timers.advance(1_000);
    assert.equal(configuration.read(log).level, "warn");
    delete files["/tutti.yaml"];
    for (const changed of watchers) changed();
    timers.advance(1_000);
    assert.equal(configuration.read(log).level, "info");
  });

  it("is not read after watching has stopped, even with a pending change", () => {
    const { configuration, write, watchers } = open("");
    const timers = new VirtualTime();
    const stop = configuration.watch({ timers, logger: recordingLogger() });
    write("foundation: {log: {level: warn}}");
    stop();
    assert.equal(watchers.size, 0);
    timers.advance(1_000);
    assert.equal(configuration.read(log).level, "info");
  });
});
