import { useState } from "react";
import { Action } from "./action.tsx";
import { Dialog } from "./dialog.tsx";
import { type Steered, type Steering, steeringCall, steeringCommand } from "./steering.ts";
import { Sure } from "./sure.tsx";

/** Actions on a mission or a session, each with a confirmation and a reason. */
export function SteeringActions({ of, actions }: { of: Steered; actions: readonly Steering[] }) {
  const [requested, setRequested] = useState<Steering>();
  const what = of.kind.slice(0, -1);
  return (
    <>
      {actions.map((action) => (
        <Action
          key={action.verb}
          label={`${action.label} ${what}`}
          weight={action.weight}
          call={steeringCall(of, action, "")}
          command={steeringCommand(of, action, "")}
          perform={() => {
            setRequested(action);
            return undefined;
          }}
        >
          {action.label} {what} …
        </Action>
      ))}
      <Dialog
        title={`${requested?.label ?? ""} ${what} ${of.id}`}
        open={requested !== undefined}
        onClose={() => setRequested(undefined)}
      >
        {requested === undefined ? null : (
          <Sure
            action={requested}
            what={what}
            call={(reason) => steeringCall(of, requested, reason)}
            command={(reason) => steeringCommand(of, requested, reason)}
            onDone={() => setRequested(undefined)}
          />
        )}
      </Dialog>
    </>
  );
}
