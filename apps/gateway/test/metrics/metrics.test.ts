import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Aggregation, Metric, MetricKind, MetricSource, SeriesQuery } from "@tutti/contracts/insight/v1";
import { AllProcesses, metricHandlers, servedMetricService } from "@tutti/host";
import { defineErrors, errorFromUnknown, toProblem, toTimestamp } from "@tutti/kernel";
import { recordingLogger, VirtualTime } from "@tutti/kernel/testing";
import { type Handlers, Mesh } from "@tutti/mesh";
import { MetricsRegistry, SampleRing } from "@tutti/telemetry";
import { type FastifyInstance, fastify } from "fastify";
import { metricsPlugin } from "../../src/metrics/metrics-plugin.ts";

const second = 1_000;
const requests = "tutti_requests_total";
const load = "tutti_load_ratio";
const duration = "tutti_request_seconds";

describe("metrics", () => {
  let time: VirtualTime;
  let mesh: Mesh;
  let app: FastifyInstance;
  const client = () => mesh.client(servedMetricService, { service: "gateway" });

  /** Two minutes of a counter on two routes, a gauge that rises each second, and a histogram. */
  before(async () => {
    time = new VirtualTime();
    const logger = recordingLogger();
    const registry = new MetricsRegistry({ logger });
    const ring = new SampleRing({ registry, clock: time, timers: time, logger });
    const counter = registry.counter({ name: requests, help: "Requests.", labels: ["route", "status"] });
    const gauge = registry.gauge({ name: load, help: "Load." }).with({});
    const histogram = registry.histogram({ name: duration, help: "Time.", buckets: [1, 2, 4] }).with({});
    const [a, b] = ["a", "b"].map((route) => counter.with({ route, status: "ok" }));
    ring.start();
    for (let elapsed = 1; elapsed <= 120; elapsed++) {
      a?.add(3);
      b?.add(1);
      gauge.set(elapsed);
      histogram.observe(elapsed <= 60 ? 0.5 : 3);
      time.advance(second);
    }
    ring.stop();
    mesh = new Mesh({ settings: { transport: "in-process" } });
    mesh.serve(
      servedMetricService,
      metricHandlers({ registry, ring, clock: time, services: () => ["gateway"] }),
      { service: "gateway" },
    );
    await mesh.start();
    app = fastify();
    app.setErrorHandler((error, _request, reply) => {
      const problem = toProblem(errorFromUnknown(error));
      return reply.code(problem.status).send(problem);
    });
    const atFirst = [{ id: "", service: "gateway", address: "" }];
    const processes = new AllProcesses({ clientOf: client, instances: async () => [], atFirst });
    const plugin = metricsPlugin({
      processes,
      insight: () => undefined,
      optionsOf: () => ({}),
      now: () => time.now(),
    });
    app.register(plugin, { prefix: "/v1" });
    await app.ready();
  });
  after(async () => {
    await app?.close();
    await mesh?.stop();
  });

  const querySeries = async (query: Partial<SeriesQuery>, { seconds = 60, stepMs = 10_000 } = {}) => {
    const toMs = time.now();
    const span = { from: toTimestamp(toMs - seconds * second), to: toTimestamp(toMs) };
    const queries = [SeriesQuery.fromPartial(query)];
    return (await client().querySeries({ namespace: "", queries, span, stepMs })).series;
  };

  describe("over the mesh", () => {
    it("are listed with their units and labels", async () => {
      const { metrics, page } = await client().listMetrics({
        namespace: "",
        prefix: "tutti_re",
        page: undefined,
      });
      assert.deepEqual(
        metrics.map(({ name, unit, labelNames }) => [name, unit, labelNames]),
        [
          [duration, "seconds", []],
          [requests, "", ["route", "status"]],
        ],
      );
      assert.equal(page?.total, 2);
    });

    it("are listed in pages", async () => {
      const first = await client().listMetrics({ namespace: "", prefix: "", page: { size: 2, token: "" } });
      const token = first.page?.nextToken ?? assert.fail();
      const rest = await client().listMetrics({ namespace: "", prefix: "", page: { size: 100, token } });
      const names = [...first.metrics, ...rest.metrics].map(({ name }) => name);
      assert.deepEqual(names, [...new Set(names)].sort());
      assert.ok(names.includes(load));
    });

    it("have a counter's rate per series, in steps that lie on their multiples", async () => {
      const series = await querySeries({ queryId: "mine", metric: requests });
      assert.deepEqual(
        series.map(({ labels, queryId }) => [labels["route"], queryId]),
        [
          ["a", "mine"],
          ["b", "mine"],
        ],
      );
      assert.equal(series[0]?.stepMs, 10_000);
      assert.equal(Number(series[0]?.startTime?.seconds) % 10, 0);
      assert.deepEqual(new Set(series[0]?.values), new Set([3]));
    });

    it("have a counter's increase in each step", async () => {
      const [series] = await querySeries({ metric: requests, overTime: Aggregation.AGGREGATION_INCREASE });
      assert.deepEqual(series?.values, [30, 30, 30, 30, 30, 30]);
    });

    it("have a gauge's mean, greatest, least and last value in each step", async () => {
      const of = async (overTime: Aggregation) =>
        (await querySeries({ metric: load, overTime }))[0]?.values[2] ?? 0;
      const greatest = await of(Aggregation.AGGREGATION_MAX);
      assert.equal(await of(Aggregation.AGGREGATION_LAST), greatest);
      assert.equal(await of(Aggregation.AGGREGATION_MIN), greatest - 9);
      assert.equal(await of(Aggregation.AGGREGATION_MEAN), greatest - 4.5);
    });

    it("have a histogram's quantiles", async () => {
      const overTime = Aggregation.AGGREGATION_QUANTILE;
      const [series] = await querySeries({ metric: duration, overTime, quantile: 0.99 }, { seconds: 110 });
      const values = series?.values ?? [];
      assert.ok((values[1] ?? 0) <= 1 && (values.at(-2) ?? 0) > 2, String(values));
    });

    it("are merged into one series, or into one for each value of a label", async () => {
      const overSeries = Aggregation.AGGREGATION_SUM;
      const [joined, ...others] = await querySeries({ metric: requests, overSeries });
      assert.deepEqual([joined?.labels, joined?.values[2], others], [{}, 4, []]);
      const separate = await querySeries({ metric: requests, overSeries, groupBy: ["route"] });
      assert.deepEqual(
        separate.map(({ labels, values }) => [labels, values[2]]),
        [
          [{ route: "a" }, 3],
          [{ route: "b" }, 1],
        ],
      );
    });

    it("are filtered by labels", async () => {
      const labels = { equals: { route: "b" }, exists: ["status"], absent: ["zone"], oneOf: {}, noneOf: {} };
      const series = await querySeries({ metric: requests, labels: { ...labels } as never });
      assert.deepEqual(
        series.map((entry) => entry.labels["route"]),
        ["b"],
      );
    });

    const refused: readonly [string, Partial<SeriesQuery>, RegExp][] = [
      [
        "a metric that is not there",
        { metric: "tutti_requests_totl" },
        /did you mean tutti_requests_total\?/,
      ],
      ["a quantile of a counter", { metric: requests, overTime: 9, quantile: 0.5 }, /the quantile 0.5/],
      ["a quantile that is not kept", { metric: duration, overTime: 9, quantile: 0.9 }, /0.5 or 0.99/],
      [
        "a rate of a gauge",
        { metric: load, overTime: 7 },
        /Metric tutti_load_ratio cannot answer this: expected .* of a gauge, got rate/,
      ],
      ["the last of several series", { metric: requests, overSeries: 5 }, /over series, got last/],
      ["labels that stay apart of nothing joined", { metric: requests, groupBy: ["route"] }, /stay apart/],
    ];
    for (const [scenario, query, message] of refused) {
      it(`refuse ${scenario}`, () => assert.rejects(querySeries(query), { message }));
    }

    it("refuse an answer that is too large", async () => {
      const from = toTimestamp(0);
      const queries = [SeriesQuery.fromPartial({ metric: load })];
      await assert.rejects(
        client().querySeries({ namespace: "", queries, span: { from, to: undefined }, stepMs: 1 }),
        /maximum of 1000000 values/,
      );
    });
  });

  describe("over REST", () => {
    const get = async (path: string) => {
      const answer = await app.inject({ url: `/v1${path}` });
      return { status: answer.statusCode, body: answer.json() };
    };

    it("are listed", async () => {
      const { body } = await get("/metrics");
      const found = body.metrics.find(({ name }: { name: string }) => name === requests);
      assert.deepEqual(found, {
        name: requests,
        type: "counter",
        help: "Requests.",
        labels: ["route", "status"],
      });
    });

    it("are points for a picture, a series for each figure", async () => {
      const { body } = await get(`/metrics/series?name=${requests}&name=${load}&name=${duration}&points=60`);
      assert.deepEqual(
        body.series.map(({ name, figure }: { name: string; figure: string }) => [name, figure]),
        [
          [requests, "rate"],
          [requests, "rate"],
          [load, "value"],
          [duration, "rate"],
          [duration, "p50"],
          [duration, "p99"],
        ],
      );
      const { points } = body.series[0];
      assert.ok(points.length >= 12 && points.length <= 13, `${points.length} points of ten seconds`);
      assert.ok(points.every(({ value }: { value: number }) => value === 3));
    });

    it("are merged into one series by parameters", async () => {
      const { body } = await get(`/metrics/series?name=${requests}&over=sum&label=status%3Dok&points=10`);
      assert.deepEqual([body.series.length, body.series[0].points.at(-1).value], [1, 4]);
    });

    it("of quantiles are merged into one series by their greatest value", async () => {
      const { body } = await get(`/metrics/series?name=${duration}&over=sum&points=10`);
      const [, , p99] = body.series;
      assert.ok(
        p99.points.every(({ value }: { value: number }) => value <= 4),
        JSON.stringify(p99),
      );
    });

    it("reach back as far as samples are stored, also for longer requests", async () => {
      const { body } = await get(`/metrics/series?name=${load}&fromMs=0`);
      assert.equal(body.series[0].name, load);
    });

    it("are empty without a requested metric", async () => {
      assert.deepEqual((await get("/metrics/series")).body.series, []);
    });

    const refused: readonly [string, string, number, RegExp][] = [
      ["an unknown metric", "name=tutti_nothing", 404, /Metric tutti_nothing not found/],
      ["a time that is none", `name=${load}&fromMs=yesterday`, 400, /^`fromMs`: .*got yesterday/],
      ["a time that no date has", `name=${load}&toMs=1e300`, 400, /^`toMs`: .*got 1e300/],
      ["a strange way to join", `name=${load}&over=median`, 400, /as the parameter over, got median/],
      ["a label without a value", `name=${load}&label=route`, 400, /^`label`: /],
    ];
    for (const [scenario, query, status, message] of refused) {
      it(`refuse ${scenario}`, async () => {
        const { status: found, body } = await get(`/metrics/series?${query}`);
        assert.equal(found, status);
        assert.match(body.detail, message);
      });
    }
  });
});

