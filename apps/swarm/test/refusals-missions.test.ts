import {
  AddTasksRequest,
  AwaitMissionRequest,
  BringInOutcomesRequest,
  boardService,
  CancelMissionRequest,
  CastVoteRequest,
  ClaimTasksRequest,
  CloseVoteRequest,
  CompleteTasksRequest,
  DecideMissionApprovalRequest,
  DelegateTaskRequest,
  DeleteMissionRequest,
  ExplainMissionRequest,
  GetBudgetRequest,
  GetEntriesRequest,
  GetMissionRequest,
  GetMissionTimelineRequest,
  HandOffTaskRequest,
  JoinMissionRequest,
  LeaveMissionRequest,
  ListEntriesRequest,
  ListMessagesRequest,
  ListMissionApprovalsRequest,
  ListMissionsRequest,
  ListTasksRequest,
  ListVotesRequest,
  missionService,
  OpenVoteRequest,
  ParticipateRequest,
  PauseMissionRequest,
  PutEntriesRequest,
  ReleaseTasksRequest,
  RenewClaimsRequest,
  ReserveBudgetRequest,
  ResumeMissionRequest,
  ReturnBudgetRequest,
  SendMessagesRequest,
  SignalMissionRequest,
  SpendBudgetRequest,
  StartMissionRequest,
  TerminateMissionRequest,
  WatchEntriesRequest,
  WatchMessagesRequest,
  WatchMissionRequest,
  WatchMissionsRequest,
  WatchTaskOutputRequest,
  WithdrawTasksRequest,
} from "@tutti/contracts/swarm/v1";
import { Verdict } from "@tutti/contracts/types/v1";
import { describeRefusals } from "@tutti/host/testing";
import { swarm } from "../src/service.ts";

const services = [swarm];
const long = "x".repeat(2_000);
const missionId = "mission_1";
const agentId = "agent-1";
const amounts = { tokens: 1 };
const task = { id: "a", work: { $case: "capability" as const, value: "text.write" } };
const to = { target: { $case: "agentId" as const, value: "b" } };
const voteId = "colour";
const options = [{ option: "red" }, { option: "blue" }];
const output = { $case: "output" as const, value: {} };

describeRefusals({
  contract: missionService,
  services,
  table: {
    startMission: {
      malformed: StartMissionRequest.fromPartial({ missionId }),
      field: "what",
      tooLarge: StartMissionRequest.fromPartial({ what: { $case: "spec", value: { goal: long } } }),
    },
    getMission: {
      malformed: GetMissionRequest.fromPartial({}),
      field: "mission_id",
      tooLarge: GetMissionRequest.fromPartial({ missionId: long }),
    },
    listMissions: {
      malformed: ListMissionsRequest.fromPartial({ filter: { missionIds: ["a b"] } }),
      field: "filter.mission_ids[0]",
      tooLarge: ListMissionsRequest.fromPartial({ filter: { text: long } }),
    },
    watchMissions: {
      malformed: WatchMissionsRequest.fromPartial({ filter: { missionIds: ["a b"] } }),
      field: "filter.mission_ids[0]",
      tooLarge: WatchMissionsRequest.fromPartial({ cursor: long }),
    },
    watchMission: {
      malformed: WatchMissionRequest.fromPartial({}),
      field: "mission_id",
      tooLarge: WatchMissionRequest.fromPartial({ missionId, cursor: long }),
    },
    awaitMission: {
      malformed: AwaitMissionRequest.fromPartial({ missionId, waitMs: 90_000 }),
      field: "wait_ms",
      tooLarge: AwaitMissionRequest.fromPartial({ missionId: long }),
    },
    signalMission: {
      malformed: SignalMissionRequest.fromPartial({ missionId }),
      field: "signal",
      tooLarge: SignalMissionRequest.fromPartial({ missionId, signal: "go", idempotencyKey: long }),
    },
    pauseMission: {
      malformed: PauseMissionRequest.fromPartial({}),
      field: "mission_id",
      tooLarge: PauseMissionRequest.fromPartial({ missionId, reason: long }),
    },
    resumeMission: {
      malformed: ResumeMissionRequest.fromPartial({}),
      field: "mission_id",
      tooLarge: ResumeMissionRequest.fromPartial({ missionId, reason: long }),
    },
    cancelMission: {
      malformed: CancelMissionRequest.fromPartial({}),
      field: "mission_id",
      tooLarge: CancelMissionRequest.fromPartial({ missionId, reason: long }),
    },
    terminateMission: {
      malformed: TerminateMissionRequest.fromPartial({}),
      field: "mission_id",
      tooLarge: TerminateMissionRequest.fromPartial({ missionId, reason: long }),
    },
    deleteMission: {
      malformed: DeleteMissionRequest.fromPartial({}),
      field: "mission_id",
      tooLarge: DeleteMissionRequest.fromPartial({ missionId, reason: long }),
    },
    explainMission: {
      malformed: ExplainMissionRequest.fromPartial({}),
      field: "mission_id",
      tooLarge: ExplainMissionRequest.fromPartial({ missionId, taskId: long }),
    },
    getMissionTimeline: {
      malformed: GetMissionTimelineRequest.fromPartial({ missionId, childDepth: 9 }),
      field: "child_depth",
      tooLarge: GetMissionTimelineRequest.fromPartial({ missionId, page: { token: long } }),
    },
    listMissionApprovals: {
      malformed: ListMissionApprovalsRequest.fromPartial({ filter: { workId: "a b" } }),
      field: "filter.work_id",
      tooLarge: ListMissionApprovalsRequest.fromPartial({ filter: { text: long } }),
    },
    decideMissionApproval: {
      malformed: DecideMissionApprovalRequest.fromPartial({ missionId, approvalId: "q1" }),
      field: "verdict",
      tooLarge: DecideMissionApprovalRequest.fromPartial({
        ...{ missionId, approvalId: "q1", verdict: Verdict.VERDICT_APPROVED, reason: long },
      }),
    },
  },
});

