import {
  AwaitRunRequest,
  CancelRunRequest,
  CountRunsRequest,
  DeleteRunRequest,
  ExplainRunRequest,
  GetRunRequest,
  LabelRunRequest,
  ListRunsRequest,
  PauseRunRequest,
  QueryRunRequest,
  ReadHistoryRequest,
  ResetRunRequest,
  ResumeRunRequest,
  RetryRunRequest,
  runService,
  SignalRunRequest,
  SignalRunsRequest,
  StartRunRequest,
  StartRunsRequest,
  TerminateRunRequest,
  UpdateRunRequest,
  WatchRunRequest,
  WatchRunsRequest,
} from "@tutti/contracts/workflow/v1";
import { describeRefusals } from "@tutti/host/testing";
import { workflow } from "../../src/service.ts";

const long = "x".repeat(2_000);
const runId = "run_1";
const spec = { what: { $case: "definition" as const, value: { name: "order" } } };
const payload = { body: { $case: "inline" as const, value: Buffer.from(`"${long}"`) } };

describeRefusals({
  contract: runService,
  services: [workflow],
  table: {
    startRun: {
      malformed: StartRunRequest.fromPartial({ runId }),
      field: "spec",
      tooLarge: StartRunRequest.fromPartial({ spec: { ...spec, input: payload } }),
    },
    startRuns: {
      malformed: StartRunsRequest.fromPartial({ specs: [{ ...spec, priority: 101 }] }),
      field: "specs[0].priority",
      tooLarge: StartRunsRequest.fromPartial({ specs: [{ ...spec, input: payload }] }),
    },
    getRun: {
      malformed: GetRunRequest.fromPartial({ runId: "a b" }),
      field: "run_id",
      tooLarge: GetRunRequest.fromPartial({ runId: long }),
    },
    listRuns: {
      malformed: ListRunsRequest.fromPartial({ filter: { definitions: ["Order"] } }),
      field: "filter.definitions[0]",
      tooLarge: ListRunsRequest.fromPartial({ filter: { text: long } }),
    },
    countRuns: {
      malformed: CountRunsRequest.fromPartial({}),
      field: "by",
      tooLarge: CountRunsRequest.fromPartial({ by: 1, filter: { text: long } }),
    },
    watchRuns: {
      malformed: WatchRunsRequest.fromPartial({ namespace: "Default" }),
      field: "namespace",
      tooLarge: WatchRunsRequest.fromPartial({ cursor: long }),
    },
    watchRun: {
      malformed: WatchRunRequest.fromPartial({ runId: "" }),
      field: "run_id",
      tooLarge: WatchRunRequest.fromPartial({ runId, cursor: long }),
    },
    awaitRun: {
      malformed: AwaitRunRequest.fromPartial({ runId, waitMs: 60_001 }),
      field: "wait_ms",
      tooLarge: AwaitRunRequest.fromPartial({ runId: long }),
    },
    signalRun: {
      malformed: SignalRunRequest.fromPartial({ runId }),
      field: "signal",
      tooLarge: SignalRunRequest.fromPartial({ runId, signal: "go", payload }),
    },
    signalRuns: {
      malformed: SignalRunsRequest.fromPartial({ items: [{ runId: "a b", signal: "go" }] }),
      field: "items[0].run_id",
      tooLarge: SignalRunsRequest.fromPartial({ items: [{ runId, signal: "go", payload }] }),
    },
    queryRun: {
      malformed: QueryRunRequest.fromPartial({ runId }),
      field: "query",
      tooLarge: QueryRunRequest.fromPartial({ runId, query: "state", payload }),
    },
    updateRun: {
      malformed: UpdateRunRequest.fromPartial({ runId }),
      field: "update",
      tooLarge: UpdateRunRequest.fromPartial({ runId, update: "set", payload }),
    },
    labelRun: {
      malformed: LabelRunRequest.fromPartial({ runId, removedLabels: ["a b"] }),
      field: "removed_labels[0]",
      tooLarge: LabelRunRequest.fromPartial({ runId: long }),
    },
    pauseRun: {
      malformed: PauseRunRequest.fromPartial({ runId: "" }),
      field: "run_id",
      tooLarge: PauseRunRequest.fromPartial({ runId, reason: long }),
    },
    resumeRun: {
      malformed: ResumeRunRequest.fromPartial({ runId: "" }),
      field: "run_id",
      tooLarge: ResumeRunRequest.fromPartial({ runId, reason: long }),
    },
    cancelRun: {
      malformed: CancelRunRequest.fromPartial({ runId: "" }),
      field: "run_id",
      tooLarge: CancelRunRequest.fromPartial({ runId, reason: long }),
    },
    terminateRun: {
      malformed: TerminateRunRequest.fromPartial({ runId: "" }),
      field: "run_id",
      tooLarge: TerminateRunRequest.fromPartial({ runId, reason: long }),
    },
    retryRun: {
      malformed: RetryRunRequest.fromPartial({ runId: "" }),
      field: "run_id",
      tooLarge: RetryRunRequest.fromPartial({ runId, reason: long }),
    },
    resetRun: {
      malformed: ResetRunRequest.fromPartial({ runId, reason: "x" }),
      field: "to_event",
      tooLarge: ResetRunRequest.fromPartial({ runId, toEvent: 1, reason: long }),
    },
    readHistory: {
      malformed: ReadHistoryRequest.fromPartial({ runId, afterEvent: 1_000_001 }),
      field: "after_event",
      tooLarge: ReadHistoryRequest.fromPartial({ runId, taskId: long }),
    },
    deleteRun: {
      malformed: DeleteRunRequest.fromPartial({ runId: "a b" }),
      field: "run_id",
      tooLarge: DeleteRunRequest.fromPartial({ runId, reason: "x".repeat(5_000) }),
    },
    explainRun: {
      malformed: ExplainRunRequest.fromPartial({ runId: "" }),
      field: "run_id",
      tooLarge: ExplainRunRequest.fromPartial({ runId, taskId: long }),
    },
  },
});
