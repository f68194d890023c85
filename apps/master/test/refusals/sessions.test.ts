import {
  AddTasksRequest,
  AwaitSessionRequest,
  CancelSessionRequest,
  CompareModesRequest,
  DeleteSessionRequest,
  ExecuteSessionRequest,
  ExplainSessionRequest,
  GetPlanRequest,
  GetSessionRequest,
  GetSessionTimelineRequest,
  ListSessionsRequest,
  ListTasksRequest,
  MoveTasksRequest,
  PauseSessionRequest,
  ResumeSessionRequest,
  RetrySessionRequest,
  SignalSessionRequest,
  sessionService,
  TerminateSessionRequest,
  WatchSessionRequest,
  WatchSessionsRequest,
} from "@tutti/contracts/session/v1";
import { describeRefusals } from "@tutti/host/testing";
import { master } from "../../src/service.ts";

const long = "x".repeat(5_000);
const sessionId = "night";
const work = { $case: "capability", value: "pay.charge" } as const;
const tasks = [{ id: "a", work }];

describeRefusals({
  contract: sessionService,
  service: "master",
  services: [master],
  table: {
    executeSession: {
      malformed: ExecuteSessionRequest.fromPartial({
        spec: { work: { $case: "tasks", value: { tasks: [{ id: "a b", work }] } } },
      }),
      field: "spec.tasks.tasks[0].id",
      tooLarge: ExecuteSessionRequest.fromPartial({
        spec: { title: long, work: { $case: "tasks", value: { tasks } } },
      }),
    },
    getSession: {
      malformed: GetSessionRequest.fromPartial({ sessionId: "" }),
      field: "session_id",
      tooLarge: GetSessionRequest.fromPartial({ sessionId: long }),
    },
    listSessions: {
      malformed: ListSessionsRequest.fromPartial({ filter: { sessionIds: ["a b"] } }),
      field: "filter.session_ids[0]",
      tooLarge: ListSessionsRequest.fromPartial({ filter: { text: long } }),
    },
    watchSessions: {
      malformed: WatchSessionsRequest.fromPartial({ filter: { sessionIds: ["a b"] } }),
      field: "filter.session_ids[0]",
      tooLarge: WatchSessionsRequest.fromPartial({ cursor: long }),
    },
    watchSession: {
      malformed: WatchSessionRequest.fromPartial({ sessionId: "" }),
      field: "session_id",
      tooLarge: WatchSessionRequest.fromPartial({ sessionId, cursor: long }),
    },
    listTasks: {
      malformed: ListTasksRequest.fromPartial({ sessionId, partId: "a b" }),
      field: "part_id",
      tooLarge: ListTasksRequest.fromPartial({ sessionId: long }),
    },
    awaitSession: {
      malformed: AwaitSessionRequest.fromPartial({ sessionId, waitMs: 60_001 }),
      field: "wait_ms",
      tooLarge: AwaitSessionRequest.fromPartial({ sessionId: long }),
    },
    signalSession: {
      malformed: SignalSessionRequest.fromPartial({ sessionId, signal: "" }),
      field: "signal",
      tooLarge: SignalSessionRequest.fromPartial({ sessionId, signal: "go", idempotencyKey: long }),
    },
    addTasks: {
      malformed: AddTasksRequest.fromPartial({ sessionId, tasks: [{ id: "a b", work }] }),
      field: "tasks[0].id",
      tooLarge: AddTasksRequest.fromPartial({ sessionId, tasks, idempotencyKey: long }),
    },
    pauseSession: {
      malformed: PauseSessionRequest.fromPartial({ sessionId: "" }),
      field: "session_id",
      tooLarge: PauseSessionRequest.fromPartial({ sessionId, reason: long }),
    },
    resumeSession: {
      malformed: ResumeSessionRequest.fromPartial({ sessionId: "" }),
      field: "session_id",
      tooLarge: ResumeSessionRequest.fromPartial({ sessionId, reason: long }),
    },
    cancelSession: {
      malformed: CancelSessionRequest.fromPartial({ sessionId: "" }),
      field: "session_id",
      tooLarge: CancelSessionRequest.fromPartial({ sessionId, reason: long }),
    },
    terminateSession: {
      malformed: TerminateSessionRequest.fromPartial({ sessionId: "" }),
      field: "session_id",
      tooLarge: TerminateSessionRequest.fromPartial({ sessionId, reason: long }),
    },
    retrySession: {
      malformed: RetrySessionRequest.fromPartial({ sessionId, taskIds: ["a b"] }),
      field: "task_ids[0]",
      tooLarge: RetrySessionRequest.fromPartial({ sessionId, reason: long }),
    },
    deleteSession: {
      malformed: DeleteSessionRequest.fromPartial({ sessionId: "" }),
      field: "session_id",
      tooLarge: DeleteSessionRequest.fromPartial({ sessionId, reason: long }),
    },
    moveTasks: {
      malformed: MoveTasksRequest.fromPartial({ sessionId, taskIds: ["a b"], mode: 2 }),
      field: "task_ids[0]",
      tooLarge: MoveTasksRequest.fromPartial({ sessionId, taskIds: ["a"], mode: 2, reason: long }),
    },
    explainSession: {
      malformed: ExplainSessionRequest.fromPartial({ sessionId: "" }),
      field: "session_id",
      tooLarge: ExplainSessionRequest.fromPartial({ sessionId, taskId: long }),
    },
    getSessionTimeline: {
      malformed: GetSessionTimelineRequest.fromPartial({ sessionId, childDepth: 9 }),
      field: "child_depth",
      tooLarge: GetSessionTimelineRequest.fromPartial({ sessionId, page: { token: long } }),
    },
    getPlan: {
      malformed: GetPlanRequest.fromPartial({ sessionId: "" }),
      field: "session_id",
      tooLarge: GetPlanRequest.fromPartial({ sessionId: long }),
    },
    compareModes: {
      malformed: CompareModesRequest.fromPartial({ sessionId: "" }),
      field: "session_id",
      tooLarge: CompareModesRequest.fromPartial({ sessionId: long }),
    },
  },
});
