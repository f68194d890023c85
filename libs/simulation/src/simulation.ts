/**
 * One run: a bank or runs of workflows on the real runtime in a simulated environment, with all events of its
 * plan. Then all faults end, everything has to come to rest, and everything is checked once more.
 */
import { isTuttiError } from "@tutti/kernel";
import { SharedKeys } from "@tutti/runtime/ownership";
import { BankLoad } from "./bank/bank-load.ts";
import { Chronicle } from "./checks/chronicle.ts";
import { DeliveryCheck } from "./checks/delivery.ts";
import { checkHistories, checkStates } from "./checks/states.ts";
import { Clients } from "./cluster/clients.ts";
import { Coordinator } from "./cluster/coordinator.ts";
import { Printer } from "./cluster/printer.ts";
import { Server } from "./cluster/server.ts";
import type { ServerParts } from "./cluster/server-parts.ts";
import { withCounts } from "./counted/counting.ts";
import type { Load } from "./load/load.ts";
import { partitionOf } from "./load/place.ts";
import { Network } from "./network/network.ts";
import type { Disturbance, Plan } from "./plan/plan.ts";
import { RunsLoad } from "./runs/runs-load.ts";
import { SessionsLoad } from "./sessions/sessions-load.ts";
import { ClusterStorage } from "./storage/cluster-storage.ts";
import { EmbeddedStorage } from "./storage/embedded-storage.ts";
import { JournalServer } from "./storage/journal-server.ts";
import type { Storage } from "./storage/storage.ts";
import { EarlyAnswers } from "./weakenings/early-answers.ts";
import { noWeakening, type Weakening } from "./weakenings/weakening.ts";
import { WorkLoad } from "./work/work-load.ts";
import { noTrace, type Trace } from "./world/trace.ts";
import { type Finding, World } from "./world/world.ts";

/** The result of a run. */
export interface RunOutcome {
  readonly finding: Finding | undefined;
  readonly events: number;
  /** Duration in simulated time. */
  readonly elapsedMs: number;
}

/** Longer than any timer of a plan, and than every pause between retries. */
const restMs = 1_200_000;
const retryMs = 200;

export async function simulate(
  plan: Plan,
  weakening: Weakening = noWeakening,
  trace: Trace = noTrace,
): Promise<RunOutcome> {
  const simulation = new Simulation(plan, weakening, trace);
  const { world } = simulation;
  const onRejection = (error: unknown): void => world.fail("exception", `unhandled error: ${textOf(error)}`);
  process.on("unhandledRejection", onRejection);
  try {
    await simulation.run();
  } catch (error) {
    world.fail("exception", textOf(error));
  } finally {
    process.off("unhandledRejection", onRejection);
  }
  const { finding, events, elapsedMs } = world;
  return { finding, events, elapsedMs };
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}

function loadOf(world: World, chronicle: Chronicle, plan: Plan, weakening: Weakening): Load {
  const { operations, printFails, runs, work, sessions } = plan;
  if (sessions !== undefined) return new SessionsLoad(world, chronicle, sessions, weakening);
  if (work !== undefined) return new WorkLoad(world, chronicle, work, weakening);
  if (runs !== undefined) return new RunsLoad(world, chronicle, runs, printFails);
  return new BankLoad(world, chronicle, operations, printFails);
}

class Simulation {
  readonly world: World;
  readonly #plan: Plan;
  readonly #network: Network;
  readonly #chronicle: Chronicle;
  readonly #delivery: DeliveryCheck;
  readonly #load: Load;
  readonly #storage: Storage;
  readonly #servers: readonly Server[];
  readonly #coordinator: Coordinator;
  readonly #printer: Printer;

