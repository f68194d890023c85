/** Advice about the strategy of a pool: when a replay is worth a recommendation, and how its trial ends. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import {
  PoolReplay,
  QueryFactsReply,
  ReplayPoolReply,
  type ReplayPoolRequest,
  StrategyReplay,
} from "@tutti/contracts/insight/v1";
import { RecommendationStatus } from "@tutti/contracts/intelligence/v1";
import { GetPoolReply, ListPoolsReply, Pool, StrategyKind, UpdatePoolReply } from "@tutti/contracts/swarm/v1";
import { errorOf, isRefusal } from "@tutti/kernel";
import { MachineDriver } from "@tutti/kernel/testing";
import {
  advice,
  keepFound,
  recommended,
  registerTrial,
  startTrial,
  statusName,
} from "@tutti/machine-entities/advice";
import { strategyKinds, strategyNameOf, strategyTextOf } from "@tutti/matching";
import { runtimeErrors } from "@tutti/runtime/errors";
import { isTriedIn, Pools } from "./pools.ts";
import { adviceKeyOf, Trials, type TrialsParts } from "./trials.ts";

const key = adviceKeyOf("default");
const caller = { namespace: "default" };
const spanMs = 300_000;
/** Longer than a trial takes in these tests. */
const searchEveryMs = 1_000 * spanMs;
const usual = { tasks: 900, waitP99Ms: 400, timeMeanMs: 200, cost: 3 };

/** A pool whose task durations depend on the strategy, and its trial. */
class World {
  readonly driver = new MachineDriver({ machines: [advice], service: "master" });
  readonly set: string[] = [];
  /** The strategy of each span, by its number. */
  readonly spans: string[] = [];
  pool = Pool.fromPartial({ pool: "gpu", strategy: { kind: StrategyKind.STRATEGY_KIND_LEAST_LOADED } });
  requested: ReplayPoolRequest | undefined;
  reply = replied([{ strategy: "fastest", gain: 0.2 }]);
  readonly #timesMs: Readonly<Record<string, number>>;
  readonly #database = new DatabaseSync(":memory:");
  #recorded = 0;
  /** Number of queries for the results of spans. */
  reads = 0;
  readonly pools: Pools;
  readonly #trials: TestTrials;
  readonly startMs: number;

