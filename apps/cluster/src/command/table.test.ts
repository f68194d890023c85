import assert from "node:assert/strict";
import { it } from "node:test";
import type { ClusterState } from "../running/state-file.ts";
import { tableOf } from "./table.ts";

it("the table of a cluster has the status and the restarts of each process", () => {
  const member = (name: string, fields: { pid?: number; restarts?: number; lastEnd?: string }) => ({
    ...{ name, kind: "workflow" as const, ports: { http: 1, grpc: 2 }, log: "" },
    ...{ pid: fields.pid, restarts: fields.restarts ?? 0, lastEnd: fields.lastEnd ?? "" },
  });
  const state: Pick<ClusterState, "members"> = {
    members: [
      member("workflow-1", { pid: 7 }),
      member("workflow-2", { pid: 8, restarts: 2 }),
      member("workflow-3", { lastEnd: "SIGKILL", restarts: 1 }),
    ],
  };
  const readiness = [
    { isReady: true, reason: "" },
    { isReady: false, reason: "starting" },
  ];
  assert.deepEqual(
    tableOf(state, readiness)
      .split("\n")
      .map((line) => line.split(/ {2,}/).at(-1)),
    ["status", "ready", "starting (2 restarts)", "does not run: SIGKILL (1 restart)"],
  );
});
