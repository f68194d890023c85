/** Sessions that compete for one GPU on a whole installation: enforced and explained shares, quotas and reservations. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  AddDependencyRequest,
  AddTasksRequest,
  CreateReservationRequest,
  ExecuteSessionRequest,
  Mode,
  RemoveDependencyRequest,
  resourceService,
  SetQuotaRequest,
  sessionService,
} from "@tutti/contracts/session/v1";
import { type Explanation, WaitCause, WorkStatus } from "@tutti/contracts/types/v1";
import { isTuttiError, toTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import type { Client } from "@tutti/mesh";
import type { Worker } from "@tutti/sdk";
import { Installation } from "./installation.ts";

type SpecInput = NonNullable<NonNullable<Parameters<typeof ExecuteSessionRequest.fromPartial>[0]>["spec"]>;

const { MODE_WORKFLOW: workflow, MODE_SWARM: swarm, MODE_INTELLIGENCE: intelligence } = Mode;

interface SessionOptions {
  readonly count: number;
  readonly needs: Record<string, number>;
  readonly uses?: string;
  /** Required labels of the agents. */
  readonly agents?: Record<string, string>;
}

describe("sessions that contend for one resource", () => {
  let installation: Installation;
  let sessions: Client<typeof sessionService>;
  let resources: Client<typeof resourceService>;
  let worker: Worker;
  /** Ids of started tasks, in order. Each task continues on command. */
  let started: string[] = [];
  const waiting: (() => void)[] = [];
  let isOpen = true;

  before(async () => {
    installation = await Installation.open();
    const { mesh } = installation.host;
    sessions = mesh.client(sessionService, { service: "master" });
    resources = mesh.client(resourceService, { service: "master" });
    worker = installation.worker({ agentId: "anna", slots: 4, resources: { gpu: 1, licence: 4 } });
    worker.handle("model.train", work);
    worker.handle("image.render", work);
    await worker.start();
  });
  after(async () => {
    open();
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  async function work(name: string): Promise<string> {
    started.push(name);
    if (!isOpen) await new Promise<void>((done) => waiting.push(done));
    return name;
  }

  function shut(): void {
    started = [];
    isOpen = false;
  }

  function open(): void {
    isOpen = true;
    for (const proceed of waiting.splice(0)) proceed();
  }

  /** Lets the task that has waited longest continue. */
  async function step(): Promise<void> {
    const count = started.length;
    await until("a task that waits to continue", () => waiting.length > 0);
    waiting.shift()?.();
    await until("the next one to start", () => started.length > count);
  }

  async function execute(
    sessionId: string,
    mode: Mode,
    { count, needs, uses = "model.train", agents = {} }: SessionOptions,
    spec: SpecInput = {},
  ): Promise<void> {
    const tasks = Array.from({ length: count }, (_, at) => ({
      id: `t${at}`,
      work: { $case: "capability" as const, value: uses },
      resources: needs,
      placement: { require: { equals: agents } },
      input: {
        body: { $case: "inline" as const, value: Buffer.from(JSON.stringify(`${sessionId}/${at}`)) },
      },
    }));
    const work = { $case: "tasks" as const, value: { tasks } };
    await sessions.executeSession(
      ExecuteSessionRequest.fromPartial({ sessionId, spec: { ...spec, mode, work } }),
    );
  }

  async function end(sessionId: string): Promise<void> {
    const { session } = await sessions.awaitSession({ namespace: "", sessionId, waitMs: 30_000 });
    assert.equal(session?.status, WorkStatus.WORK_STATUS_COMPLETED);
  }

  /** Returns the reasons of the pool for a waiting task. */
  async function waitsOf(sessionId: string, taskId: string): Promise<Explanation["waits"]> {
    const { explanation } = await sessions.explainSession({ namespace: "", sessionId, taskId });
    const all = (explanation: Explanation | undefined): Explanation["waits"] =>
      explanation === undefined ? [] : [...explanation.waits, ...explanation.parts.flatMap(all)];
    return all(explanation);
  }

  it("take turns by weight, in every mode and for every kind of task", async () => {
    shut();
    await execute("holder", workflow, { count: 1, needs: { gpu: 1 } });
    await until("the first to start", () => started.length === 1);
    await execute("heavy", workflow, { count: 60, needs: { gpu: 1 } }, { weight: 3 });
    await execute("light", swarm, { count: 60, needs: { gpu: 1 }, uses: "image.render" });
    await until("two sessions in the pool", async () => {
      const { allocations } = await resources.listAllocations({
        namespace: "",
        name: "gpu",
        pool: "",
        page: undefined,
      });
      return allocations.filter(({ wanted }) => wanted["gpu"] === 60).length === 2;
    });
    const { allocation, explanation } = await resources.explainAllocation({
      namespace: "",
      sessionId: "heavy",
    });
    assert.deepEqual([allocation?.weight, allocation?.wanted["gpu"]], [3, 60]);
    assert.match(
      explanation?.summary ?? "",
      /it has the weight 3: .*takes turns with 2 others: .*light with the weight 1/,
    );
    for (let count = 0; count < 60; count++) await step();
    const heavy = started.slice(1).filter((name) => name.startsWith("heavy/")).length;
    assert.ok(
      Math.abs(heavy - 45) <= 2,
      `three of four of 60 are of the session with the weight 3, found ${heavy}`,
    );
    open();
    for (const id of ["holder", "heavy", "light"]) await end(id);
  });

  it("use no more than their quota at once, together, and name the user of it", async () => {
    shut();
    const quota = { quotaId: "licences", limits: { licence: 2 }, sessions: { equals: { team: "blue" } } };
    await resources.setQuota(SetQuotaRequest.fromPartial({ quota }));
    const blue = { labels: { team: "blue" } };
    // A pool polls every few seconds if there was no quota, and every second if there is one.
    await until("the pool to know of the quota", async () => {
      const { quotas } = await resources.listQuotas({ namespace: "", page: undefined });
      return quotas[0]?.used["licence"] === 0;
    });
    await execute("one", workflow, { count: 2, needs: { licence: 1 } }, blue);
    await execute("two", swarm, { count: 2, needs: { licence: 1 } }, blue);
    await execute("red", workflow, { count: 1, needs: { licence: 1 } });
    await until("three to begin", () => started.length === 3);
    let waits: Explanation["waits"] = [];
    await until("one that waits for the quota", async () => {
      waits = [...(await waitsOf("one", "t1")), ...(await waitsOf("two", "t1"))];
      return waits.some(({ cause }) => cause === WaitCause.WAIT_CAUSE_QUOTA);
    });
    const [wait] = waits.filter(({ cause }) => cause === WaitCause.WAIT_CAUSE_QUOTA);
    assert.match(
      wait?.message ?? "",
      /^the quota licences of the namespace default allows 2 licence at once. In this pool 2 are in use, by (one|two) /,
    );
    assert.equal(started.length, 3, `two of blue and the red one, found ${started.join(", ")}`);
    await until("what is used of the quota", async () => {
      const { quota: current } = await resources.getQuota({ namespace: "", quotaId: "licences" });
      return current?.used["licence"] === 2;
    });
    await assert.rejects(
      execute("much", workflow, { count: 1, needs: { licence: 3 } }, blue),
      (error) =>
        isTuttiError(error) &&
        error.code === "resource.beyond_quota" &&
        /^Task `t0` requests 3 licence/.test(error.message),
    );
    open();
    for (const id of ["one", "two", "red"]) await end(id);
    await resources.deleteQuota({ namespace: "", quotaId: "licences", reason: "" });
  });

  /** Returns the reasons. A planner that knows the durations may hold the third task until there is room for it. */
  const whys = (sessionId: string): readonly string[] => [
    ...["t0 t1", "t1 t0", "t0 t2", "t2 t0", "t1 t2", "t2 t1"].map((pair) => {
      const holders = pair.split(" ").map((task) => `\`${sessionId}..p1..0 ${task}\``);
      const full = `the limit session/${sessionId} allows 2 licence at once. 2 are in use, and the task requests 1`;
      return `${full}. Held by ${holders.join(", ")}`;
    }),
    ...(sessionId === `modest-${intelligence}` ? ["the plan gives it to anna, later"] : []),
  ];

  it("use no more of a named resource than their own limits allow, in every mode, and show the limit", async () => {
    for (const mode of [workflow, swarm, intelligence]) {
      const sessionId = `modest-${mode}`;
      shut();
      await execute(sessionId, mode, { count: 3, needs: { licence: 1 } }, { limits: { licence: 2 } });
      let waits: Explanation["waits"] = [];
      await until(`one that waits for the limit of ${sessionId}`, async () => {
        // A plan may start another task last than the last one in the list.
        waits = (await Promise.all(["t0", "t1", "t2"].map((task) => waitsOf(sessionId, task)))).flat();
        return waits.some(({ present, message }) => present && whys(sessionId).includes(message));
      });
      assert.equal(started.length, 2, `two have started, found ${started.join(", ")}`);
      const { explanation } = await resources.explainAllocation({ namespace: "", sessionId });
      assert.match(explanation?.summary ?? "", /its own limits allow 2 licence, of which it has 2/);
      const adding = {
        id: "t3",
        work: { $case: "capability" as const, value: "model.train" },
        resources: { licence: 3 },
      };
      await assert.rejects(
        sessions.addTasks(AddTasksRequest.fromPartial({ sessionId, tasks: [adding] })),
        /^TuttiError: Task `t3` requests 3 licence, and the limits of the session allow at most 2 licence/,
      );
      open();
      await end(sessionId);
    }
  });

  it("do not use a reserved amount, and say until when it is reserved", async () => {
    shut();
    const nowMs = installation.now();
    const reservation = {
      reservationId: "night",
      amounts: { gpu: 1 },
      span: { from: toTimestamp(nowMs - 1_000), to: toTimestamp(nowMs + 600_000) },
    };
    await resources.createReservation(CreateReservationRequest.fromPartial({ reservation }));
    await assert.rejects(
      resources.createReservation(
        CreateReservationRequest.fromPartial({ reservation: { ...reservation, reservationId: "second" } }),
      ),
      /Pool `default` cannot reserve 1 gpu: it has 1 in total, of which night holds 1 until /,
    );
    let others = 0;
    const hasStarted = () => started.includes(`others-${others}/0`);
    // Until the pool knows the reservation, it starts other tasks.
    await until("one that waits for the reservation", async () => {
      open();
      isOpen = false;
      await execute(`others-${++others}`, workflow, { count: 1, needs: { gpu: 1 } });
      const isWaiting = async () =>
        (await waitsOf(`others-${others}`, "t0")).some(({ cause }) => cause === WaitCause.WAIT_CAUSE_LOCK);
      await until("one that starts or waits", async () => hasStarted() || (await isWaiting()));
      return !hasStarted();
    });
    const [wait] = (await waitsOf(`others-${others}`, "t0")).filter(
      ({ cause }) => cause === WaitCause.WAIT_CAUSE_LOCK,
    );
    assert.match(wait?.message ?? "", /^the reservation night holds 1 gpu until /);
    open();
    await execute("mine", intelligence, { count: 2, needs: { gpu: 1 } }, { reservationIds: ["night"] });
    await end("mine");
    assert.ok(!hasStarted(), "the task that waits for the reservation has not started");
    const { resources: listed } = await resources.listResources({
      ...{ namespace: "", pool: "", name: "gpu", page: undefined },
    });
    assert.deepEqual(
      listed.map(({ capacity, reserved, wanted }) => ({ capacity, reserved, wanted })),
      [{ capacity: 1, reserved: 1, wanted: 1 }],
    );
    await resources.deleteReservation({ namespace: "", reservationId: "night", reason: "" });
    await end(`others-${others}`);
    await assert.rejects(
      execute("late", workflow, { count: 1, needs: {} }, { reservationIds: ["night"] }),
      (error) => isTuttiError(error) && error.code === "resource.reservation_missing",
    );
  });

  it("compete by weight for the only agent with a label, until it is reserved, and show the reason", async () => {
    shut();
    const gertrud = installation.worker({ agentId: "gertrud", slots: 1, labels: { gpu: "true" } });
    gertrud.handle("model.train", work);
    await gertrud.start();
    const onGpu = (count: number): SessionOptions => ({ count, needs: {}, agents: { gpu: "true" } });
    const waitingCount = async () => {
      const { resources: listed } = await resources.listResources({
        ...{ namespace: "", pool: "", name: "slots", page: undefined },
      });
      return listed.find(({ labels }) => labels["gpu"] === "true")?.wanted ?? 0;
    };
    const startedBy = (id: string) => started.filter((name) => name.startsWith(`${id}/`)).length;
    await execute("label-holder", workflow, onGpu(1));
    await until("the first to start", () => started.length === 1);
    await execute("label-heavy", workflow, onGpu(60), { weight: 3 });
    await execute("label-light", swarm, onGpu(60));
    await until("all to wait for the agent with the label", async () => (await waitingCount()) === 120);
    const explained = async (sessionId: string) =>
      (await resources.explainAllocation({ namespace: "", sessionId })).explanation?.summary ?? "";
    for (let count = 0; count < 40; count++) await step();
    const heavy = startedBy("label-heavy");
    assert.ok(Math.abs(heavy - 30) <= 2, `three of four of 40 are of the weight 3, found ${heavy}`);
    assert.match(
      await explained("label-heavy"),
      /it has the weight 3: 1 slot in use and \d+ waiting, where its share is 0.75 of 1 of agents with gpu=true; it takes turns with 1 other: label-light with the weight 1/,
    );

    const nowMs = installation.now();
    const reservation = {
      ...{ reservationId: "show", amounts: { slots: 1 }, agents: { equals: { gpu: "true" } } },
      span: { from: toTimestamp(nowMs - 1_000), to: toTimestamp(nowMs + 600_000) },
    };
    const create = (more: object) =>
      resources.createReservation(
        CreateReservationRequest.fromPartial({ reservation: { ...reservation, ...more } }),
      );
    await create({});
    await assert.rejects(
      create({ reservationId: "second" }),
      /Pool `default` cannot reserve 1 slot of agents with gpu=true: it has 1 in total, of which show holds 1 until /,
    );
    await execute("label-show", workflow, onGpu(3), { reservationIds: ["show"] });
    // The pool learns about a reservation within seconds.
    let waits: Explanation["waits"] = [];
    await until("one that waits for the reservation", async () => {
      waits = (await waitsOf("label-light", "t59")).filter(
        ({ cause }) => cause === WaitCause.WAIT_CAUSE_LOCK,
      );
      return waits.length > 0;
    });
    assert.match(
      waits[0]?.message ?? "",
      /^the reservation show holds 1 slot until .*, of agents with gpu=true: /,
    );
    assert.match(
      await explained("label-light"),
      /the reservation show holds 1 slot of agents with gpu=true for others until /,
    );
    assert.match(
      await explained("label-show"),
      /the reservation show holds 1 slot of agents with gpu=true for it until /,
    );
    const others = () => startedBy("label-heavy") + startedBy("label-light");
    const before = others();
    open();
    await end("label-show");
    assert.equal(others(), before, "nothing else starts while the agent is reserved");
    await resources.deleteReservation({ namespace: "", reservationId: "show", reason: "" });
    for (const id of ["label-holder", "label-heavy", "label-light"]) await end(id);
    await gertrud.stop();
  });

  it("wait for each other, also across namespaces, and name the other session", async () => {
    shut();
    await execute("first", workflow, { count: 1, needs: {} });
    const dependsOn = [{ session: { namespace: "default", kind: "session", id: "first" } }];
    const spec = { mode: workflow, dependsOn, work: { $case: "tasks" as const, value: { tasks: [] } } };
    const tasks = [{ id: "t0", work: { $case: "capability" as const, value: "model.train" } }];
    spec.work.value = { tasks } as never;
    await sessions.executeSession(ExecuteSessionRequest.fromPartial({ sessionId: "second", spec }));
    await until("who waits for the first", async () => {
      const { neededBy } = await resources.listDependencies({ namespace: "", sessionId: "first" });
      return neededBy.length === 1;
    });
    const { needs } = await resources.listDependencies({ namespace: "", sessionId: "second" });
    assert.deepEqual(
      needs.map(({ session, met }) => [session?.id, met]),
      [["first", false]],
    );
    const waitFor = (sessionId: string, id: string) =>
      resources.addDependency(
        AddDependencyRequest.fromPartial({ sessionId, dependency: { session: { kind: "session", id } } }),
      );
    await sessions.executeSession(ExecuteSessionRequest.fromPartial({ sessionId: "third", spec }));
    const { session: third } = await waitFor("third", "second");
    assert.deepEqual(
      third?.spec?.dependsOn.map(({ session }) => session?.id),
      ["first", "second"],
    );
    await assert.rejects(waitFor("second", "third"), {
      code: "session.waits_in_circle",
      message: /second waits for third waits for second/,
    });
    const stopWaiting = (sessionId: string, id: string) =>
      resources.removeDependency(
        RemoveDependencyRequest.fromPartial({ sessionId, session: { kind: "session", id } }),
      );
    const { session: freed } = await stopWaiting("third", "second");
    assert.deepEqual(
      freed?.spec?.dependsOn.map(({ session }) => session?.id),
      ["first"],
    );
    // Without the removed dependency, this one closes no cycle.
    await waitFor("second", "third");
    await stopWaiting("third", "first");
    await until("the third to start, which needs no reservation", () => started.length === 2);
    await assert.rejects(waitFor("third", "first"), { code: "session.begun" });
    await stopWaiting("third", "first");
    open();
    await end("third");
    await end("second");
    await assert.rejects(waitFor("third", "first"), { code: "session.ended" });
    const after = await resources.listDependencies({ namespace: "", sessionId: "second" });
    assert.equal(after.needs[0]?.met, true);
  });
});
