/**
 * Creates the data directory of a release, for the test that later releases can open it:
 *
 *     node apps/platform/test/programs/record-release.ts RELEASE FILE.tar.gz
 *
 * It has a completed run, a run and a session that wait, and a paused schedule. It runs on the sources of its release.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { services } from "../../src/service.ts";

const kept = `workflow: kept
input: {schema: {type: object, required: [n]}}
signals: {go: {schema: {type: object}}}
tasks:
  double: {uses: number.double, with: "\${{ input.n }}"}
  go: {wait: {signal: go}, needs: [double]}
  sum: {set: "\${{ tasks.double.output + tasks.go.output.more }}", needs: [go]}
output: "\${{ tasks.sum.output }}"
`;

const [release = "", file = ""] = process.argv.slice(2);
if (release === "" || file === "") throw new Error("usage: record-release.ts RELEASE FILE.tar.gz");
const directory = mkdtempSync(join(tmpdir(), "tutti-release-"));
const flags = ["--mesh.listen=127.0.0.1:0", "--operations.port=0", "--log.level=error"];
const host = await ServiceHost.open({
  ...{ name: "platform", version: release, services, dataDirectory: () => directory },
  sources: memorySources({ arguments: [...flags, `--platform.dataDirectory=${directory}`] }),
});
await host.start();
const { address } = host.mesh;
const worker = new Worker({ address, agentId: "recorder", handleSignals: false });
worker.handle("number.double", (n: number) => n * 2);
await worker.start();
const tutti = await connect({ address });
await tutti.workflows.register(kept);
const completed = await tutti.run("kept", { id: "completed", input: { n: 1 } });
await completed.signal("go", { more: 5 });
await completed.result();
const waiting = await tutti.run("kept", { id: "waiting", input: { n: 20 } });
for await (const { tasks } of waiting.watch())
  if (tasks.some(({ taskId, outcome }) => taskId === "double" && outcome !== undefined)) break;
const tasks = [{ id: "one", uses: "number.double", input: 4 }] as const;
await tutti.sessions.start({ id: "waiting-session", tasks, after: ["gate"], mode: "workflow" });
const nightly = await tutti.schedules.create("nightly", "kept", { cron: "0 3 * * *", input: { n: 1 } });
await nightly.pause("of the test");
await tutti.close();
await worker.stop();
await host.stop();
const excludes = ["--exclude=./lock*", "--exclude=./door.json"];
execFileSync("tar", ["--sort=name", "--sparse", "-czf", file, ...excludes, "-C", directory, "."]);
rmSync(directory, { recursive: true });
process.exit(0);
