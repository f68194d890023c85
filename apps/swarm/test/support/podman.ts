/** A real engine for a test: Podman's service at a socket of its own, with an image of Node and one program. */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { until } from "@tutti/kernel/testing";
import { bundle } from "../../../../tools/bundle.mjs";

/** Returns why Podman is unavailable here. False if it is available. */
export function podmanMissing(): string | false {
  const lacking = ["podman", "runc"].filter((program) => spawnSync(program, ["--version"]).status !== 0);
  if (lacking.length > 0) return `${lacking.join(", ")} missing: apt-get install podman runc`;
  return process.getuid?.() === 0 ? false : "not root: containers in a container need it";
}

/**
 * Machines that are containers may not raise limits, which Podman requests from runc. Without that request it
 * starts containers as usual.
 */
const runtime = `#!${process.execPath}
const { readFileSync, writeFileSync } = require("node:fs");
const words = process.argv.slice(2);
const at = words.indexOf("--bundle");
if (at >= 0) {
  const file = words[at + 1] + "/config.json";
  const { process: { rlimits, ...program }, ...rest } = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...rest, process: program }));
}
process.exit(require("node:child_process").spawnSync("runc", words, { stdio: "inherit" }).status ?? 1);
`;

export class Podman implements AsyncDisposable {
  readonly socket: string;
  readonly #args: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  readonly #service: ReturnType<typeof spawn>;

  private constructor(folder: string) {
    const configured = join(folder, "containers.conf");
    writeFileSync(join(folder, "runtime"), runtime, { mode: 0o755 });
    writeFileSync(
      configured,
      `[engine]\nruntime="here"\ncgroup_manager="cgroupfs"\n[engine.runtimes]\nhere=["${join(folder, "runtime")}"]\n`,
    );
    const storage = ["--root", join(folder, "images"), "--runroot", join(folder, "running")];
    this.#args = ["--storage-driver", "vfs", ...storage];
    this.#environment = { ...process.env, CONTAINERS_CONF: configured };
    this.socket = join(folder, "podman.sock");
    const service = [...this.#args, "system", "service", "--time", "0", `unix://${this.socket}`];
    this.#service = spawn("podman", service, { env: this.#environment, stdio: "ignore" });
  }

  static async start(folder: string): Promise<Podman> {
    const podman = new Podman(folder);
    await until("the socket of Podman", () => existsSync(podman.socket));
    return podman;
  }

  /** Makes an image of what Node needs and one program, bundled. */
  async buildImage(name: string, folder: string, program: string): Promise<void> {
    await bundle({ program }, folder, { sourcemap: false });
    const libraries = spawnSync("ldd", [process.execPath], { encoding: "utf8" }).stdout.match(/\/\S+/g) ?? [];
    for (const [from, to] of [
      [process.execPath, "/node"],
      ...libraries.map((library) => [library, library]),
    ] as const) {
      mkdirSync(join(folder, dirname(to)), { recursive: true });
      copyFileSync(from, join(folder, to));
    }
    const archive = `${folder}.tar`;
    if (spawnSync("tar", ["-C", folder, "-cf", archive, "."]).status !== 0) throw new Error("tar failed");
    const entry = 'ENTRYPOINT ["/node", "/program.mjs"]';
    this.run("import", "--change", entry, "--change", "USER 65532:65532", archive, name);
  }

  run(...args: readonly string[]): string {
    const { status, stdout, stderr } = spawnSync("podman", [...this.#args, ...args], {
      ...{ env: this.#environment, encoding: "utf8" },
    });
    if (status !== 0) throw new Error(`podman ${args[0]}: ${stderr}`);
    return stdout;
  }

  /** Returns containers by their agent. */
  containers(): ReadonlyMap<string, string> {
    const format = '{{index .Labels "dev.tutti.agent"}} {{.ID}}';
    const lines = this.run("ps", "--format", format).split("\n").filter(Boolean);
    return new Map(lines.map((line) => line.split(" ", 2) as [string, string]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.run("rm", "--force", "--all", "--time", "0");
    const ended = new Promise((resolve) => this.#service.once("exit", resolve));
    this.#service.kill("SIGTERM");
    await ended;
  }
}
