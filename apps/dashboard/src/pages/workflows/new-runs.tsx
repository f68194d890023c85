/** The share of new runs that take a version, and its change. */
import { useQueryClient } from "@tanstack/react-query";
import type { Rollout } from "@tutti/rest/types";
import { useState } from "react";
import { Action } from "../../elements/action.tsx";
import { Dialog } from "../../elements/dialog.tsx";
import { TextField } from "../../elements/fields.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { newRunsOf, percentProblem } from "./rollout.ts";

export interface VersionOfWorkflow {
  readonly name: string;
  readonly hash: string;
  readonly labels: readonly string[];
  readonly rollout: Rollout | undefined;
}

export function NewRuns(version: VersionOfWorkflow) {
  const [open, setOpen] = useState(false);
  const { labels, hash } = version;
  const percent = newRunsOf(version);
  const shown = labels.find((label) => label !== "latest") ?? hash.slice(0, 12);
  return (
    <span className="workflow-tags">
      {percent === 0 ? null : <span>{percent} %</span>}
      {labels.includes("latest") ? null : (
        <>
          <button type="button" className="press quiet" onClick={() => setOpen(true)}>
            Roll out …
          </button>
          <Dialog title={`Roll out ${version.name}@${shown}`} open={open} onClose={() => setOpen(false)}>
            <RollOutForm version={version} shown={shown} percent={percent} onClose={() => setOpen(false)} />
          </Dialog>
        </>
      )}
    </span>
  );
}

function RollOutForm({
  version: { name, hash, labels },
  shown,
  percent,
  onClose,
}: {
  version: VersionOfWorkflow;
  shown: string;
  percent: number;
  onClose: () => void;
}) {
  const queries = useQueryClient();
  const [draft, setDraft] = useState(percent === 0 ? "10" : String(percent));
  const problem = percentProblem(draft);
  const version = labels.find((label) => label !== "latest") ?? hash;
  return (
    <form noValidate onSubmit={(event) => event.preventDefault()}>
      <p>
        The latest version takes the other new runs. With 100 this version becomes the latest one. Runs that
        have started stay on their version.
      </p>
      <TextField
        label="Part of new runs"
        hint="percent, 0 to 100"
        value={draft}
        problem={problem}
        onChange={setDraft}
      />
      <div className="dialog-foot">
        <button type="button" className="press" onClick={onClose}>
          Close
        </button>
        <Action
          label="Roll out version"
          weight="main"
          submit
          disabled={problem !== undefined}
          call={{
            method: "POST",
            path: `/v1/workflows/${encodeURIComponent(name)}/rollout`,
            body: { version, percent: Number(draft) },
          }}
          command={commandLine(...["tutti", "workflow", "rollout", `${name}@${version}`, "--percent", draft])}
          doneText={`${name}@${shown} takes ${draft} % of new runs.`}
          onDone={() => {
            for (const kind of ["workflow", "workflows"])
              void queries.invalidateQueries({ queryKey: [kind] });
            onClose();
          }}
        />
      </div>
    </form>
  );
}
