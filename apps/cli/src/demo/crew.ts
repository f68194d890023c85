/** The platform and the workers of the proof, in a folder of their own. They are started, killed and restarted. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { exitCodes } from "../command/exit-codes.ts";
import { Failure } from "../command/failure.ts";
import type { Shell } from "../effects/shell.ts";
import type { Platform, Program, Ready } from "../local/clone.ts";
import { Child } from "./child.ts";
import type { Effect } from "./proof.ts";

export interface CrewOptions {
  readonly platform: Platform;
  /** Folder of this proof. */
  readonly folder: string;
  readonly report: (line: string) => void;
  readonly shell: Pick<Shell, "pause">;
}

interface Addresses {
  readonly http: string;
  readonly grpc: string;
}

const workerNames = ["worker-1", "worker-2"] as const;
/** Maximum number of attempts to start on the same ports. */
const triesMax = 5;

export type WorkerName = (typeof workerNames)[number];

export class Crew {
  readonly #options: CrewOptions;
  readonly #ready: Ready;
  readonly #workers = new Map<WorkerName, Child>();
  #platform: Child | undefined;
  #addresses: Addresses = { http: "http://127.0.0.1:0", grpc: "127.0.0.1:0" };

  /** Sets the platform up, and starts it and the workers. */
  static async start(options: CrewOptions): Promise<Crew> {
    const crew = new Crew(options, await options.platform.setUp(options.report));
    await crew.startPlatform();
    for (const name of workerNames) crew.startWorker(name);
    return crew;
  }

  private constructor(options: CrewOptions, ready: Ready) {
    this.#options = options;
    this.#ready = ready;
  }

  /** URL of the REST API. The same after each start. */
  get url(): string {
    return this.#addresses.http;
  }

  /** Starts the platform, and resolves when it is ready. The first start chooses ports, and later starts keep them. */
  async startPlatform(tries = triesMax): Promise<void> {
    const { http, grpc } = this.#addresses;
    const platform = this.#child("main", {}, [
      `--operations.port=${new URL(http).port || "0"}`,
      `--mesh.listen=${grpc}`,
      "--platform.dataDirectory=./data",
      "--log.format=json",
    ]);
    this.#platform = platform;
    const addresses = await platform.line(addressesIn);
    // Another process may use a port of the killed platform for a moment, for a connection of its own.
    if (
      addresses === undefined &&
      tries > 1 &&
      platform.lastLines.some((line) => / is in use\./.test(line))
    ) {
      await this.#options.shell.pause(1_000);
      await this.startPlatform(tries - 1);
      return;
    }
    if (addresses === undefined)
      throw new Failure("The platform of the demo did not start.", {
        why: platform.lastLines,
        exitCode: exitCodes.failed,
        code: "proof_platform",
      });
    this.#addresses = addresses;
  }

  startWorker(name: WorkerName): void {
    const environment = {
      TUTTI_ADDRESS: this.#addresses.grpc,
      TUTTI_AGENT_ID: name,
      PROOF_EFFECTS: this.#effectsOf(name),
    };
    this.#workers.set(name, this.#child("demo-kill-worker", environment));
  }

  async killPlatform(): Promise<void> {
    await this.#platform?.kill();
  }

  async killWorker(name: WorkerName): Promise<void> {
    await this.#workers.get(name)?.kill();
  }

  async killAll(): Promise<void> {
    await Promise.all([this.#platform, ...this.#workers.values()].map((child) => child?.kill()));
  }

  /** Returns the definition of the runs. */
  definition(): Promise<string> {
    return readFile(this.#options.platform.demoKillWorkflow, "utf8");
  }

  /** Returns the effects in the files of the workers. An unfinished line is no effect. */
  async effects(): Promise<Effect[]> {
    const texts = await Promise.all(
      workerNames.map((name) => readFile(this.#effectsOf(name), "utf8").catch(() => "")),
    );
    return texts.flatMap((text) => text.split("\n").flatMap(effectIn));
  }

  #effectsOf(name: WorkerName): string {
    return join(this.#options.folder, `effects-${name}.jsonl`);
  }

  #child(
    program: Program,
    environment: Readonly<Record<string, string>>,
    args: readonly string[] = [],
  ): Child {
    const { platform, folder } = this.#options;
    const { node, env } = this.#ready;
    // Settings for another platform or other workers of the user are not passed on.
    const own = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("TUTTI_")));
    return new Child({
      node,
      leash: platform.leash,
      script: platform.pathOf(program),
      arguments: args,
      environment: { ...own, ...environment },
      directory: folder,
    });
  }
}

function addressesIn(line: string): Addresses | undefined {
  if (!line.startsWith("{") || !line.includes('"msg":"ready"')) return undefined;
  const { http, grpc }: Partial<Addresses> = JSON.parse(line);
  return http === undefined || grpc === undefined ? undefined : { http, grpc };
}

function effectIn(line: string): Effect[] {
  try {
    return line === "" ? [] : [JSON.parse(line)];
  } catch {
    return [];
  }
}
