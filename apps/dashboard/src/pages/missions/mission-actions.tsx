import type { Mission } from "@tutti/rest/types";
import { useState } from "react";
import { Action } from "../../elements/action.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { TextField } from "../../elements/fields.tsx";
import { actionCall, actionCommand, actionsOf, type MissionAction } from "./mission.ts";

/** What can be done with the mission, each asked once more, and why. */
export function MissionActions({ mission }: { mission: Mission }) {
  const [asked, setAsked] = useState<MissionAction>();
  const { missionId } = mission;
  return (
    <>
      {actionsOf(mission).map((action) => (
        <Action
          key={action.verb}
          label={action.label}
          weight={action.weight}
          call={actionCall(missionId, action, "")}
          command={actionCommand(missionId, action, "")}
          perform={() => {
            setAsked(action);
            return undefined;
          }}
        >
          {action.label} …
        </Action>
      ))}
      <Dialog
        title={`${asked?.label ?? ""} ${missionId}`}
        open={asked !== undefined}
        onClose={() => setAsked(undefined)}
      >
        {asked === undefined ? null : (
          <Sure missionId={missionId} action={asked} onDone={() => setAsked(undefined)} />
        )}
      </Dialog>
    </>
  );
}

function Sure(options: { missionId: string; action: MissionAction; onDone: () => void }) {
  const { missionId, action } = options;
  const [reason, setReason] = useState("");
  return (
    <form className="mission-sure" onSubmit={(event) => event.preventDefault()}>
      <p>{action.question}</p>
      <TextField label="Why" value={reason} onChange={setReason} hint="Kept with it, beside your name." />
      <div className="dialog-foot">
        <Action
          label={action.label}
          weight={action.weight}
          submit
          call={actionCall(missionId, action, reason.trim())}
          command={actionCommand(missionId, action, reason.trim())}
          said={action.said}
          onDone={options.onDone}
        />
      </div>
    </form>
  );
}
