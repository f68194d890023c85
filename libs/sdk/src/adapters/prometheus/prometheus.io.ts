/** Queries and alerts of a real Prometheus, which scrapes a page of this test. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import {
  type AdapterCall,
  adapterProblems,
  type PrometheusAlert,
  prometheusAdapter,
  prometheusSource,
  type SourceRunOptions,
} from "@tutti/sdk/adapters";
import { needsProgram } from "../../../../../tools/programs.mjs";
import { startPrometheus } from "../../../../../tools/prometheus.mjs";

const program = await needsProgram("prometheus");
const call: AdapterCall = {
  ...{ idempotencyKey: "run-1/ask", signal: new AbortController().signal },
  secret: async () => "",
};
/** A label that would end a literal if it were not escaped. */
const hostile = 'a"} or vector(1) #';

describe("a Prometheus", { skip: program.skip }, () => {
  let depth = 1;
  const page = createServer((_request, response) =>
    response.end(
      [
        `depth{queue="mail"} ${depth}`,
        'depth{queue="ma.l"} 3',
        `depth{queue=${JSON.stringify(hostile)}} NaN`,
        "",
      ].join("\n"),
    ),
  );
  let server: Awaited<ReturnType<typeof startPrometheus>>;
  const closing: (() => unknown)[] = [];

  before(async () => {
    await once(page.listen(0, "127.0.0.1"), "listening");
    const targets = [`127.0.0.1:${(page.address() as AddressInfo).port}`];
    server = await startPrometheus(
      program.path,
      {
        global: { scrape_interval: "1s", evaluation_interval: "100ms" },
        rule_files: ["rules.yml"],
        scrape_configs: [{ job_name: "shop", static_configs: [{ targets }] }],
      },
      {
        groups: [
          {
            name: "shop",
            rules: [
              {
                alert: "Waiting",
                expr: "depth > 10",
                labels: { team: "shop" },
                annotations: { summary: "{{ $value }}" },
              },
              { alert: "Quiet", expr: "depth == 3", for: "1h" },
            ],
          },
        ],
      },
    );
    const { ask } = openAdapter();
    await until("a scrape", async () => (await ask("query", { query: "depth" })).series.length === 3);
  });
  after(async () => {
    for (const close of closing) close();
    await server?.[Symbol.asyncDispose]();
    page.close();
    page.closeAllConnections();
  });

  const openAdapter = (more: Partial<Parameters<typeof prometheusAdapter>[0]> = {}) => {
    const adapter = prometheusAdapter({ name: "metrics", url: server.url, ...more });
    closing.push(() => adapter.close?.());
    const ask = (name: string, input: Record<string, unknown> = {}) =>
      adapter.operations[name]?.call(input, call) as Promise<{
        readonly value: unknown;
        readonly series: readonly { labels: Record<string, string>; points: readonly { value: unknown }[] }[];
      }>;
    return { adapter, ask };
  };

  it("answers queries as values that workflows can use", async () => {
    const { ask } = openAdapter();
    assert.equal((await ask("query", { query: "sum(depth == 3)" })).value, 3);
    assert.equal((await ask("query", { query: "2 * 4" })).value, 8);
    assert.equal((await ask("query", { query: "1 / 0" })).value, "+Inf");
    assert.equal((await ask("query", { query: "depth" })).value, null);
    const { series } = await ask("query-range", { query: 'depth{queue="ma.l"}', last: "10s", step: "1s" });
    assert.deepEqual(series[0]?.labels["queue"], "ma.l");
    assert.ok((series[0]?.points ?? []).every(({ value }) => value === 3));
    await assert.rejects(ask("query", { query: "sum(" }), {
      code: "adapter.refused",
      message: /parse error/,
    });
    const tooFine = { query: "depth", last: "1h", step: "1ms" };
    await assert.rejects(ask("query-range", tooFine), { code: "adapter.refused", message: /11,000/ });
    await assert.rejects(ask("query-range", { query: "depth" }), { code: "adapter.input_invalid" });
  });

  it("keeps input values within the literals of a query", async () => {
    const { adapter, ask } = openAdapter({
      operations: {
        one: { query: `sum(depth{queue="{queue}"}) # it's {no} member` },
        some: { query: "count(depth{queue=~'{queues}'})" },
        latest: { query: "depth{queue='{queue}'}", range: { last: "10s", step: "1s" } },
      },
    });
    await adapter.check(call);
    assert.equal((await ask("one", { queue: "ma.l" })).value, 3);
    assert.equal((await ask("one", { queue: hostile })).value, "NaN");
    assert.equal((await ask("some", { queues: "ma.l" })).value, 1);
    assert.equal((await ask("some", { queues: ["ma.l", "mail", hostile, "it's\\"] })).value, 3);
    assert.ok((await ask("latest", { queue: "ma.l" })).series[0]?.points.length);
    for (const queues of [[], {}, [["mail"]]])
      await assert.rejects(ask("some", { queues }), { code: "adapter.input_invalid" });
    await assert.rejects(ask("one", { queue: ["mail"] }), { code: "adapter.input_invalid" });
    assert.throws(
      () => openAdapter({ operations: { raw: { query: "depth{queue=`{queue}`}" } } }),
      /backticks/,
    );
    const wrong = openAdapter({ operations: { wrong: { query: "sum(" } } }).adapter;
    await assert.rejects(wrong.check(call), { code: "adapter.refused" });
  });

  it("starts one run for an alert until it is resolved, and another run when the alert fires again", async () => {
    const starts: [string, PrometheusAlert][] = [];
    const tutti = {
      run: async (_workflow: string, { id, input }: { id: string; input: PrometheusAlert }) =>
        void starts.push([id, input]),
    } as unknown as SourceRunOptions["tutti"];
    const started = () => {
      const stop = new AbortController();
      const source = prometheusSource({
        ...{ name: "pages", url: server.url, labels: { team: "shop" }, pollMs: 20 },
        start: (alert) => ({ workflow: "page", input: alert }),
      });
      const running = source.run({ tutti, signal: stop.signal });
      const end = async () => {
        stop.abort();
        await running;
      };
      return { source, end };
    };
    const first = started();
    const firing = async () =>
      (await first.source.operations["status"]?.call({}, call)) as { firing: number };
    const { ask } = openAdapter();
    const pending = (await ask("alerts", { state: "pending" })) as unknown as { alerts: PrometheusAlert[] };
    assert.deepEqual(
      pending.alerts.map(({ name, value }) => [name, value]),
      [["Quiet", 3]],
    );
    depth = 11;
    await until("the first run", () => starts.length === 1);
    depth = 1;
    await until("the alert is resolved", async () => (await firing()).firing === 0);
    assert.equal(starts.length, 1);
    depth = 12;
    await until("the second run", () => starts.length === 2);
    await first.end();
    const restarted = started();
    await until("the third start", () => starts.length === 3);
    await restarted.end();
    const [[, one] = [], [id, other] = [], [same] = []] = starts;
    assert.equal(same, id);
    assert.deepEqual(
      [one?.name, one?.annotations, one?.labels["queue"]],
      ["Waiting", { summary: "11" }, "mail"],
    );
    assert.equal(other?.value, 12);
  });

  it("follows the adapter rules, and rejects a server that is not Prometheus", async () => {
    const address = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
    await assert.rejects(openAdapter({ url: address }).adapter.check(call), {
      code: "adapter.answer_unreadable",
    });
    const operations = { depth: { query: "depth{queue='{queue}'}" } };
    const { adapter } = openAdapter({ operations });
    const usual = openAdapter().adapter;
    assert.deepEqual(
      await adapterProblems(usual, {
        samples: {
          query: { input: { query: "1" } },
          "query-range": { input: { query: "1", last: "1m" } },
          alerts: { input: {} },
        },
      }),
      [],
    );
    const disconnect = () => server[Symbol.asyncDispose]();
    assert.deepEqual(
      await adapterProblems(adapter, { samples: { depth: { input: { queue: "mail" } } }, disconnect }),
      [],
    );
  });
});