describeRefusals({
  contract: boardService,
  services,
  table: {
    participate: {
      malformed: ParticipateRequest.fromPartial({ missionId: "a b", agentId }),
      field: "mission_id",
      tooLarge: ParticipateRequest.fromPartial({ missionId, agentId, interest: { entryPrefixes: [long] } }),
    },
    joinMission: {
      malformed: JoinMissionRequest.fromPartial({ missionId, agentId: "a b" }),
      field: "agent_id",
      tooLarge: JoinMissionRequest.fromPartial({ missionId, agentId, topics: [long] }),
    },
    leaveMission: {
      malformed: LeaveMissionRequest.fromPartial({ missionId, agentId: "a b" }),
      field: "agent_id",
      tooLarge: LeaveMissionRequest.fromPartial({ missionId, agentId, reason: long }),
    },
    addTasks: {
      malformed: AddTasksRequest.fromPartial({ missionId }),
      field: "tasks",
      tooLarge: AddTasksRequest.fromPartial({ missionId, tasks: [task], idempotencyKey: long }),
    },
    withdrawTasks: {
      malformed: WithdrawTasksRequest.fromPartial({ missionId }),
      field: "task_ids",
      tooLarge: WithdrawTasksRequest.fromPartial({ missionId, taskIds: ["a"], reason: long }),
    },
    bringInOutcomes: {
      malformed: BringInOutcomesRequest.fromPartial({ missionId }),
      field: "outcomes",
      tooLarge: BringInOutcomesRequest.fromPartial({ missionId, outcomes: [{ taskId: long }] }),
    },
    listTasks: {
      malformed: ListTasksRequest.fromPartial({ missionId, claimedBy: "a b" }),
      field: "claimed_by",
      tooLarge: ListTasksRequest.fromPartial({ missionId, text: long }),
    },
    claimTasks: {
      malformed: ClaimTasksRequest.fromPartial({ missionId, agentId, count: 2_000 }),
      field: "count",
      tooLarge: ClaimTasksRequest.fromPartial({ missionId, agentId, idempotencyKey: long }),
    },
    renewClaims: {
      malformed: RenewClaimsRequest.fromPartial({ missionId, agentId }),
      field: "renewals",
      tooLarge: RenewClaimsRequest.fromPartial({
        ...{ missionId, agentId, renewals: [{ claimId: "c0.1", message: long }] },
      }),
    },
    releaseTasks: {
      malformed: ReleaseTasksRequest.fromPartial({ missionId, agentId }),
      field: "claim_ids",
      tooLarge: ReleaseTasksRequest.fromPartial({ missionId, agentId, claimIds: ["c0.1"], reason: long }),
    },
    completeTasks: {
      malformed: CompleteTasksRequest.fromPartial({ missionId, agentId }),
      field: "ends",
      tooLarge: CompleteTasksRequest.fromPartial({
        ...{ missionId, agentId, ends: [{ claimId: long, outcome: output }] },
      }),
    },
    handOffTask: {
      malformed: HandOffTaskRequest.fromPartial({ missionId, agentId, claimId: "c0.1" }),
      field: "to",
      tooLarge: HandOffTaskRequest.fromPartial({
        ...{ missionId, agentId, claimId: "c0.1", reason: long },
        to: { $case: "toRole", value: "expert" },
      }),
    },
    delegateTask: {
      malformed: DelegateTaskRequest.fromPartial({ missionId, agentId, claimId: "c0.1" }),
      field: "task",
      tooLarge: DelegateTaskRequest.fromPartial({
        ...{ missionId, agentId, claimId: "c0.1", task, idempotencyKey: long },
      }),
    },
    getEntries: {
      malformed: GetEntriesRequest.fromPartial({ missionId }),
      field: "keys",
      tooLarge: GetEntriesRequest.fromPartial({ missionId, keys: [long] }),
    },
    listEntries: {
      malformed: ListEntriesRequest.fromPartial({ missionId: "a b" }),
      field: "mission_id",
      tooLarge: ListEntriesRequest.fromPartial({ missionId, prefix: long }),
    },
    putEntries: {
      malformed: PutEntriesRequest.fromPartial({ missionId }),
      field: "writes",
      tooLarge: PutEntriesRequest.fromPartial({ missionId, writes: [{ key: "a" }], idempotencyKey: long }),
    },
    watchEntries: {
      malformed: WatchEntriesRequest.fromPartial({ missionId: "a b" }),
      field: "mission_id",
      tooLarge: WatchEntriesRequest.fromPartial({ missionId, cursor: long }),
    },
    watchTaskOutput: {
      malformed: WatchTaskOutputRequest.fromPartial({ missionId }),
      field: "task_id",
      tooLarge: WatchTaskOutputRequest.fromPartial({ missionId, taskId: "a", cursor: long }),
    },
    sendMessages: {
      malformed: SendMessagesRequest.fromPartial({ missionId }),
      field: "messages",
      tooLarge: SendMessagesRequest.fromPartial({ missionId, messages: [{ to }], idempotencyKey: long }),
    },
    listMessages: {
      malformed: ListMessagesRequest.fromPartial({ missionId, taskId: "a b" }),
      field: "task_id",
      tooLarge: ListMessagesRequest.fromPartial({ missionId, page: { token: long } }),
    },
    watchMessages: {
      malformed: WatchMessagesRequest.fromPartial({ missionId, agentId: "a b" }),
      field: "agent_id",
      tooLarge: WatchMessagesRequest.fromPartial({ missionId, agentId: long }),
    },
    openVote: {
      malformed: OpenVoteRequest.fromPartial({ missionId, vote: { voteId, question: "?" } }),
      field: "vote.options",
      tooLarge: OpenVoteRequest.fromPartial({ missionId, vote: { voteId, options, question: long } }),
    },
    castVote: {
      malformed: CastVoteRequest.fromPartial({ missionId, agentId, voteId }),
      field: "ranking",
      tooLarge: CastVoteRequest.fromPartial({ missionId, agentId, voteId, ranking: ["red"], reason: long }),
    },
    closeVote: {
      malformed: CloseVoteRequest.fromPartial({ missionId }),
      field: "vote_id",
      tooLarge: CloseVoteRequest.fromPartial({ missionId, voteId, reason: long }),
    },
    listVotes: {
      malformed: ListVotesRequest.fromPartial({ missionId, voteIds: ["a b"] }),
      field: "vote_ids[0]",
      tooLarge: ListVotesRequest.fromPartial({ missionId, page: { token: long } }),
    },
    getBudget: {
      malformed: GetBudgetRequest.fromPartial({ missionId: "a b" }),
      field: "mission_id",
      tooLarge: GetBudgetRequest.fromPartial({ missionId: long }),
    },
    reserveBudget: {
      malformed: ReserveBudgetRequest.fromPartial({ missionId }),
      field: "amounts",
      tooLarge: ReserveBudgetRequest.fromPartial({ missionId, amounts, idempotencyKey: long }),
    },
    spendBudget: {
      malformed: SpendBudgetRequest.fromPartial({ missionId, amounts }),
      field: "reservation_id",
      tooLarge: SpendBudgetRequest.fromPartial({
        ...{ missionId, amounts, reservationId: "r1", idempotencyKey: long },
      }),
    },
    returnBudget: {
      malformed: ReturnBudgetRequest.fromPartial({ missionId }),
      field: "reservation_id",
      tooLarge: ReturnBudgetRequest.fromPartial({ missionId, reservationId: long }),
    },
  },
});
