/** Push notifications of A2A when the gateway that sends them is killed. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskStatus } from "@tutti/contracts/types/v1";
import { definitionService, ListTasksRequest, SourceFormat, taskService } from "@tutti/contracts/workflow/v1";
import { PushAgent } from "@tutti/gateway/testing";
import { silentLogger, systemFoundation } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Receiver } from "../a2a/receiver.ts";
import { Installation } from "./installation.ts";

const held = "workflow: held\ntasks:\n  go: {wait: {signal: go}}\noutput: ${{ tasks.go.output }}\n";
const namespace = "default";

describe("push notifications", () => {
  it("are sent by another gateway when the gateway that has them is gone", async () => {
    await using receiver = await Receiver.open();
    await using installation = await Installation.open(["--gateway.privatePushUrls=true"]);
    const { mesh } = installation.host;
    await mesh.client(definitionService).registerDefinition({
      ...{ namespace: "", source: { format: SourceFormat.SOURCE_FORMAT_YAML, text: held, fileName: "" } },
      ...{ versionLabels: [], keepLatest: false },
    });
    const { clock, timers } = installation.keptHost;
    const dying = new PushAgent({
      foundation: systemFoundation({ clock, timers, logger: silentLogger }),
      host: { mesh, processId: "dying" },
      settings: { privatePushUrls: true },
    });
    const tutti = await installation.client({ namespace });
    const run = await tutti.run("held", { id: "task-1" });
    const config = { id: "", url: receiver.url("states"), token: "of-the-client" };
    const notifications = await dying.notifications();
    await notifications.create({ namespace, taskId: "task-1" }, config, AbortSignal.timeout(60_000));
    const [first] = await receiver.of("task-1", 1);
    assert.equal(first?.state, "TASK_STATE_INPUT_REQUIRED");
    let runId = "";
    for await (const push of tutti.runs.list({ labels: { "a2a.push": "task-1" } })) runId = push.runId;
    const running = ListTasksRequest.fromPartial({
      ...{ namespace, runId, statuses: [TaskStatus.TASK_STATUS_RUNNING] },
    });
    await until("the next change is waited for", async () => {
      const { tasks } = await mesh.client(taskService).listTasks(running);
      return tasks.find(({ taskId }) => taskId === "push#2.observe");
    });
    await dying.stop();
    await run.signal("go", "on");
    const all = await receiver.of("task-1", 2);
    assert.deepEqual([all[1]?.state, all[1]?.token], ["TASK_STATE_COMPLETED", "of-the-client"]);
    await tutti.close();
  });
});
