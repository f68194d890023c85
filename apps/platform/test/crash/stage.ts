/** Platforms and workers as processes that are killed and restarted at the same addresses. */
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openInstallationKeys, trustedKeyOf } from "@tutti/host";
import { silentLogger, systemFoundation } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { freePorts, type NatsServer } from "@tutti/nats/testing";
import { Client } from "@tutti/rest/client";
import { connect, type Tutti } from "@tutti/sdk/client";
import { sharingArgs, startSharedServer } from "../support/cluster.ts";
import { TestProcess } from "../support/process.ts";
import { type Folder, makeFolder, ready, type Service, usingNats } from "../support/services.ts";
import { Effects } from "./effects.ts";
import type { Stage } from "./load-part.ts";

const source = fileURLToPath(new URL("../programs/crash-worker.ts", import.meta.url));
/** Range of the pause between recovery from one kill and the next kill, in milliseconds. */
const between = { fromMs: 200, toMs: 1_800 };

interface Bundler {
  bundle(entries: object, folder: string, options: object): Promise<unknown>;
  bundleServices(services: readonly string[], folder: string): Promise<unknown>;
}

/** Bundled programs, as in an image. A start from source is several times slower, and starts dominate this test. */
export interface Programs {
  readonly platform: string;
  readonly worker: string;
}

export async function bundlePrograms(folder: string): Promise<Programs> {
  const tools: Bundler = await import(new URL("../../../../tools/bundle.mjs", import.meta.url).href);
  await tools.bundleServices(["platform"], folder);
  await tools.bundle({ worker: source }, folder, { sourcemap: false, splitting: true });
  return { platform: join(folder, "platform.mjs"), worker: join(folder, "worker.mjs") };
}

interface Place {
  readonly name: string;
  readonly grpc: string;
  readonly http: string;
  readonly flags: readonly string[];
  process: Service | undefined;
}

export interface CrashStageOptions {
  readonly seed: number;
  readonly programs: Programs;
  /** If more than one, the processes share all data over NATS. */
  readonly processes: number;
}

export class CrashStage implements Stage, AsyncDisposable {
  readonly chance: Stage["chance"];
  readonly downTimes: { readonly fromMs: number; readonly toMs: number }[] = [];
  readonly effects: Effects;
  readonly tutti: Tutti;
  readonly #folder: Folder;
  readonly #places: readonly Place[];
  readonly #programs: Programs;
  readonly #server: NatsServer | undefined;
  #isClosed = false;
  #steady: TestProcess | undefined;
  #mortal: TestProcess | undefined;

  private constructor(
    { seed, programs }: CrashStageOptions,
    folder: Folder,
    places: readonly Place[],
    tutti: Tutti,
    server: NatsServer | undefined,
  ) {
    this.chance = seededChance(seed);
    this.#programs = programs;
    this.#folder = folder;
    this.#places = places;
    this.tutti = tutti;
    this.#server = server;
    this.effects = new Effects(`${folder.path}/effects.log`);
  }

