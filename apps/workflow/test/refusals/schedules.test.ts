import {
  BackfillScheduleRequest,
  CreateScheduleRequest,
  DeleteScheduleRequest,
  GetScheduleRequest,
  ListFiringsRequest,
  ListSchedulesRequest,
  PauseScheduleRequest,
  PreviewTimingRequest,
  ResumeScheduleRequest,
  scheduleService,
  TriggerScheduleRequest,
  UpdateScheduleRequest,
  WatchSchedulesRequest,
} from "@tutti/contracts/workflow/v1";
import { describeRefusals } from "@tutti/host/testing";
import { workflow } from "../../src/service.ts";

const long = "x".repeat(2_000);
const scheduleId = "nightly";
const schedule = {
  scheduleId,
  timing: { rules: [{ rule: { $case: "cron" as const, value: "0 3 * * *" } }] },
  run: { what: { $case: "definition" as const, value: { name: "report" } } },
};

describeRefusals({
  contract: scheduleService,
  services: [workflow],
  table: {
    createSchedule: {
      malformed: CreateScheduleRequest.fromPartial({ schedule: { ...schedule, timing: { rules: [] } } }),
      field: "schedule.timing.rules",
      tooLarge: CreateScheduleRequest.fromPartial({ schedule: { ...schedule, description: long } }),
    },
    getSchedule: {
      malformed: GetScheduleRequest.fromPartial({ scheduleId: "" }),
      field: "schedule_id",
      tooLarge: GetScheduleRequest.fromPartial({ scheduleId: long }),
    },
    listSchedules: {
      malformed: ListSchedulesRequest.fromPartial({ filter: { definitions: ["Report"] } }),
      field: "filter.definitions[0]",
      tooLarge: ListSchedulesRequest.fromPartial({ filter: { text: long } }),
    },
    watchSchedules: {
      malformed: WatchSchedulesRequest.fromPartial({ namespace: "Default" }),
      field: "namespace",
      tooLarge: WatchSchedulesRequest.fromPartial({ cursor: long }),
    },
    updateSchedule: {
      malformed: UpdateScheduleRequest.fromPartial({ schedule: { ...schedule, scheduleId: "" } }),
      field: "schedule.schedule_id",
      tooLarge: UpdateScheduleRequest.fromPartial({ schedule, reason: long }),
    },
    deleteSchedule: {
      malformed: DeleteScheduleRequest.fromPartial({ scheduleId: "a b" }),
      field: "schedule_id",
      tooLarge: DeleteScheduleRequest.fromPartial({ scheduleId, reason: long }),
    },
    pauseSchedule: {
      malformed: PauseScheduleRequest.fromPartial({ scheduleId: "" }),
      field: "schedule_id",
      tooLarge: PauseScheduleRequest.fromPartial({ scheduleId, reason: long }),
    },
    resumeSchedule: {
      malformed: ResumeScheduleRequest.fromPartial({ scheduleId: "" }),
      field: "schedule_id",
      tooLarge: ResumeScheduleRequest.fromPartial({ scheduleId, reason: long }),
    },
    triggerSchedule: {
      malformed: TriggerScheduleRequest.fromPartial({ scheduleId: "" }),
      field: "schedule_id",
      tooLarge: TriggerScheduleRequest.fromPartial({ scheduleId, reason: long }),
    },
    backfillSchedule: {
      malformed: BackfillScheduleRequest.fromPartial({ scheduleId }),
      field: "span",
      tooLarge: BackfillScheduleRequest.fromPartial({ scheduleId, span: {}, reason: long }),
    },
    listFirings: {
      malformed: ListFiringsRequest.fromPartial({ scheduleId: "" }),
      field: "schedule_id",
      tooLarge: ListFiringsRequest.fromPartial({ scheduleId: long }),
    },
    previewTiming: {
      malformed: PreviewTimingRequest.fromPartial({ timing: schedule.timing, count: 2_000 }),
      field: "count",
      tooLarge: PreviewTimingRequest.fromPartial({ timing: { ...schedule.timing, timeZone: long } }),
    },
  },
});
