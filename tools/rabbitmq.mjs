// @ts-check

// A RabbitMQ server for tests, on free ports of this machine, with its files in a separate folder. It and its child
// processes are in a separate namespace, and end with the process that started it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../libs/nats/src/local/ports.ts";

export const password = "sesame-6d1c";
/** Debian's program on PATH writes into the folders of the package. */
const installed = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/** Only root can create the namespace. */
export const rabbitSkip = process.getuid?.() === 0 ? false : "RabbitMQ needs root";

/** @param {string} program as `needsProgram("rabbitmqctl")` finds it */
export async function startRabbitmq(program) {
  const folder = mkdtempSync(join(tmpdir(), "tutti-rabbitmq-"));
  const [port = 0, epmd = 0, distribution = 0] = await freePorts(3);
  const [configuration, plugins] = [join(folder, "rabbitmq.conf"), join(folder, "plugins")];
  writeFileSync(configuration, `default_user = shop\ndefault_pass = ${password}\n`);
  writeFileSync(plugins, "[].\n");
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    LANG: "C.UTF-8",
    RABBITMQ_NODENAME: "tutti@localhost",
    RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(folder, "data"),
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_LOGS: "-",
    RABBITMQ_CONFIG_FILE: configuration,
    RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
    ERL_EPMD_PORT: String(epmd),
    ERL_EPMD_ADDRESS: "127.0.0.1",
  };
  const command = existsSync(installed) ? [installed] : [program, "server"];
  /** @type {import("node:child_process").ChildProcess | undefined} */
  let child;
  const end = () => child?.kill("SIGKILL");
  const up = async () => {
    const started = spawn("unshare", ["--pid", "--fork", "--kill-child", "--mount-proc", ...command], {
      env,
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    process.once("exit", end);
    let output = "";
    await new Promise((resolve, reject) => {
      for (const stream of [started.stdout, started.stderr])
        stream?.setEncoding("utf8").on("data", (text) => {
          output = `${output}${text}`.slice(-4_000);
          if (output.includes("Server startup complete")) resolve(undefined);
        });
      started.once("error", reject);
      started.once("exit", (code) => reject(new Error(`${command[0]} ended with ${code}:\n${output}`)));
    });
  };
  const kill = async () => {
    const ending = child;
    if (ending === undefined) return;
    child = undefined;
    process.off("exit", end);
    const ended = once(ending, "exit");
    ending.kill("SIGKILL");
    await ended;
  };
  await up();
  return {
    port,
    url: `amqp://shop:${password}@127.0.0.1:${port}`,
    /** Kills it immediately, like the loss of a machine. Keeps port and files. */
    kill,
    /** Starts it again. */
    up,
    /** Ends it and removes its files. */
    [Symbol.asyncDispose]: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    },
  };
}
