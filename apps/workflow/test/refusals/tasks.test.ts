import { Verdict } from "@tutti/contracts/types/v1";
import {
  AddTasksRequest,
  BringInOutcomesRequest,
  DecideApprovalRequest,
  GetTaskRequest,
  GetTimelineRequest,
  ListApprovalsRequest,
  ListTasksRequest,
  RepairTaskRequest,
  taskService,
  WatchApprovalsRequest,
  WatchOutputRequest,
  WithdrawTasksRequest,
} from "@tutti/contracts/workflow/v1";
import { describeRefusals } from "@tutti/host/testing";
import { workflow } from "../../src/service.ts";

const long = "x".repeat(2_000);
const runId = "run_1";
const taskId = "ship";
const added = { id: taskId, work: { $case: "capability" as const, value: "ship.box" } };
const skip = { $case: "skip" as const, value: { skipDependents: false } };

describeRefusals({
  contract: taskService,
  services: [workflow],
  table: {
    listTasks: {
      malformed: ListTasksRequest.fromPartial({ runId: "" }),
      field: "run_id",
      tooLarge: ListTasksRequest.fromPartial({ runId, text: long }),
    },
    getTask: {
      malformed: GetTaskRequest.fromPartial({ runId }),
      field: "task_id",
      tooLarge: GetTaskRequest.fromPartial({ runId, taskId: long }),
    },
    watchOutput: {
      malformed: WatchOutputRequest.fromPartial({ runId }),
      field: "task_id",
      tooLarge: WatchOutputRequest.fromPartial({ runId, taskId, cursor: long }),
    },
    getTimeline: {
      malformed: GetTimelineRequest.fromPartial({ runId, childDepth: 9 }),
      field: "child_depth",
      tooLarge: GetTimelineRequest.fromPartial({ runId, page: { token: long } }),
    },
    repairTask: {
      malformed: RepairTaskRequest.fromPartial({ runId, taskId, repair: skip }),
      field: "reason",
      tooLarge: RepairTaskRequest.fromPartial({ runId, taskId, repair: skip, reason: long }),
    },
    addTasks: {
      malformed: AddTasksRequest.fromPartial({ runId }),
      field: "tasks",
      tooLarge: AddTasksRequest.fromPartial({ runId, tasks: [added], reason: long }),
    },
    withdrawTasks: {
      malformed: WithdrawTasksRequest.fromPartial({ runId }),
      field: "task_ids",
      tooLarge: WithdrawTasksRequest.fromPartial({ runId, taskIds: [taskId], reason: long }),
    },
    bringInOutcomes: {
      malformed: BringInOutcomesRequest.fromPartial({ runId, outcomes: [{ taskId }] }),
      field: "outcomes[0].outcome",
      tooLarge: BringInOutcomesRequest.fromPartial({ runId, outcomes: [{ taskId: long }] }),
    },
    listApprovals: {
      malformed: ListApprovalsRequest.fromPartial({ filter: { workId: "a b" } }),
      field: "filter.work_id",
      tooLarge: ListApprovalsRequest.fromPartial({ filter: { text: long } }),
    },
    watchApprovals: {
      malformed: WatchApprovalsRequest.fromPartial({ namespace: "Default" }),
      field: "namespace",
      tooLarge: WatchApprovalsRequest.fromPartial({ cursor: long }),
    },
    decideApproval: {
      malformed: DecideApprovalRequest.fromPartial({ runId, approvalId: "a" }),
      field: "verdict",
      tooLarge: DecideApprovalRequest.fromPartial({
        runId,
        approvalId: "a",
        verdict: Verdict.VERDICT_APPROVED,
        reason: long,
      }),
    },
  },
});
