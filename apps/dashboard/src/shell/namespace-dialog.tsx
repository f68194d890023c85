import { type FormEvent, useState } from "react";
import { pathIn } from "../data/in-namespace.ts";
import { pageError, send } from "../data/send.ts";
import { currentNamespace, namespacesUsed, openNamespace } from "../effects/namespace.ts";
import { Dialog } from "../elements/dialog.tsx";
import { TextField } from "../elements/fields.tsx";

/** Switches the namespace of the dashboard. A namespace without any work is valid too. */
export function NamespaceDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog title="Switch namespace" open={open} onClose={onClose}>
      <Choice />
    </Dialog>
  );
}

function Choice() {
  const now = currentNamespace();
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string | undefined>();
  const enter = async (event: FormEvent) => {
    event.preventDefault();
    const trimmed = name.trim();
    if (trimmed === "") return setProblem("Enter the name of a namespace.");
    try {
      // The platform rejects an invalid name and returns the message.
      await send({ method: "GET", path: pathIn(trimmed, "/v1/runs?size=1") });
      openNamespace(trimmed);
    } catch (error) {
      const { fields, message } = pageError(error);
      setProblem(fields[0]?.message ?? message);
    }
  };
  return (
    <form className="namespace-choice" onSubmit={(event) => void enter(event)}>
      <p className="soft">
        A namespace has its own runs, workflows, schedules and workers. Current namespace: <b>{now}</b>.
      </p>
      <ul className="namespace-known">
        {namespacesUsed()
          .filter((each) => each !== now)
          .map((each) => (
            <li key={each}>
              <button type="button" className="press" onClick={() => openNamespace(each)}>
                {each}
              </button>
            </li>
          ))}
      </ul>
      <TextField label="Namespace" value={name} onChange={setName} problem={problem} code />
      <button type="submit" className="press main">
        Switch namespace
      </button>
    </form>
  );
}
