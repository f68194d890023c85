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
async function run(behaviour: string, act: (word: string, child: ChildProcess) => void = () => {}) {
  const child = spawn(process.execPath, [program, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: tmpdir(),
    env: { PATH: process.env["PATH"], BEHAVIOUR: behaviour },
  });
  const ended = once(child, "exit");
  const complaint = text(child.stderr);
  const words: string[] = [];
  for await (const word of createInterface({ input: child.stdout })) {
    words.push(word);
    act(word, child);
  }
  const [code] = await ended;
  return { code, words, complaint: await complaint };
}

const messagesIn = (words: readonly string[]): readonly string[] =>
  words.filter((word) => word.startsWith("{")).map((line) => JSON.parse(line).msg);

describe("runHost in a real process", { concurrency: true }, () => {
  it("loads neither NATS nor gRPC nor OpenTelemetry where the configuration needs none of them", async () => {
    const { code, words, complaint } = await run("loads");
    const loaded = words.find((word) => word.startsWith("loaded "))?.split(" ") ?? [];
    assert.ok(loaded.includes("zod") && loaded.includes("pino"), loaded.join());
    assert.deepEqual(
      loaded.filter((name) => /^@nats-io|^@grpc|^@opentelemetry|^pino-pretty/.test(name)),
      [],
    );
    assert.deepEqual({ code, complaint, last: words.at(-1) }, { code: 0, complaint: "", last: "stopped" });
  });

  it("ends with 2 and one line when a service cannot be made, also if others hold on to resources", async () => {
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

  it("stops when told to while it still starts", async () => {
    const { code, words, complaint } = await run("waits", (word, child) => {
      if (word === "starting") child.kill("SIGTERM");
    });
    assert.deepEqual({ code, words, complaint }, { code: 0, words: ["starting"], complaint: "" });
  });
});
