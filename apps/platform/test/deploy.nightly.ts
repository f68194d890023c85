import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { needsProgram } from "../../../tools/programs.mjs";

const workspace = fileURLToPath(new URL("../../..", import.meta.url));
const natsServer = await needsProgram("nats-server");
const promtool = await needsProgram("promtool");

function accepted(program: string, ...parameters: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(program, parameters, { cwd: workspace, encoding: "utf8" });
  assert.equal(status, 0, `${stdout}${stderr}`);
}

describe("deploy", () => {
  it("has a configuration of NATS that the server accepts", { skip: natsServer.skip }, () => {
    accepted(natsServer.path, "-t", "-c", "deploy/nats/nats-server.conf");
  });

  it("has a configuration of Prometheus that it accepts", { skip: promtool.skip }, () => {
    accepted(promtool.path, "check", "config", "deploy/prometheus/prometheus.yml");
  });
});
