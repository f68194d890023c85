import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("./programs/host.ts", import.meta.url));
const flags = ["--operations.port=0", "--mesh.transport=in-process", "--log.format=json", "--log.level=warn"];

/** Runs the program and acts on each word that it prints. Returns its output and its exit. */
async function run(behaviour: string, act: (line: string, child: ChildProcess) => void = () => {}) {
  const child = spawn(process.execPath, [program, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: tmpdir(),
    env: { PATH: process.env["PATH"], BEHAVIOUR: behaviour },
  });
  const ended = once(child, "exit");
  const complaint = text(child.stderr);
  const words: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    words.push(line);
    act(line, child);
  }
  const [code] = await ended;
  return { code, words, complaint: await complaint };
}

const messagesIn = (words: readonly string[]): readonly string[] =>
  words.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line).msg);

describe("runHost in a real process", { concurrency: true }, () => {
  it("does not load NATS, gRPC or OpenTelemetry if the configuration does not need them", async () => {
    const { code, words, complaint } = await run("loads");
    const loaded = words.find((line) => line.startsWith("loaded "))?.split(" ") ?? [];
    assert.ok(loaded.includes("zod") && loaded.includes("pino"), loaded.join());
    assert.deepEqual(
      loaded.filter((name) => /^@nats-io|^@grpc|^@opentelemetry|^pino-pretty/.test(name)),
      [],
    );
    assert.deepEqual({ code, complaint, last: words.at(-1) }, { code: 0, complaint: "", last: "stopped" });
  });

  it("exits with 2 and one line if a service cannot be created, even if others hold resources", async () => {
    const { code, words, complaint } = await run("breaks");
    assert.deepEqual({ code, words }, { code: 2, words: [] });
    assert.match(complaint, /^test: Service second could not be created: Error: no paper at .*\n$/);
  });

  it("stops gracefully and ends with 1 when the callback for readiness fails", async () => {
    const { code, words } = await run("forgets");
    assert.equal(code, 1);
    assert.deepEqual(messagesIn(words), ["uncaught error, exiting"]);
    assert.equal(words.at(-1), "stopped");
  });

  it("stops on a signal during the start", async () => {
    const { code, words, complaint } = await run("waits", (line, child) => {
      if (line === "starting") child.kill("SIGTERM");
    });
    assert.deepEqual({ code, words, complaint }, { code: 0, words: ["starting"], complaint: "" });
  });
});
