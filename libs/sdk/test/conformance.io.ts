/** The program accepts a worker that keeps the rules, and detects each worker that breaks one. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { AgentFrame } from "@tutti/contracts/agent/v1";
import { silentLogger } from "@tutti/kernel";
import {
  checkConformance,
  commandWorker,
  conformanceRules,
  handleConformance,
  type LaunchWorker,
  renderReport,
  renderSummary,
} from "../src/conformance/index.ts";
import { Worker } from "../src/index.ts";
import type { Transport } from "../src/link/transport.ts";
import { transportFor } from "../src/link/transports.ts";

type Change = (frame: AgentFrame) => AgentFrame | undefined;

/** Returns a launcher for a worker in this process, whose frames are changed in transit. */
function workerHere(change?: Change): LaunchWorker {
  return ({ TUTTI_ADDRESS: address, TUTTI_POOL: pool }) => {
    const worker = new Worker(
      { address, pool, slots: 4, handleSignals: false, drainMs: 1_000 },
      {
        logger: silentLogger,
        transport: async (settings) => changed(await transportFor(settings), change),
      },
    );
    handleConformance(worker);
    worker.start().catch(() => {});
    return {
      exited: worker.stopped.then(
        () => 0,
        () => 1,
      ),
      printed: "",
      terminate: () => {
        worker.stop().catch(() => {});
      },
      kill: () => {},
    };
  };
}

function changed(transport: Transport, change: Change = (frame) => frame): Transport {
  return {
    open(address, events) {
      const stream = transport.open(address, events);
      return {
        ...stream,
        write(bytes) {
          const frame = change(AgentFrame.decode(bytes));
          if (frame !== undefined) stream.write(AgentFrame.encode(frame).finish());
        },
      };
    },
    blobs: (address) => transport.blobs(address),
    close: () => transport.close(),
  };
}

const wrongs: readonly [title: string, rule: string, found: RegExp, change: Change][] = [
  [
    "says more than the greeting",
    "greeting",
    /credit/,
    (frame) => (frame.hello ? { ...frame, credit: 4 } : frame),
  ],
  [
    "leaves a number out",
    "numbering",
    /frame 3/,
    (frame) => ({ ...frame, sequence: frame.sequence > 1 ? frame.sequence + 1 : frame.sequence }),
  ],
  ["acknowledges nothing", "acknowledgement", /up to 0/, (frame) => ({ ...frame, acknowledged: 0 })],
  ["sends no heartbeats", "heartbeat", /\[\]/, (frame) => ({ ...frame, heartbeat: undefined })],
  [
    "answers twice",
    "batches",
    /\d/,
    (frame) => ({ ...frame, results: frame.results.flatMap((result) => [result, result]) }),
  ],
  ["grants too much", "credit", /\d/, (frame) => ({ ...frame, credit: frame.credit * 2 })],
  ["does not report its start", "started", /result/, (frame) => ({ ...frame, started: [] })],
  ["loses what is saved", "progress", /none|no JSON|bytes/, (frame) => ({ ...frame, progress: [] })],
  [
    "mixes up pieces",
    "stream",
    /1,2,3/,
    (frame) => ({
      ...frame,
      partialOutputs: frame.partialOutputs.map((piece) => ({ ...piece, index: piece.index + 1 })),
    }),
  ],
  [
    "changes tokens",
    "echo",
    /result of/,
    (frame) => ({
      ...frame,
      results: frame.results.map((result) => ({ ...result, token: new Uint8Array(16) })),
    }),
  ],
  [
    "does not resume",
    "resume",
    /nothing|null/,
    (frame) => ({ ...frame, hello: frame.hello && { ...frame.hello, resume: undefined } }),
  ],
  [
    "does not name what it has",
    "durable",
    /0 others/,
    (frame) => ({ ...frame, hello: frame.hello && { ...frame.hello, running: [] } }),
  ],
  ["does not say that it drains", "sigterm", /none/, (frame) => ({ ...frame, drain: undefined })],
  ["keeps what it has learned to itself", "offering", /none/, (frame) => ({ ...frame, offering: undefined })],
  ["rests without a word", "own-sleep", /none/, (frame) => ({ ...frame, sleep: undefined })],
  [
    "takes more while it rests",
    "own-sleep",
    /^1$/,
    (frame) => (frame.sleep === undefined ? frame : { ...frame, credit: 1 }),
  ],
  ["leaves without a goodbye", "drain", /without it|none/, (frame) => ({ ...frame, bye: undefined })],
];

// Most of the time is spent waiting for frames that must not arrive.
describe("the conformance program", { concurrency: 2 }, () => {
  it("finds that the worker of this library follows every rule", async () => {
    const reports = await checkConformance({ launch: workerHere(), patience: 12, concurrency: 6 });
    assert.equal(reports.length, conformanceRules.length);
    const broken = reports.filter(({ kept }) => !kept);
    assert.equal(
      renderSummary(reports),
      `all ${reports.length} rules are kept`,
      broken.map(renderReport).join("\n"),
    );
  });

  it("finds that it follows every rule over a WebSocket too", async () => {
    const reports = await checkConformance({
      launch: workerHere(),
      patience: 12,
      concurrency: 6,
      transport: "websocket",
    });
    const broken = reports.filter(({ kept }) => !kept);
    assert.deepEqual(broken.map(renderReport), []);
    // The rule about redirects does not apply.
    assert.equal(reports.length, conformanceRules.length - 1);
  });

  it("finds that an agent of a hundred lines without a library follows every rule with JSON", async () => {
    const program = fileURLToPath(new URL("programs/bare-agent-worker.mjs", import.meta.url));
    const reports = await checkConformance({
      launch: commandWorker([process.execPath, program]),
      patience: 12,
      concurrency: 6,
      transport: "websocket",
    });
    assert.deepEqual(reports.filter(({ kept }) => !kept).map(renderReport), []);
    assert.equal(reports.length, conformanceRules.length - 1);
  });

  for (const [title, rule, found, change] of wrongs) {
    it(`finds a worker that ${title}, by the rule ${rule}`, async () => {
      const [report] = await checkConformance({ launch: workerHere(change), only: [rule] });
      assert.equal(report?.kept, false);
      assert.match(report.found, found);
      assert.ok(report.remedy !== "");
    });
  }

  it("tests a program in any language, and shows its output", async () => {
    const program = fileURLToPath(new URL("programs/conformance-worker.ts", import.meta.url));
    const [report] = await checkConformance({
      launch: commandWorker([process.execPath, program]),
      only: ["echo"],
    });
    assert.equal(report?.kept, true, report && renderReport(report));
    const [broken] = await checkConformance({
      launch: commandWorker([process.execPath, "-e", "console.log('hello'); process.exit(3)"]),
      only: ["echo"],
    });
    assert.ok(broken);
    assert.match(renderReport(broken), /got +one that has ended with 3[\s\S]*\| hello/);
  });

  it("refuses a rule that it does not have", async () => {
    await assert.rejects(checkConformance({ launch: workerHere(), only: ["politeness"] }), /got politeness/);
  });
});
