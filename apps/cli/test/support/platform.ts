import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePorts } from "@tutti/nats/testing";
import { serviceProgram } from "../../../../tools/fronts.mjs";

/** The program of `npm start`, from its bundle if the test runner has built it. */
const platformProgram = serviceProgram("platform");

/** The platform as a separate process, which can be killed and restarted at the same address. */
export class PlatformProcess implements AsyncDisposable {
  readonly url: string;
  readonly #directory = mkdtempSync(join(tmpdir(), "tutti-cli-"));
  readonly #ports: readonly [http: number, mesh: number];
  readonly #flags: readonly string[];
  #child: ChildProcess | undefined;

  /** @param flags of this platform, in addition to the common ones */
  static async start(...flags: readonly string[]): Promise<PlatformProcess> {
    const [http = 0, mesh = 0] = await freePorts(2);
    const platform = new PlatformProcess([http, mesh], flags);
    await platform.start();
    return platform;
  }

  private constructor(ports: readonly [number, number], flags: readonly string[]) {
    this.#ports = ports;
    this.#flags = flags;
    this.url = `http://127.0.0.1:${ports[0]}`;
  }

  /** Address to which workers connect. */
  get grpc(): string {
    return `127.0.0.1:${this.#ports[1]}`;
  }

  async start(): Promise<void> {
    const [http, mesh] = this.#ports;
    const flags = [
      `--operations.port=${http}`,
      `--mesh.listen=127.0.0.1:${mesh}`,
      "--log.format=json",
      "--platform.dataDirectory=./data",
      ...this.#flags,
    ];
    const child = spawn(process.execPath, [platformProgram, ...flags], {
      cwd: this.#directory,
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child = child;
    const ready = Promise.withResolvers<void>();
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.includes('"msg":"ready"')) ready.resolve();
    });
    child.once("exit", (code) =>
      ready.reject(new Error(`the platform ended with ${code} before it was ready`)),
    );
    await ready.promise;
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill("SIGTERM");
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