  constructor(plan: Plan, weakening: Weakening, trace: Trace) {
    const world = new World(plan.seed, trace);
    this.world = world;
    this.#plan = plan;
    this.#network = new Network(world, plan.network);
    const early = weakening.answersEarly === true ? new EarlyAnswers() : undefined;
    this.#chronicle = new Chronicle(world, plan.partitions);
    this.#load = loadOf(world, this.#chronicle, plan, weakening);
    const edge = this.#load.isOneService === true ? { service: this.#load.service } : {};
    const machine = withCounts(this.#load.machine, early ?? { ...weakening.edge, ...edge });
    const others = (this.#load.others ?? []).map((other) => withCounts(other, edge));
    for (const known of [machine, ...others]) this.#chronicle.knows(known);
    this.#delivery = new DeliveryCheck(world);
    this.#chronicle.follow(this.#delivery);
    this.#chronicle.follow(this.#load);
    this.#storage = this.#createStorage(weakening);
    const parts: ServerParts = {
      world,
      plan,
      network: this.#network,
      chronicle: this.#chronicle,
      delivery: this.#delivery,
      load: this.#load,
      storage: this.#storage,
      machine,
      others,
      isClustered: plan.variant === "cluster",
      ownershipKeys: plan.partitionOwners ? new SharedKeys() : undefined,
      ownerOf: (partition) => this.#ownerOf(partition),
      started: (index) => this.#coordinator.joined(index),
      print: (due) => this.#printer.print(due),
      weakening,
      early,
    };
    this.#servers = Array.from({ length: plan.processes }, (_, index) => new Server(parts, index));
    this.#coordinator = new Coordinator(world, this.#network, this.#servers, plan.partitions);
    this.#printer = new Printer(world, this.#load, (token, result, answered) => {
      const server = this.#ownerOf(token.partition);
      if (server === undefined) return;
      this.#network.send("printer", server.name, world.elapsedMs, "a result", () =>
        server.settle(token, result, (outcome) =>
          this.#network.send(server.name, "printer", world.elapsedMs, "thanks", () => answered(outcome)),
        ),
      );
    });
  }

  async run(): Promise<void> {
    const { disturbances, partitions } = this.#plan;
    const { operations } = this.#load;
    for (const server of this.#servers) server.start();
    for (const disturbance of disturbances) this.world.at(disturbance.atMs, () => this.#disturb(disturbance));
    const { world } = this;
    const clients = new Clients({
      world,
      network: this.#network,
      load: this.#load,
      partitions,
      servers: this.#servers,
      ownerOf: (partition) => this.#ownerOf(partition),
    });
    clients.schedule(operations);
    this.#load.onOperation((operation) => clients.schedule([operation]));
    const lastMs = Math.max(
      0,
      ...operations.map(({ atMs }) => atMs),
      ...disturbances.map(({ atMs }) => atMs),
    );
    await world.run(() => false, lastMs + 10);
    await this.#settleDown();
    this.#load.finish();
    await this.#checkStates("at rest");
    await this.#restart();
    await this.#checkStates("after a graceful restart");
    await this.#checkHistories();
    await this.#finish();
  }

  async #settleDown(): Promise<void> {
    const { world } = this;
    world.trace("world", () => "all faults end");
    this.#network.settleDown();
    this.#storage.settleDown();
    this.#printer.settleDown();
    this.#load.settleDown?.();
    for (const server of this.#servers) server.settleDown();
    await this.#waitFor(() => this.#restless());
  }

  #restless(): string | undefined {
    const idle = this.#servers.find((server) => !server.isReady());
    if (idle !== undefined) return `${idle.name} is not ready`;
    const broken = this.#servers.find((server) => server.quarantined > 0);
    if (broken !== undefined) return `${broken.name} has a quarantined account`;
    if (this.#delivery.inFlight > 0) return `${this.#delivery.inFlight} messages are under way`;
    return this.#load.restless;
  }

  /** Runs the world until nothing is amiss any more. */
  async #waitFor(problemOf: () => string | undefined): Promise<void> {
    const { world } = this;
    const untilMs = world.elapsedMs + restMs;
    let events = 0;
    // Checked only sometimes: a check costs more than an event.
    await world.run(() => events++ % 64 === 0 && problemOf() === undefined, untilMs);
    const problem = problemOf();
    if (problem !== undefined && world.finding === undefined) {
      world.fail("rest", `${restMs} ms after all faults ended, ${problem}`);
    }
  }

  /** Awaits work that needs the world to run, until it has settled. */
  async #await(running: Promise<unknown>, label: string): Promise<void> {
    const { world } = this;
    let isSettled = false;
    running.then(
      () => {
        isSettled = true;
      },
      (error: unknown) => {
        isSettled = true;
        world.fail("rest", `${label}: ${String(error)}`);
      },
    );
    await world.run(() => isSettled, world.elapsedMs + restMs);
    if (!isSettled) world.fail("rest", `${label} does not come to an end`);
  }

  async #checkStates(when: string): Promise<void> {
    if (this.world.finding !== undefined) return;
    const checking = checkStates(this.world, this.#chronicle, this.#load, when, (id) =>
      this.#query(id, (server) => server.projection(id)),
    );
    await this.#await(checking, `asking for all states ${when}`);
  }

  async #checkHistories(): Promise<void> {
    if (this.world.finding !== undefined) return;
    const checking = checkHistories(this.world, this.#chronicle, this.#load, {
      history: (id, after, limit) => this.#query(id, (server) => server.history(id, after, limit)),
      stateAt: (id, event) => this.#query(id, (server) => server.stateAt(id, event)),
    });
    await this.#await(checking, "asking for all histories");
  }

  /** Queries the owner of an instance, and retries while no process can answer. */
  async #query<Answer>(id: string, query: (server: Server) => Promise<Answer>): Promise<Answer> {
    const { world } = this;
    for (;;) {
      try {
        const server = this.#ownerOf(partitionOf(this.#load.keyOf(id), this.#plan.partitions));
        if (server?.isRunning === true) return await query(server);
      } catch (error) {
        // A late repetition may have broken it once more: it is repaired soon.
        const isPassing = isTuttiError(error) && (error.retryable || error.code === "runtime.quarantined");
        if (!isPassing) throw error;
        world.trace("world", () => `retries the query of ${id}: ${error.code}`);
      }
      await new Promise<void>((resolve) => world.after(retryMs, resolve));
    }
  }

  async #restart(): Promise<void> {
    if (this.world.finding !== undefined) return;
    await this.#stop();
    if (this.world.finding !== undefined) return;
    for (const server of this.#servers) server.start();
    await this.#waitFor(() => this.#unowned());
  }

  #unowned(): string | undefined {
    for (let partition = 0; partition < this.#plan.partitions; partition++) {
      const owner = this.#ownerOf(partition);
      if (owner?.owned().includes(partition) !== true) return `partition ${partition} has no owner`;
    }
    return;
  }

  async #stop(): Promise<void> {
    await this.#await(Promise.all(this.#servers.map((server) => server.stop())), "a graceful end");
  }

  async #finish(): Promise<void> {
    if (this.world.finding !== undefined) return;
    await this.#stop();
    if (this.world.finding === undefined) await this.#await(this.#storage.verify(), "verifying the journal");
  }

  #disturb(disturbance: Disturbance): void {
    const { kind } = disturbance;
    const storage = this.#storage;
    switch (kind) {
      case "crash":
        this.#servers[disturbance.process]?.life?.dieIn(disturbance.after, disturbance.how);
        return;
      case "pause":
        this.#servers[disturbance.process]?.life?.pauseIn(disturbance.after, disturbance.ms);
        return;
      case "clock":
        this.#servers[disturbance.process]?.setWallClock(disturbance.byMs);
        return;
      case "cut":
        this.#network.disconnect(disturbance.one, disturbance.other, disturbance.ms);
        return;
      case "move":
        if (!this.#plan.partitionOwners) this.#coordinator.move(disturbance.partition, disturbance.to);
        return;
      default:
        if (storage instanceof EmbeddedStorage) this.#disturbDisk(disturbance, storage);
    }
  }

  #disturbDisk(disturbance: Disturbance, storage: EmbeddedStorage): void {
    const life = this.#servers[0]?.life;
    switch (disturbance.kind) {
      case "power fails":
        if (life?.isAlive !== true) return;
        storage.disk.failPowerIn(disturbance.after);
        // Processes without power die soon.
        this.world.after(5, () => life.die("power"));
        return;
      case "fill":
        storage.fill(disturbance.ms);
        return;
      case "damage": {
        const { how, part, place, bit } = disturbance;
        storage.damages.push({ kind: how, part, place, bit });
        life?.die("process");
        return;
      }
      default:
    }
  }

  #ownerOf(partition: number): Server | undefined {
    if (this.#plan.partitionOwners) return this.#ownerByPartitionOwners(partition);
    const owner = this.#coordinator.ownerOf(partition);
    return owner === undefined ? undefined : this.#servers[owner];
  }

  /** Returns the owner, by any running process. */
  #ownerByPartitionOwners(partition: number): Server | undefined {
    for (const server of this.#servers) {
      const owner = server.knownOwner(partition);
      if (owner !== undefined) return this.#servers.find(({ name }) => name === owner);
    }
    return undefined;
  }

  #createStorage(weakening: Weakening): Storage {
    const { world } = this;
    const plan = this.#plan;
    const chronicle = this.#chronicle;
    const { service } = this.#load;
    const seams = weakening.storage ?? {};
    if (plan.variant === "embedded") return new EmbeddedStorage({ world, chronicle, plan, service, seams });
    const server = new JournalServer(world, chronicle, service, plan.partitions, weakening.server);
    return new ClusterStorage({ world, chronicle, plan, network: this.#network, server, service, seams });
  }
}
