import { useQueryClient } from "@tanstack/react-query";
import type { Trigger } from "@tutti/rest/types";
import { Action } from "../../elements/action.tsx";
import { type Call, commandLine } from "../../elements/spelled.ts";

/** Returns a call about one trigger. */
export function triggerCall(triggerId: string, below: string, body: unknown = {}): Call {
  return { method: "POST", path: `/v1/triggers/${encodeURIComponent(triggerId)}/${below}`, body };
}

/** Returns a function that reloads triggers. */
export function useRefresh(): () => void {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: ["triggers"] });
}

export function PauseOrResume({ trigger }: { trigger: Trigger }) {
  const { triggerId, paused } = trigger;
  const verb = paused === true ? "resume" : "pause";
  return (
    <Action
      label={paused === true ? "Resume trigger" : "Pause trigger"}
      call={triggerCall(triggerId, verb)}
      command={commandLine("tutti", "trigger", verb, triggerId)}
      onDone={useRefresh()}
    />
  );
}
