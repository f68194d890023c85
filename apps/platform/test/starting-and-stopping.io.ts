import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { after, before, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { until } from "@tutti/kernel/testing";
import { note, noteService } from "@tutti/mesh/testing";
import { failureOf, OutsideClient } from "./support/outside-client.ts";
import type { LogLine, TestProcess } from "./support/process.ts";
import { type Folder, launch, makeFolder, ready, start } from "./support/services.ts";

const isTrouble = ({ level }: LogLine) => !["debug", "info"].includes(level);

/** Returns the complaint of a failed start: one log line with the reason, then the same reason as the last output. */
async function complaintOf(process: TestProcess): Promise<string> {
  const { code } = await process.waitForExit();
  assert.equal(code, 1);
  const [line, ...others] = process.lines.filter(isTrouble);
  assert.deepEqual(others, []);
  assert.equal(line?.level, "error");
  const [firstLine = "", ...more] = process.errorOutput.trimEnd().split("\n");
  assert.deepEqual(more, []);
  return firstLine;
}

describe("a start that cannot succeed", () => {
  let folder: Folder;
  let busyServer: Server;
  let port: number;
  let attempts: Record<"http" | "grpc" | "unprotected" | "mistaken", TestProcess>;

  before(async () => {
    folder = await makeFolder();
    busyServer = createServer();
    await new Promise<void>((resolve) => busyServer.listen(0, "127.0.0.1", resolve));
    const address = busyServer.address();
    port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const attempt = (flags: readonly string[], environment = {}) =>
      launch("platform", flags, { directory: folder.path, environment });
    attempts = {
      http: attempt([`--operations.port=${port}`]),
      grpc: attempt([`--mesh.listen=127.0.0.1:${port}`, "--platform.dataDirectory=./one"]),
      unprotected: attempt(["--mesh.listen=0.0.0.0:0", "--platform.dataDirectory=./other"]),
      mistaken: attempt(["--mesh.lisen=127.0.0.1:1", "--log.level=loud", "--mesh.timeouts.callMs=soon"], {
        TUTTI_OPERATIONS_PROT: "1",
      }),
    };
  });

  after(async () => {
    await Promise.all(Object.values(attempts).map((each) => each[Symbol.asyncDispose]()));
    busyServer.close();
    await folder?.[Symbol.asyncDispose]();
  });

  it("because the HTTP port is in use reports the port and the setting in one line", async () => {
    assert.equal(
      await complaintOf(attempts.http),
      `platform did not start: Port ${port} of 127.0.0.1 is in use. ` +
        "Stop the process that listens there, or set `operations.port` to another port.",
    );
  });

  it("because the gRPC port is in use reports the port and the setting in one line", async () => {
    assert.equal(
      await complaintOf(attempts.grpc),
      `platform did not start: Port ${port} on 127.0.0.1 is in use. ` +
        "Stop the process that listens there, or set `mesh.listen` to another address.",
    );
  });

  it("because of an unprotected public address reports the settings to change", async () => {
    assert.match(
      await complaintOf(attempts.unprotected),
      /`mesh\.listen` is 0\.0\.0\.0:0, not a loopback address.* Set `mesh\.tls\.mode` to `mutual`, or `mesh\.allow/,
    );
  });

  it("because of its configuration reports every mistake with its place and a suggestion", async () => {
    const { code } = await attempts.mistaken.waitForExit();

    assert.equal(code, 2);
    assert.deepEqual(attempts.mistaken.lines, []);
    assert.deepEqual(attempts.mistaken.errorOutput.trimEnd().split("\n").slice(1).sort(), [
      "  - `log.level` at --log.level: expected one of `trace`, `debug`, `info`, `warn`, `error`, `fatal`, got `loud`",
      "  - `mesh.timeouts.callMs` at --mesh.timeouts.callMs: expected an integer of at least 1, got `soon`",
      "  - unknown key among the flags: --mesh.lisen. Did you mean `--mesh.listen`?",
      "  - unknown key in the environment: TUTTI_OPERATIONS_PROT. Did you mean `TUTTI_OPERATIONS_PORT`?",
    ]);
  });
});

describe("the data directory", () => {
  it("is locked by its process, and after a kill another process starts and stops without complaint", async () => {
    await using folder = await makeFolder();
    const inFolder = { directory: folder.path };
    await using first = await start("platform", [], inFolder);

    await using second = launch("platform", [], inFolder);
    const { code } = await second.waitForExit();
    await first.kill();
    await using third = await start("platform", [], inFolder);

    // The message is the only output, without a log line before it.
    assert.deepEqual([code, second.lines], [2, []]);
    assert.match(
      second.errorOutput,
      new RegExp(
        `^platform: Tutti already runs at http:\\S+: process ${first.pid} uses the data directory ${folder.path}/\\.tutti since ` +
          `\\d{4}-.*\\. Commands in its folder use it\\. To stop it, run kill ${first.pid}\\. Or set platform\\.dataDirectory to another directory\\.\n$`,
      ),
    );
    await third.line("following the registry");
    assert.deepEqual(await third.stop(), { code: 0, signal: null });
    assert.deepEqual(third.lines.filter(isTrouble), []);
    assert.match(
      third.errorOutput,
      new RegExp(
        `^tutti: The process ${first.pid}, started .*, did not shut down\\. .*\ntutti: ready at .*\n$`,
      ),
    );
  });
});

describe("SIGTERM", { concurrency: 2 }, () => {
  it("finishes running work, refuses new work, and ends without errors", async () => {
    await using registry = await start("registry");
    const peers = `--mesh.peers=${JSON.stringify({ registry: [registry.grpc] })}`;
    await using notes = await start("notes", [peers, "--notes.delayMs=1000"]);
    await notes.line("following the registry");
    using outsider = new OutsideClient(notes.grpc);
    const running = outsider.call(noteService.methods.get, note({ text: "last" }));
    await notes.line("note asked for");

    notes.signal("SIGTERM");
    // The service leaves the registry first, so that no caller still chooses it.
    await until("a call to be refused", async () => {
      using late = new OutsideClient(notes.grpc);
      return late.call(noteService.methods.put, note()).then(
        () => false,
        ({ code }) => code === status.UNAVAILABLE,
      );
    });

    assert.equal((await running).text, "last");
    assert.deepEqual(await notes.waitForExit(), { code: 0, signal: null });
    assert.deepEqual(notes.lines.filter(isTrouble), []);
    assert.deepEqual(await registry.stop(), { code: 0, signal: null });
    assert.deepEqual(registry.lines.filter(isTrouble), []);
  });

  it("ends at once on a second request, even with running work", async () => {
    await using notes = await ready(launch("notes"));
    using outsider = new OutsideClient(notes.grpc);
    const interrupted = failureOf(outsider.call(noteService.methods.get, note({ text: "forever" })));
    await notes.line("note asked for");

    notes.signal("SIGTERM");
    await notes.line(({ msg, to }) => msg.startsWith("state changed: ") && to === "draining");
    notes.signal("SIGTERM");

    assert.deepEqual(await notes.waitForExit(), { code: 143, signal: null });
    assert.equal((await interrupted).code, status.UNAVAILABLE);
    assert.equal(notes.lines.at(-1)?.msg, "second stop signal received, exiting immediately");
  });
});
