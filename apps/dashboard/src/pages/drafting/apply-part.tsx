import { useState } from "react";
import { type PageError, send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { problemsOfRefusal } from "../../elements/editing.ts";
import { TextField } from "../../elements/fields.tsx";
import { Failure, Part } from "../../elements/parts.tsx";
import type { Call } from "../../elements/spelled.ts";

/** The last step of a draft: puts it into effect, with a reason. */
export function ApplyPart(options: {
  title: string;
  label: string;
  /** `set` or `applied`. */
  done: string;
  isListed: boolean;
  callOf: (reason: string) => Call;
  commandOf: (reason: string) => string;
  refused: PageError | undefined;
  onRefused: (error: PageError) => void;
  onDone: (reply: unknown) => void;
}) {
  const { title, label, done, isListed, callOf, commandOf, refused, onRefused, onDone } = options;
  const [text, setText] = useState("");
  const reason = text.trim();
  const call = callOf(reason);
  return (
    <Part title={title}>
      {refused === undefined ? null : <Refusal done={done} refused={refused} />}
      <form className="apply" onSubmit={(event) => event.preventDefault()}>
        <TextField
          label="Reason"
          value={text}
          onChange={setText}
          hint="Recorded with the version and your name."
        />
        <Action
          label={label}
          weight={isListed ? "main" : "plain"}
          submit
          disabled={!isListed}
          call={call}
          command={commandOf(reason)}
          perform={() => send(call)}
          onDone={onDone}
          onError={onRefused}
        />
        {isListed ? null : <p className="small soft">Fix all problems and show the impact first.</p>}
      </form>
    </Part>
  );
}

function Refusal({ done, refused }: { done: string; refused: PageError }) {
  return (
    <>
      <Failure title={`Not ${done}`} message={refused.message} code={refused.code} />
      <ul className="problems">
        {problemsOfRefusal(refused).map(({ message, line, path }) => (
          <li key={`${line} ${path} ${message}`} className="small">
            {line === undefined ? path : `line ${line}`}: {message}
          </li>
        ))}
      </ul>
    </>
  );
}
