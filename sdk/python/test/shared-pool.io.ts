/** A worker in Python and one in TypeScript in the pool of a real swarm process. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { dispatchService, type OfferReply, OfferRequest } from "@tutti/contracts/swarm/v1";
import type { ServiceHost } from "@tutti/host";
import { RestartableHost } from "@tutti/host/testing";
import { Notifier, silentLogger } from "@tutti/kernel";
import { gate } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import { swarm } from "@tutti/swarm";
import { environment, python } from "./python.fixture.ts";

/** Returns its name as the output. A number on standard input releases that many waiting tasks. */
const program = `
import sys, threading
from tutti import Worker
worker = Worker(agent_id="python", slots=4)
doors = threading.Semaphore(0)

@worker.handle("test.who")
def who(given, context):
    print("begun", flush=True)
    doors.acquire()
    return {"by": "python", "number": given["number"], "key": context.idempotency_key}

def open_doors():
    for line in sys.stdin:
        doors.release(int(line))

threading.Thread(target=open_doors, daemon=True).start()
worker.run()
`;

const numbers = Array.from({ length: 60 }, (_, index) => index + 1);

/** The owner of the tasks: a stream of offers, and their results. */
class Sender {
  readonly replies: OfferReply[] = [];
  readonly #requests: OfferRequest[] = [];
  readonly #requested = new Notifier();
  readonly #received = new Notifier();
  #isOpen = true;

  constructor(host: ServiceHost) {
    const replies = host.mesh.client(dispatchService).offer(this.#outgoing());
    const read = async () => {
      for await (const reply of replies) {
        this.replies.push(reply);
        this.#received.notify();
      }
    };
    // The stream breaks when the host stops.
    read().catch(() => {});
    this.send({ hello: { version: 1, instanceId: "inst_sender", service: "workflow" } });
  }

  get results() {
    return this.replies.flatMap(({ results }) => results);
  }

  async resultsReach(count: number): Promise<void> {
    while (this.results.length < count) await this.#received.notified();
  }

  send(request: Parameters<typeof OfferRequest.fromPartial>[0]): void {
    this.#requests.push(OfferRequest.fromPartial(request));
    this.#requested.notify();
  }

  close(): void {
    this.#isOpen = false;
    this.#requested.notify();
  }

  async *#outgoing(): AsyncGenerator<OfferRequest> {
    while (this.#isOpen) {
      const request = this.#requests.shift();
      if (request === undefined) await this.#requested.notified();
      else yield request;
    }
  }
}

function tokenOf(number: number): Uint8Array {
  const token = new Uint8Array(16);
  new DataView(token.buffer).setUint32(0, number);
  return token;
}

describe("a worker in Python and one in TypeScript", { skip: python.skip }, () => {
  it("share the tasks of one pool: each task is done once, and both workers shut down gracefully", async () => {
    await using kept = await RestartableHost.open({ name: "swarm", services: [swarm], transport: "grpc" });
    const { host } = kept;
    const address = host.mesh.address;
    const doors = gate();
    const started = { python: 0, typescript: 0 };
    const bell = new Notifier();
    const start = (language: keyof typeof started, count: number) => {
      started[language] += count;
      bell.notify();
    };
    const child = spawn(python.path, ["-c", program], {
      env: { ...process.env, ...environment, TUTTI_ADDRESS: address },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const exited = once(child, "exit");
    let complaints = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      complaints += chunk;
    });
    child.stdout
      .setEncoding("utf8")
      .on("data", (chunk: string) => start("python", chunk.match(/begun/g)?.length ?? 0));
    const worker = new Worker(
      { address, agentId: "typescript", slots: 4, handleSignals: false },
      { logger: silentLogger },
    );
    worker.handle<{ readonly number: number }>("test.who", async ({ number }, { idempotencyKey }) => {
      start("typescript", 1);
      await doors.pass();
      return { by: "typescript", number, key: idempotencyKey };
    });
    const sender = new Sender(host);
    try {
      await worker.start();
      sender.send({
        profiles: [{ number: 1, pool: 1, capability: "test.who", workKind: "run" }],
        offers: numbers.map((number) => ({
          ...{ token: tokenOf(number), profile: 1, attempt: 1, workId: `run-${number}`, taskId: "who" },
          input: { $case: "inlineInput" as const, value: Buffer.from(JSON.stringify({ number })) },
        })),
      });
      // No task ends before each of them has all its slots full.
      while (started.python < 4 || started.typescript < 4) {
        assert.equal(child.exitCode, null, complaints);
        await bell.notified();
      }
      doors.open();
      child.stdin.write(`${numbers.length}\n`);
      await sender.resultsReach(numbers.length);
      const outputs = sender.results.map(({ outcome }) => {
        assert.equal(outcome?.$case, "inlineOutput", JSON.stringify(outcome));
        return JSON.parse(Buffer.from(outcome.value).toString());
      });
      assert.deepEqual(
        outputs.map(({ number }) => number).toSorted((one, other) => one - other),
        numbers,
      );
      for (const { number, key } of outputs) assert.equal(key, `run-${number}/who`);
      const by = Object.groupBy(outputs, (output) => output.by);
      assert.equal(by["python"]?.length, started.python);
      assert.equal(by["typescript"]?.length, started.typescript);
      sender.send({ resultsDurable: numbers.length });
      child.kill("SIGTERM");
      await worker.stop();
      assert.deepEqual(await exited, [0, null], complaints);
    } finally {
      child.kill("SIGKILL");
      sender.close();
      await host.stop();
    }
  });
});