  constructor(timesMs: Readonly<Record<string, number>> = {}) {
    this.#timesMs = timesMs;
    this.startMs = this.driver.nowMs;
    this.#database.exec(
      "CREATE TABLE placements (pool_namespace, pool, is_copy, status, strategy, ended, ready_at, wait_ms, held_ms, money)",
    );
    this.pools = new Pools({
      pools: {
        getPool: async () => GetPoolReply.create({ pool: this.pool }),
        listPools: async () => ListPoolsReply.create({ pools: [this.pool] }),
        updatePool: async ({ pool }) => {
          this.pool = { ...this.pool, ...(pool?.strategy && { strategy: pool.strategy }) };
          this.set.push(strategyNameOf(pool));
          return UpdatePoolReply.create({ pool: this.pool });
        },
      },
      replays: {
        replayPool: async (request) => {
          this.requested = request;
          return this.reply;
        },
      },
      facts: {
        queryFacts: async ({ sql }) => {
          this.reads++;
          return this.#facts(sql);
        },
      },
      ...{ clock: { now: () => this.driver.nowMs }, isServed: () => true, spanMs },
    });
    this.#trials = new TestTrials(this.#parts());
  }

  /** Changes the strategy as a user. */
  change(kind: StrategyKind): void {
    this.pool = { ...this.pool, strategy: { kind, weights: {} } };
  }

  async start(): Promise<string> {
    const { baseHash, found } = await this.pools.findAbout(caller, "gpu", 0);
    const [{ recommendationId = "", document = "" } = {}] = found;
    this.#execute(keepFound, { subject: "pool:gpu", baseHash, found: [...found] });
    this.#execute(startTrial, { recommendationId, baseHash, percent: 50 });
    await this.pools.setStrategy(caller, "gpu", document, "");
    this.#execute(registerTrial, { recommendationId, hash: document });
    return recommendationId;
  }

  /** Lets the service search for advice by itself. */
  async search(): Promise<void> {
    this.driver.advance(searchEveryMs);
    await this.#trials.turn();
  }

  /** Lets a round of the service pass. */
  async turn(): Promise<void> {
    await this.#trials.turn();
    this.driver.advance(10_000);
  }

  /** Lets spans pass until the trial is decided. */
  async pass(spans: number): Promise<string> {
    for (let at = 0; at < spans && this.status === "trial"; at++) {
      await this.#trials.turn();
      this.spans.push(strategyTextOf(this.pool));
      this.driver.advance(spanMs);
    }
    await this.#trials.turn();
    return this.status;
  }

  get recommendation() {
    const all = this.driver.query(key, recommended, undefined);
    return isRefusal(all) ? undefined : all[0];
  }

  get status(): string {
    return statusName(this.recommendation?.status ?? RecommendationStatus.RECOMMENDATION_STATUS_UNSPECIFIED);
  }

  /** Executes the statement: tasks of the spans, and some that do not count. */
  #facts(sql: string): QueryFactsReply {
    const database = this.#database;
    const insert = database.prepare(
      "INSERT INTO placements VALUES ('default', 'gpu', ?, ?, ?, ?, ?, ?, ?, 0.1)",
    );
    const add = (atMs: number, strategy: string, heldMs: number, status = "completed", isCopy = 0) => {
      const ended = new Date(atMs + heldMs).toISOString().slice(0, 23).replace("T", " ");
      insert.run(isCopy, status, strategy, ended, atMs - 10, 10, heldMs - 10);
    };
    for (const [at, strategy] of this.spans.entries()) {
      if (at < this.#recorded) continue;
      const fromMs = this.startMs + at * spanMs;
      const heldMs = (this.#timesMs[strategy] ?? 0) + (at % 7);
      for (let task = 0; task < 10; task++) add(fromMs + task, strategy, heldMs);
      if (strategy === "cheapest") add(fromMs, strategy, 50, "failed");
      // Tasks of the other strategy at the start of a span, copies, and repeated tasks do not count.
      for (let task = 0; task < 6; task++)
        add(fromMs, strategy === "least_loaded" ? "fastest" : "least_loaded", 90_000);
      add(fromMs, strategy, 90_000, "completed", 1);
      add(fromMs, strategy, 90_000, "busy");
    }
    add(this.startMs - 1, "least_loaded", 90_000);
    this.#recorded = this.spans.length;
    const rows = database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row));
    const value = Buffer.from(JSON.stringify(rows));
    return QueryFactsReply.fromPartial({ rows: { body: { $case: "inline", value } } });
  }

  #execute(...[command, body]: [Parameters<MachineDriver["execute"]>[1], unknown]): void {
    const reply = this.driver.execute(key, command, body);
    assert.ok(!isRefusal(reply), JSON.stringify(reply));
  }

  #parts(): TrialsParts {
    const { driver } = this;
    const clock = { now: () => driver.nowMs, monotonic: () => driver.nowMs };
    // The casts: a round uses only these parts.
    return {
      ...{ adviceEveryMs: searchEveryMs, foundation: { clock }, pools: this.pools, uses: {} },
      workflows: { names: async () => [] },
      partitionOwner: { owns: () => true },
      archive: {
        search: async ({ kinds }: { readonly kinds: readonly string[] }) => ({
          entries: kinds
            .filter((kind) => kind !== key.kind || driver.keys.length > 0)
            .map((kind) => ({ key: { ...key, kind }, labels: { subject: "x" } })),
          cursor: "",
        }),
      },
      runtime: {
        ...{ service: "master", partitionOf: () => 0 },
        query: async (requested: { query: never; body: never }) => {
          if (driver.keys.length === 0) throw errorOf(runtimeErrors.unknownInstance.refusal(key));
          return driver.query(key, requested.query, requested.body);
        },
        execute: async (call: { command: never; body: never }) =>
          driver.execute(key, call.command, call.body),
      },
    } as unknown as TrialsParts;
  }
}

