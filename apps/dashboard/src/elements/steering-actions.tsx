import { useState } from "react";
import { Action } from "./action.tsx";
import { ConfirmForm } from "./confirm-form.tsx";
import { Dialog } from "./dialog.tsx";
import { type Steered, type Steering, steeringCall, steeringCommand } from "./steering.ts";

/** Actions on a mission or a session, each with a confirmation and a reason. */
export function SteeringActions({ of, actions }: { of: Steered; actions: readonly Steering[] }) {
  const [requested, setRequested] = useState<Steering>();
  const subject = of.kind.slice(0, -1);
  return (
    <>
      {actions.map((action) => (
        <Action
          key={action.verb}
          label={`${action.label} ${subject}`}
          weight={action.weight}
          call={steeringCall(of, action, "")}
          command={steeringCommand(of, action, "")}
          perform={() => {
            setRequested(action);
            return undefined;
          }}
        >
          {action.label} {subject} …
        </Action>
      ))}
      <Dialog
        title={`${requested?.label ?? ""} ${subject} ${of.id}`}
        open={requested !== undefined}
        onClose={() => setRequested(undefined)}
      >
        {requested === undefined ? null : (
          <ConfirmForm
            action={requested}
            subject={subject}
            call={(reason) => steeringCall(of, requested, reason)}
            command={(reason) => steeringCommand(of, requested, reason)}
            onDone={() => setRequested(undefined)}
          />
        )}
      </Dialog>
    </>
  );
}
