import { useState } from "react";
import { forgetUnsaved } from "../effects/unsaved.ts";
import { Action } from "./action.tsx";
import { TextField } from "./fields.tsx";
import type { Call } from "./spelled.ts";

/** An action that needs a confirmation. */
interface ConfirmedAction {
  readonly label: string;
  readonly weight: "main" | "plain" | "grave";
  readonly question?: string | undefined;
  readonly doneText: string;
}

export interface ConfirmFormOptions {
  readonly action: ConfirmedAction;
  /** Object of a label that is only a verb: `run`. */
  readonly subject?: string;
  /** Whether a reason is required. */
  readonly needsReason?: boolean;
  readonly call: (reason: string) => Call;
  /** Returns the same action as a CLI command, if there is one. */
  readonly command?: (reason: string) => string;
  readonly onDone: () => void;
}

/** Asks for a confirmation and a reason. */
export function ConfirmForm({
  action,
  subject,
  needsReason = false,
  call,
  command,
  onDone,
}: ConfirmFormOptions) {
  const [text, setText] = useState("");
  const reason = text.trim();
  return (
    <form className="sure" onSubmit={(event) => event.preventDefault()}>
      <p>{action.question}</p>
      <TextField
        label="Reason"
        value={text}
        required={needsReason}
        onChange={setText}
        hint="Recorded in the history with your name."
      />
      <div className="dialog-foot">
        <button
          type="button"
          className="press"
          onClick={({ currentTarget }) => {
            forgetUnsaved(currentTarget);
            currentTarget.closest("dialog")?.close();
          }}
        >
          Keep it
        </button>
        <Action
          label={subject === undefined ? action.label : `${action.label} ${subject}`}
          weight={action.weight}
          submit
          disabled={needsReason && reason === ""}
          call={call(reason)}
          command={command?.(reason)}
          doneText={action.doneText}
          onDone={onDone}
        />
      </div>
    </form>
  );
}