class TestTrials extends Trials {
  turn(): Promise<void> {
    return this.round();
  }
}

function replied(
  others: readonly (Partial<PoolReplay> & { strategy: string; gain: number; gainLow?: number })[],
): ReplayPoolReply {
  return ReplayPoolReply.fromPartial({
    ...{ check: { passed: true, error: 0.01 }, past: usual, scenario: usual },
    strategies: others.map(({ strategy, gain, gainLow = gain - 0.02, ...replay }) =>
      StrategyReplay.fromPartial({
        ...{ strategy, gain, gainLow, gainHigh: gain + 0.02 },
        replay: PoolReplay.fromPartial({ ...usual, timeMeanMs: 200 * (1 - gain), ...replay }),
      }),
    ),
  });
}

describe("advice about the strategy of a pool", () => {
  it("lists the results of all strategies for the last hour, and proposes the best harmless strategy", async () => {
    const world = new World();
    world.reply = replied([
      { strategy: "cheapest", gain: 0.4, cost: 5 },
      { strategy: "sticky", gain: 0.3, waitP99Ms: 900 },
      { strategy: "fastest", gain: 0.2 },
    ]);
    const { baseHash, runs, found } = await world.pools.findAbout(caller, "gpu", 0);
    const [first = assert.fail(), ...others] = found;
    assert.deepEqual([baseHash, runs, others], ["least_loaded", 900, []]);
    assert.deepEqual(
      [first.recommendationId, first.kind, first.subject, first.document, first.gain?.median],
      ["pool.gpu.strategy.fastest", "pool_strategy", "pool:gpu", "fastest", 0.2],
    );
    assert.deepEqual(first.changes, ['strategy: "least_loaded" → "fastest"']);
    assert.ok(
      first.reasons.includes(
        "All strategies, less time: `cheapest` 40.0 %, `sticky` 30.0 %, `fastest` 20.0 %.",
      ),
    );
    const { span, strategy } = world.requested ?? assert.fail();
    assert.deepEqual([strategy, Number(span?.to?.seconds) - Number(span?.from?.seconds)], ["all", 3_600]);
  });

  it("is searched for and stored in a namespace without earlier advice", async () => {
    const world = new World();
    await world.search();
    assert.deepEqual(
      [world.recommendation?.recommendationId, world.status],
      ["pool.gpu.strategy.fastest", "open"],
    );
    const nothing = new World();
    nothing.reply = replied([]);
    await nothing.search();
    assert.equal(nothing.recommendation, undefined);
  });

  const withoutAdvice: Readonly<Record<string, ReplayPoolReply>> = {
    "the replay does not come to the past": { ...replied([]), scenario: undefined },
    "fewer than 200 tasks were recorded": {
      ...replied([{ strategy: "fastest", gain: 0.5 }]),
      past: PoolReplay.fromPartial({ tasks: 199 }),
    },
    "the gain is below 3 %": replied([{ strategy: "fastest", gain: 0.029 }]),
    "a part of the hour would have been worse": replied([
      { strategy: "fastest", gain: 0.05, gainLow: -0.01 },
    ]),
    "more tasks would miss their goal": replied([{ strategy: "fastest", gain: 0.3, missed: 1 }]),
    "a task would not be served": replied([{ strategy: "fastest", gain: 0.3, unserved: 1 }]),
    "a tenant would starve": replied([
      {
        strategy: "fastest",
        gain: 0.3,
        tenants: [{ ...PoolReplay.fromPartial({ tenants: [{}] }).tenants[0], starved: true } as never],
      },
    ]),
  };
  for (const [reason, reply] of Object.entries(withoutAdvice))
    it(`is not given if ${reason}`, async () => {
      const world = new World();
      world.reply = reply;
      assert.deepEqual((await world.pools.findAbout(caller, "gpu", 0)).found, []);
    });

  it("alternates both strategies, and keeps the faster one", async () => {
    const world = new World({ least_loaded: 200, fastest: 150 });
    await world.start();
    assert.equal(strategyNameOf(world.pool), "fastest", "the strategy on trial has the first span");
    assert.equal(await world.pass(400), "applied");
    const { trial } = world.recommendation ?? assert.fail();
    assert.match(trial?.finding ?? "", /^Median time 2\d % less in 40 spans, and nothing got worse\.$/);
    assert.deepEqual([trial?.settled, strategyNameOf(world.pool)], [true, "fastest"]);
    assert.ok(world.spans.includes("least_loaded"));
  });

  it("reads the results once in each span, so that its rounds stay short", async () => {
    const world = new World({ least_loaded: 200, fastest: 150 });
    await world.start();
    for (let round = 0; round < (2 * spanMs) / 10_000; round++) await world.turn();
    assert.equal(world.reads, 2);
  });

  it("keeps new weights of an auction, or takes them back", async () => {
    for (const [heavyMs, end, weights] of [
      [150, "applied", { load: 2 }],
      [230, "taken back", { speed: 0 }],
    ] as const) {
      const before = "auction(speed=0)";
      const world = new World({ [before]: 200, "auction(load=2)": heavyMs });
      world.pool.strategy = { kind: StrategyKind.STRATEGY_KIND_AUCTION, weights: { speed: 0 } };
      world.reply = replied([{ strategy: "auction(load=2)", gain: 0.2 }]);
      assert.equal(await world.start(), "pool.gpu.strategy.auction-load-2");
      assert.deepEqual(world.recommendation?.changes, [`strategy: "${before}" → "auction(load=2)"`]);
      assert.equal(await world.pass(400), end);
      assert.deepEqual(world.pool.strategy?.weights, weights);
    }
  });

  for (const [harm, strategy, timesMs] of [
    ["slower", "fastest", { least_loaded: 200, fastest: 230 }],
    ["no faster", "fastest", { least_loaded: 200, fastest: 200 }],
    ["faster, and fails a tenth of the tasks", "cheapest", { least_loaded: 200, cheapest: 100 }],
  ] as const)
    it(`takes back a strategy that is ${harm}`, async () => {
      const world = new World(timesMs);
      world.reply = replied([{ strategy, gain: 0.3 }]);
      await world.start();
      assert.equal(await world.pass(400), "taken back");
      assert.deepEqual(
        [world.recommendation?.trial?.settled, strategyNameOf(world.pool)],
        [true, "least_loaded"],
      );
    });

  it("ends if a user changes the strategy, and keeps the user's choice", async () => {
    for (const kind of [StrategyKind.STRATEGY_KIND_STICKY, StrategyKind.STRATEGY_KIND_LEAST_LOADED]) {
      const world = new World({ least_loaded: 200, fastest: 150 });
      await world.start();
      await world.pass(1);
      while (strategyNameOf(world.pool) !== "fastest") await world.pass(1);
      world.change(kind);
      assert.equal(await world.pass(1), "expired");
      assert.equal(strategyKinds[strategyNameOf(world.pool)], kind);
    }
  });

  it("assigns each strategy one of two spans, in random order", () => {
    const spans = Array.from({ length: 400 }, (_, span) => isTriedIn("one", span));
    for (let pair = 0; pair < 200; pair++) assert.notEqual(spans[2 * pair], spans[2 * pair + 1]);
    const first = Array.from({ length: 200 }, (_, pair) => spans[2 * pair]).filter(Boolean).length;
    assert.ok(first > 70 && first < 130, `${first}`);
  });
});
