// @ts-check

// A Prometheus server for tests, on a free port of this machine, with its files in a separate folder. It scrapes the
// targets of its configuration. It ends with the process that started it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../libs/nats/src/local/ports.ts";

/**
 * @param {string} program as `needsProgram("prometheus")` finds it
 * @param {object} [configuration] its `rule_files` are `rules.yml`
 * @param {object} [rules] the content of `rules.yml`
 */
export async function startPrometheus(program, configuration = {}, rules = {}) {
  const folder = mkdtempSync(join(tmpdir(), "tutti-prometheus-"));
  // JSON is YAML.
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(configuration));
  writeFileSync(join(folder, "rules.yml"), JSON.stringify(rules));
  const port = await freePort();
  const flags = ["--config.file=prometheus.yml", "--storage.tsdb.path=series"];
  const address = `--web.listen-address=127.0.0.1:${port}`;
  const child = spawn(program, [...flags, "--web.enable-remote-write-receiver", address], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  let output = "";
  await new Promise((resolve, reject) => {
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      output = `${output}${text}`.slice(-4_000);
      if (output.includes("Server is ready")) resolve(undefined);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}:\n${output}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      process.off("exit", end);
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, "exit");
        end();
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
