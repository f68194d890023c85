import { useState } from "react";
import { Action } from "./action.tsx";
import { Dialog } from "./dialog.tsx";
import { type Steered, type Steering, steeringCall, steeringCommand } from "./steering.ts";
import { Sure } from "./sure.tsx";

/** Actions on a mission or a session, each with a confirmation and a reason. */
export function SteeringActions({ of, actions }: { of: Steered; actions: readonly Steering[] }) {
  const [asked, setAsked] = useState<Steering>();
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
            setAsked(action);
            return undefined;
          }}
        >
          {action.label} {what} …
        </Action>
      ))}
      <Dialog
        title={`${asked?.label ?? ""} ${what} ${of.id}`}
        open={asked !== undefined}
        onClose={() => setAsked(undefined)}
      >
        {asked === undefined ? null : (
          <Sure
            action={asked}
            what={what}
            call={(reason) => steeringCall(of, asked, reason)}
            command={(reason) => steeringCommand(of, asked, reason)}
            onDone={() => setAsked(undefined)}
          />
        )}
      </Dialog>
    </>
  );
}