const unavailable = defineErrors("test", {
  away: { status: "UNAVAILABLE", retry: "never", help: "", message: () => "away", remedy: "" },
});

describe("metrics of several processes", () => {
  const time = new VirtualTime();
  const logger = recordingLogger();
  const meshes = new Map<string, Mesh>();
  const instances: { id: string; service: string; address: string }[] = [];
  let app: FastifyInstance;
  let isRegistryDown = false;

  /** The services that the registry lists for a process. */
  const servicesOf = (service: string) =>
    ({ gateway: ["insight", "gateway"], blob: ["insight", "blob"] })[service] ?? [service];
  /** An instance with the name of insight. It serves the series of all processes. */
  const insightAlone = { id: "insight-alone", service: "insight", address: "blob:7501" };

  /** Starts a process. Its requests grow by a number per second on each route, and its load is constant. */
  const open = async (service: string, perSecond: readonly number[], ratio: number): Promise<void> => {
    const registry = new MetricsRegistry({ logger });
    const ring = new SampleRing({ registry, clock: time, timers: time, logger });
    const counter = registry.counter({ name: requests, help: "Requests.", labels: ["route"] });
    const gauge = registry.gauge({ name: load, help: "Load.", labels: ["route"] });
    if (service === "workflow") registry.gauge({ name: "tutti_own_runs", help: "Runs." }).with({}).set(7);
    time.every(second, () => {
      for (const [route, count] of perSecond.entries()) {
        counter.with({ route: `${route}` }).add(count);
        gauge.with({ route: `${route}` }).set(ratio);
      }
    });
    ring.start();
    const mesh = new Mesh({ settings: { transport: "in-process" } });
    mesh.serve(
      servedMetricService,
      metricHandlers({ registry, ring, clock: time, services: () => servicesOf(service) }),
      { service },
    );
    await mesh.start();
    meshes.set(service, mesh);
    const [instance] = mesh.instances;
    instances.push({ id: instance?.id ?? "", service, address: `${service}:7501` });
  };

  before(async () => {
    await open("gateway", [3], 0.2);
    await open("workflow", [1, 1], 0.8);
    await open("blob", [], 0);
    instances.push(insightAlone, { id: "gone", service: "swarm", address: "swarm:7501" });
    time.advance(120 * second);
    const clientOf = (service: string) =>
      (
        meshes.get(service) ??
        new Mesh({ settings: { transport: "in-process", timeouts: { discoveryMs: 1 } } })
      ).client(servedMetricService, { service });
    app = fastify();
    const processes = new AllProcesses({
      clientOf,
      instances: async () => {
        if (isRegistryDown) throw unavailable.away();
        return instances;
      },
    });
    app.register(
      metricsPlugin({ processes, insight: () => undefined, optionsOf: () => ({}), now: () => time.now() }),
      {
        prefix: "/v1",
      },
    );
    await app.ready();
  });
  after(async () => {
    await app?.close();
    for (const mesh of meshes.values()) await mesh?.stop();
  });

  const get = async (path: string) => {
    const answer = await app.inject({ url: `/v1/metrics${path}` });
    assert.equal(answer.statusCode, 200, answer.body);
    return answer.json();
  };
  const last = async (query: string) =>
    (await get(`/series?${query}&points=10`)).series.map(({ labels, points }: SeriesBody) => [
      labels["process"] ?? labels["route"] ?? "",
      points.at(-2)?.value,
    ]);

  it("are listed once each, and a process that does not answer is named", async () => {
    const { metrics, processes } = await get("");
    const names: string[] = metrics.map(({ name }: { name: string }) => name);
    assert.deepEqual(
      names.filter((name) => !name.startsWith("tutti_telemetry_")),
      [load, "tutti_own_runs", requests],
    );
    assert.deepEqual(
      processes.map(({ name, problem = "" }: { name: string; problem?: string }) => [name, problem !== ""]),
      [
        ["gateway+insight gateway:7501", false],
        ["workflow workflow:7501", false],
        ["insight blob:7501", false],
        ["swarm swarm:7501", true],
      ],
    );
  });

  it("are those of the last known processes while the registry is unavailable", async () => {
    const { processes } = await get("");
    isRegistryDown = true;
    assert.deepEqual((await get("")).processes, processes);
    isRegistryDown = false;
  });

  it("include their process if they are not merged", async () => {
    assert.deepEqual(await last(`name=${requests}&label=route%3D0`), [
      ["gateway+insight gateway:7501", 3],
      ["workflow workflow:7501", 1],
    ]);
    assert.deepEqual(await last("name=tutti_own_runs"), [["workflow workflow:7501", 7]]);
  });

  it("are merged across processes, and a mean covers all series", async () => {
    assert.deepEqual(await last(`name=${requests}&over=sum`), [["", 5]]);
    assert.deepEqual(await last(`name=${requests}&over=max`), [["", 3]]);
    assert.deepEqual(await last(`name=${requests}&over=count`), [["", 3]]);
    const [[, mean]] = await last(`name=${load}&over=mean`);
    assert.ok(Math.abs(mean - 0.6) < 1e-6, `${mean}`);
    assert.deepEqual(await last(`name=${requests}&over=sum&by=process`), [
      ["gateway+insight gateway:7501", 3],
      ["workflow workflow:7501", 2],
    ]);
    assert.deepEqual(await last(`name=${requests}&over=sum&by=route`), [
      ["0", 4],
      ["1", 1],
    ]);
    assert.deepEqual(await last(`name=${requests}&over=sum&label=process%3Dworkflow workflow:7501`), [
      ["", 2],
    ]);
  });
});