  static async open(options: CrashStageOptions): Promise<CrashStage> {
    const { processes: count } = options;
    const folder = await makeFolder();
    const server = count === 1 ? undefined : await startSharedServer();
    const keysDirectory = join(folder.path, "keys");
    const keys = await openInstallationKeys(keysDirectory, systemFoundation());
    const ports = await freePorts(2 * count);
    const places = Array.from({ length: count }, (_, at): Place => {
      const name = `platform-${at}`;
      const directory = `${folder.path}/${name}`;
      const grpc = `127.0.0.1:${ports[2 * at]}`;
      return {
        ...{ name, grpc, http: `http://127.0.0.1:${ports[2 * at + 1]}`, process: undefined },
        flags: [
          ...[`--platform.dataDirectory=${directory}`, `--mesh.listen=${grpc}`],
          `--operations.port=${ports[2 * at + 1]}`,
          // Longer than the pause of a worker between two attempts to connect, so that its tasks wait for it.
          `--swarm.pool.settleMs=${count === 1 ? 5_000 : 10_000}`,
          ...[`--governance.keysDirectory=${keysDirectory}`, `--access.trustedKey=${trustedKeyOf(keys)}`],
          ...(server === undefined ? [] : [...sharingArgs(directory), ...usingNats(server.address)]),
        ],
      };
    });
    const tutti = await connect({ address: places.map(({ grpc }) => grpc), logger: silentLogger });
    const stage = new CrashStage(options, folder, places, tutti, server);
    try {
      await Promise.all(places.map((place) => stage.#start(place)));
      [stage.#steady, stage.#mortal] = [stage.#worker(false), stage.#worker(true)];
      await Promise.all([stage.#steady.wrote(/linked/), stage.#mortal.wrote(/linked/)]);
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  rest(key?: string): Client {
    // Prevents callers from retrying after a failure.
    if (this.#isClosed) throw new Error("the stage is closed");
    return new Client({ url: this.#up().http, ...(key !== undefined && { key }) });
  }

  grpc(): readonly string[] {
    return this.#places.flatMap((place) => (place.process === undefined ? [] : [place.grpc]));
  }

  /** Kills a random victim at a random moment, and restarts it. Returns a description. */
  async strike(number: number): Promise<string> {
    const { chance } = this;
    await pause(between.fromMs + chance.random() * (between.toMs - between.fromMs));
    const victim = this.#places[Math.floor(chance.random() * this.#places.length)];
    const withWorker = chance.random() < 0.3;
    const duringStart = chance.random() < 0.2;
    // One downtime is longer than the windows of schedules.
    const pausedMs = number === 3 ? 3_000 : chance.random() * 500;
    if (victim === undefined) throw new Error("a stage has a platform");
    const isLast = this.#places.every((place) => place === victim || place.process === undefined);
    await Promise.all([this.#kill(victim), withWorker ? this.#replaceMortal() : undefined]);
    const fromMs = Date.now();
    await pause(pausedMs);
    if (isLast) this.downTimes.push({ fromMs, toMs: Date.now() });
    if (duringStart) await this.#killDuringStart(victim, chance.random() * 2_000);
    await this.#start(victim);
    return [
      `${victim.name} for ${Math.round(pausedMs)} ms`,
      ...(withWorker ? ["the mortal worker"] : []),
      ...(duringStart ? [`${victim.name} again while it started`] : []),
    ].join(", ");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.tutti.close();
    await Promise.all([this.#steady?.kill(), this.#mortal?.kill()]);
    await Promise.all(this.#places.map((place) => this.#kill(place)));
    await this.#server?.[Symbol.asyncDispose]();
    await this.#folder[Symbol.asyncDispose]();
  }

  #up(): Place {
    return this.#places.find((place) => place.process !== undefined) ?? (this.#places[0] as Place);
  }

  #launch({ flags }: Place): TestProcess {
    return new TestProcess({
      ...{ program: this.#programs.platform, arguments: ["--log.format=json", ...flags] },
      ...{ directory: this.#folder.path, environment: { TEST_SYSTEM_PASSWORD: "seen" } },
    });
  }

  async #start(place: Place): Promise<void> {
    if (this.#isClosed) throw new Error("the stage is closed");
    const started = this.#launch(place);
    try {
      place.process = await ready(started);
    } catch (error) {
      await started.kill();
      throw error;
    }
  }

  async #kill(place: Place): Promise<void> {
    const { process } = place;
    place.process = undefined;
    await process?.kill();
  }

  async #killDuringStart(place: Place, afterMs: number): Promise<void> {
    const started = this.#launch(place);
    await pause(afterMs);
    await started.kill();
  }

  #worker(isMortal: boolean): TestProcess {
    const settings = {
      address: this.#places.map(({ grpc }) => grpc),
      agentId: isMortal ? "mortal" : "steady",
      effects: this.effects.path,
      isMortal,
    };
    return new TestProcess({ program: this.#programs.worker, arguments: [JSON.stringify(settings)] });
  }

  /** Starts the mortal worker again. It links as soon as a platform is available. */
  async #replaceMortal(): Promise<void> {
    await this.#mortal?.kill();
    this.#mortal = this.#worker(true);
  }
}
