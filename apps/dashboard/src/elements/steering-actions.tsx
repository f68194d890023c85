import { useState } from "react";
import { Action } from "./action.tsx";
import { Dialog } from "./dialog.tsx";
import { type Steered, type Steering, steeringCall, steeringCommand } from "./steering.ts";
import { Sure } from "./sure.tsx";

/** What can be done with it, each asked once more, and why. */
export function SteeringActions({ of, actions }: { of: Steered; actions: readonly Steering[] }) {
  const [asked, setAsked] = useState<Steering>();
  return (
    <>
      {actions.map((action) => (
        <Action
          key={action.verb}
          label={action.label}
          weight={action.weight}
          call={steeringCall(of, action, "")}
          command={steeringCommand(of, action, "")}
          perform={() => {
            setAsked(action);
            return undefined;
          }}
        >
          {action.label} …
        </Action>
      ))}
      <Dialog
        title={`${asked?.label ?? ""} ${of.id}`}
        open={asked !== undefined}
        onClose={() => setAsked(undefined)}
      >
        {asked === undefined ? null : (
          <Sure
            action={asked}
            what={of.kind.slice(0, -1)}
            call={(reason) => steeringCall(of, asked, reason)}
            command={(reason) => steeringCommand(of, asked, reason)}
            onDone={() => setAsked(undefined)}
          />
        )}
      </Dialog>
    </>
  );
}
