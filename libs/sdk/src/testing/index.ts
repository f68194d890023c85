export {
  type AgentRecording,
  type RecordedAgentEvent,
  type RecordedCall,
  type RecordedDecision,
  type ReplayedAgent,
  recordedTools,
  recordingOf,
  replayAgent,
} from "./agent-recording.ts";
export {
  type AgentCase,
  type AgentScore,
  type CompareAgentsOptions,
  type ComparedAgents,
  compareAgents,
  type JudgeOptions,
  judgedBy,
  type ScoredCase,
} from "./compare-agents.ts";
export type { HandlerCall } from "./crew.ts";
export type { DefinitionInput } from "./definitions.ts";
export type { TestEvent } from "./events.ts";
export { WorkflowTestError } from "./fault.ts";
export { type FrozenPlay, type FrozenWorkflow, frozenFrom, playFrozen } from "./freeze-agent.ts";
export type { HandlersInput, TestHandler, TestHandlers } from "./handlers.ts";
export type { HistoryEventInput, HistoryInput, RunHistory } from "./history.ts";
export type { PostOptions } from "./posted-events.ts";
export { recordedReplies } from "./recorded-replies.ts";
export { type Replayed, type ReplayOptions, replay } from "./replay/replay.ts";
export { type ReplayDurableOptions, type ReplayedFunction, replayDurable } from "./replay/replay-durable.ts";
export type { DecisionInput, TestQuestion, TestRun, TestTask } from "./run.ts";
export type { TestScheduleOptions } from "./schedules.ts";
export {
  type ModelScript,
  ScriptedModel,
  type ScriptedReply,
  type ScriptedRequest,
} from "./scripted-model.ts";
export { type DurableTestOptions, testDurable } from "./test-durable.ts";
export type { TestSchedule } from "./test-schedule.ts";
export { absent, busy, type Duration, delayed, failing, hanging, sleep } from "./waiting.ts";
export {
  type TestStartOptions,
  testWorkflow,
  type WorkflowTest,
  type WorkflowTestOptions,
} from "./workflow-test.ts";