describe("metrics over REST with insight", () => {
  const name = "orders_total";
  const questions: string[] = [];
  let answers = true;
  const store = { source: MetricSource.METRIC_SOURCE_STORE, problem: "" };
  let read: { readonly source: MetricSource; readonly problem: string } = store;
  let mesh: Mesh;
  let app: FastifyInstance;

  const time = new VirtualTime();

  before(async () => {
    mesh = new Mesh({ settings: { transport: "in-process" } });
    const handlers: Handlers<typeof servedMetricService> = {
      listMetrics: ({ namespace }) => {
        questions.push(namespace);
        if (!answers) throw unavailable.away();
        const metrics = [Metric.fromPartial({ name, kind: MetricKind.METRIC_KIND_COUNTER })];
        return { metrics, page: undefined, services: [], ...read };
      },
      querySeries: ({ queries, span, stepMs }) => {
        const startTime = span?.from;
        return {
          series: [{ queryId: queries[0]?.queryId ?? "", labels: {}, startTime, stepMs, values: [1] }],
          ...read,
        };
      },
    };
    mesh.serve(servedMetricService, handlers, { service: "insight" });
    await mesh.start();
    app = fastify();
    const client = mesh.client(servedMetricService, { service: "insight" });
    const parts = { insight: () => client, optionsOf: () => ({}), now: () => time.now() };
    app.register(metricsPlugin({ ...parts, processes: { list: async () => [] } }), { prefix: "/v1" });
    await app.ready();
    time.advance(100 * 86_400 * second);
  });
  after(async () => {
    await app?.close();
    await mesh?.stop();
  });
  const get = async (path: string) => (await app.inject({ url: `/v1/metrics${path}` })).json();

  it("are those of the installation, or of a namespace", async () => {
    const { source, problem, metrics } = await get("");
    assert.deepEqual([source, problem, metrics[0]?.name], ["insight", undefined, name]);
    await get("?namespace=shop");
    assert.deepEqual(questions, ["system", "shop"]);
  });

  it("reach back 90 days and no further", async () => {
    const { source, series } = await get(`/series?name=${name}&fromMs=0&points=90`);
    assert.deepEqual([source, series[0]?.stepMs], ["insight", 86_400 * second]);
    assert.equal(series[0]?.points[0]?.timeMs, time.now() - 90 * 86_400 * second);
  });

  it("come from the memory of processes, by the second, if they are requested live", async () => {
    assert.deepEqual(await get("?live=true"), { source: "processes", metrics: [], processes: [] });
  });

  it("come from Prometheus if insight reads it, and the answer explains why insight does not", async () => {
    read = { source: MetricSource.METRIC_SOURCE_PROMETHEUS, problem: "" };
    assert.equal((await get("")).source, "prometheus");
    const { source, problem } = await get(`/series?name=${name}`);
    assert.deepEqual([source, problem], ["prometheus", undefined]);
    read = { ...store, problem: "Prometheus does not answer: no route" };
    const without = await get(`/series?name=${name}`);
    assert.deepEqual([without.source, without.problem], ["insight", read.problem]);
    read = store;
  });

  it("come from the memory of processes if insight does not answer, and the answer reports it", async () => {
    answers = false;
    const { source, problem } = await get("");
    assert.equal(source, "processes");
    assert.match(problem, /^insight does not answer: /);
  });
});

interface SeriesBody {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly { readonly value: number }[];
}
