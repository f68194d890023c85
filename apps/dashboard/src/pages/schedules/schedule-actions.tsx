import { useQueryClient } from "@tanstack/react-query";
import type { Schedule } from "@tutti/rest/types";
import { Action } from "../../elements/action.tsx";
import { type Call, commandLine } from "../../elements/spelled.ts";

/** Returns a function that reloads a schedule and the list. */
export function useScheduleRefresh(scheduleId: string): () => void {
  const queries = useQueryClient();
  return () => {
    void queries.invalidateQueries({ queryKey: ["schedules"] });
    void queries.invalidateQueries({ queryKey: ["schedule", scheduleId] });
  };
}

/** Actions on a schedule. */
export function ScheduleActions({ schedule }: { schedule: Schedule }) {
  const { scheduleId, paused } = schedule;
  const refresh = useScheduleRefresh(scheduleId);
  const call = (verb: string): Call => ({
    method: "POST",
    path: `/v1/schedules/${encodeURIComponent(scheduleId)}/${verb}`,
    body: {},
  });
  const verb = paused === true ? "resume" : "pause";
  return (
    <div className="page-actions">
      <Action
        label={paused === true ? "Resume schedule" : "Pause schedule"}
        call={call(verb)}
        command={commandLine("tutti", "schedule", verb, scheduleId)}
        onDone={refresh}
      />
      <Action
        label="Start run now"
        call={call("trigger")}
        command={commandLine("tutti", "schedule", "trigger", scheduleId)}
        doneText={`Fired ${scheduleId}.`}
        onDone={refresh}
      />
    </div>
  );
}
