import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { recordingLogger } from "@tutti/kernel/testing";
import { TaskFailure, Worker } from "@tutti/sdk";
import { type OtlpReceiver, otlpReceiver, type ReceivedSpan } from "@tutti/telemetry/testing";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const outermost = "00f067aa0ba902b7";
const traces = {
  run: "4bf92f3577b34da6a3ce929d0e0e4736",
  session: "5bf92f3577b34da6a3ce929d0e0e4737",
  story: "6bf92f3577b34da6a3ce929d0e0e4738",
};

const order = `workflow: order
tasks:
  reserve: {uses: stock.reserve, retry: {attempts: 3, backoff: 1ms}}
  ship: {needs: [reserve], workflow: parcel}
`;
const parcel = `workflow: parcel
tasks:
  box: {forEach: "\${{ [1, 2] }}", uses: ship.box}
`;

interface TimelineSpan {
  readonly task?: string;
  readonly kind: string;
  readonly spanId: string;
}

describe("the trace of work", () => {
  let folder: Folder;
  let collector: OtlpReceiver;
  let platform: Service;
  let worker: Worker;

  const request = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${platform.http}${path}`, init);
    assert.ok(answer.ok, await answer.clone().text());
    return answer.json();
  };
  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    request(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const partOf = (traceId: string) => ({ traceparent: `00-${traceId}-${outermost}-01` });
  const timelineAt = async (path: string): Promise<{ traceId?: string; spans: readonly TimelineSpan[] }> =>
    (await request(path)) as { traceId?: string; spans: readonly TimelineSpan[] };
  const timelineOf = (runId: string) => timelineAt(`/v1/runs/${runId}/timeline`);
  const spansIn = (traceId: string) => collector.spans.filter((span) => span.traceId === traceId);
  /** Waits until the collector has spans with these names. */
  async function collected(traceId: string, ...names: readonly string[]): Promise<void> {
    for (const spanName of names)
      while (!spansIn(traceId).some(({ name }) => name === spanName)) await collector.nextRequest();
  }

  before(async () => {
    [folder, collector] = await Promise.all([makeFolder(), otlpReceiver()]);
    platform = await start("platform", [
      `--platform.dataDirectory=${folder.path}/data`,
      `--tracing.otlpEndpoint=${collector.endpoint}`,
    ]);
    worker = new Worker(
      { address: platform.grpc, server: platform.http, agentId: "worker", handleSignals: false },
      { logger: recordingLogger() },
    );
    worker.handle("stock.reserve", async (_input, context) => {
      const { attempt, workId } = context;
      if (attempt === 1) throw new Error("the shelf is jammed");
      // Waits until the start is recorded, because a quicker task does not appear in the history.
      while (!(await timelineOf(workId)).spans.some(({ kind }) => kind === "attempt"));
      await context.askModel({ provider: "openai", model: "gpt-5" }, async (answered) => {
        answered({ model: "gpt-5-2026", inputTokens: 90, outputTokens: 10, finishReasons: ["stop"] });
      });
      return {};
    });
    worker.handle("ship.box", () => ({}));
    worker.handle("ship.break", () => {
      throw new TaskFailure("ship.broken", "the crate fell", { final: true });
    });
    await worker.start();
    for (const text of [parcel, order]) await post("/v1/workflows", { text });
  });
  after(async () => {
    await worker?.stop();
    await platform?.stop();
    await collector?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  it("covers request to attempts of agents, with the causes of waits, and is the trace in the dashboard", async () => {
    await post("/v1/runs", { runId: "order-1", definition: "order" }, partOf(traces.run));
    await collected(traces.run, "POST /v1/runs", "run order", "run parcel");
    const spans = spansIn(traces.run);
    assert.equal(
      drawTree(spans),
      await readFile(new URL("golden/trace-of-a-run.txt", import.meta.url), "utf8"),
    );

    const timeline = await timelineOf("order-1");
    assert.equal(timeline.traceId, traces.run);
    const exported = new Set(spans.map(({ spanId }) => spanId));
    for (const { spanId, task } of timeline.spans) assert.ok(exported.has(spanId), `${task} of the page`);
  });

  it("has a line in the log for each of accepted, started, assigned, retried, failed and ended, by its id", async () => {
    const text = `workflow: story
tasks:
  reserve: {uses: stock.reserve, retry: {attempts: 3, backoff: 1ms}}
  break: {needs: [reserve], uses: ship.break}
`;
    await post("/v1/workflows", { text });
    await post("/v1/runs", { runId: "story", definition: "story" }, partOf(traces.story));
    await platform.line(({ msg, ...line }) => line["run"] === "story" && msg.endsWith("failed"));
    const lines = platform.lines.filter(
      ({ traceId, msg }) => traceId === traces.story && /changed/.test(msg),
    );
    const fields = lines.map(({ service, msg, ...line }) =>
      [service, msg, line["task"], line["attempt"], line["code"]].filter(Boolean).join(" "),
    );
    assert.deepEqual(fields, [
      "workflow run state changed: accepted",
      "workflow run state changed: started",
      "swarm task state changed: assigned reserve 1",
      "workflow task state changed: retried reserve 1 Error",
      "swarm task state changed: assigned reserve 2",
      "swarm task state changed: assigned break 1",
      "workflow run state changed: failed break ship.broken",
    ]);
    const ended = await platform.line(
      ({ msg, ...line }) => line["run"] === "order-1" && msg.endsWith("completed"),
    );
    assert.equal(ended["traceId"], traces.run);
  });

  it("includes the session of a run", async () => {
    const tasks = [{ id: "box", capability: "ship.box", input: {} }];
    const body = { sessionId: "trip", mode: "workflow", tasks: { tasks } };
    await post("/v1/sessions", body, partOf(traces.session));
    await collected(traces.session, "POST /v1/sessions", "run", "session");
    const spans = spansIn(traces.session);
    assert.equal(
      drawTree(spans),
      await readFile(new URL("golden/trace-of-a-session.txt", import.meta.url), "utf8"),
    );

    const timeline = await timelineAt("/v1/sessions/trip/timeline?childDepth=1");
    assert.equal(timeline.traceId, traces.session);
    const exported = new Set(spans.map(({ spanId }) => spanId));
    for (const { spanId, task } of timeline.spans) assert.ok(exported.has(spanId), `${task} of the page`);
    assert.deepEqual(timeline.spans.map(({ task = "", kind }) => `${task} ${kind}`).sort(), [
      ...[" whole", "p1 part", "p1 whole", "p1/box queue"],
    ]);
  });
});

/** Draws spans and the spans below them, without ids and times. */
function drawTree(spans: readonly ReceivedSpan[]): string {
  const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
  const below = (parentId: string): string[] =>
    spans
      .filter(({ parentSpanId }) => parentSpanId === parentId)
      .map((span) => [lineOf(span, names), ...below(span.spanId)])
      .sort(([one = ""], [other = ""]) => (one < other ? -1 : 1))
      .flatMap((lines) => lines.map((line) => `  ${line}`));
  const lines = below(outermost).map((line) => line.slice(2));
  assert.equal(lines.length, spans.length, "each span is below another of the trace");
  return `${lines.join("\n")}\n`;
}

/** Attributes that repeat the name of a call. */
const inNames: ReadonlySet<string> = new Set(["rpc.system", "rpc.service", "rpc.method"]);

function lineOf(
  { kind, name, attributes, links, status }: ReceivedSpan,
  names: ReadonlyMap<string, string>,
): string {
  const texts = Object.entries(attributes)
    .filter(([key]) => !inNames.has(key))
    .map(([key, value]) => `${key}=${key.endsWith("_ms") ? "…" : value}`);
  const linked = links.map((id) => `→ ${names.get(id)}`);
  return [kind, name, ...texts, ...(status === "error" ? ["failed"] : []), ...linked].join(" ");
}
