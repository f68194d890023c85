import { useQuery } from "@tanstack/react-query";
import type { RuleVersion } from "@tutti/rest/types";
import { useState } from "react";
import { ruleVersionsQuery } from "../../data/governance-queries.ts";
import { Dialog } from "../../elements/dialog.tsx";
import { Moment } from "../../elements/moment.tsx";
import { Part } from "../../elements/parts.tsx";
import { Shown } from "../../elements/shown.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { Sure } from "../../elements/sure.tsx";
import { whoIs } from "../access/question.ts";
import { useRulesChanged } from "./use-rules-changed.ts";

/** A rule as it was: who changed it, when and why, in which fields; and back. */
export function VersionsPart({ id }: { id: string }) {
  const query = useQuery(ruleVersionsQuery(id));
  const [wanted, setWanted] = useState<number | undefined>();
  return (
    <Part title="Versions">
      <Shown query={query} what="versions" lines={3}>
        {({ versions }) => (
          <ol className="listed">
            {versions.map((version) => (
              <li key={version.number}>
                <VersionLine version={version} onRollBack={() => setWanted(version.number)} />
              </li>
            ))}
          </ol>
        )}
      </Shown>
      <Dialog
        title={`Go back to version ${wanted}?`}
        open={wanted !== undefined}
        onClose={() => setWanted(undefined)}
      >
        <RollBack id={id} version={wanted ?? 0} onDone={() => setWanted(undefined)} />
      </Dialog>
    </Part>
  );
}

function VersionLine({ version, onRollBack }: { version: RuleVersion; onRollBack: () => void }) {
  const { number = 0, rule, changes, endTimeMs, endCause, removed } = version;
  return (
    <>
      <div>
        <strong>{number}</strong>{" "}
        <span className="small soft">
          <Moment atMs={rule?.updateTimeMs} /> by {whoIs(rule?.updateCause?.actor)}
        </span>
        {removed ? <p className="small">taken away by {whoIs(endCause?.actor)}</p> : null}
      </div>
      <div>
        <p>{rule?.updateCause?.reason || <span className="soft">no reason was given</span>}</p>
        {changes.map(({ path, before, after }) => (
          <p className="small" key={path}>
            <code>{path}</code> {before ? <del className="code">{before}</del> : null}{" "}
            {after ? <ins className="code">{after}</ins> : null}
          </p>
        ))}
      </div>
      <span className="listed-acts">
        {endTimeMs === undefined ? (
          <span className="small soft">holds</span>
        ) : (
          <button type="button" className="press" onClick={onRollBack}>
            Go back to it…
          </button>
        )}
      </span>
    </>
  );
}

function RollBack({ id, version, onDone }: { id: string; version: number; onDone: () => void }) {
  const changed = useRulesChanged();
  return (
    <Sure
      needsReason
      action={{
        label: "Go back to it",
        weight: "main",
        question: `${id} will say what it said in version ${version}, which makes a new version.`,
        said: `${id} is as it was in version ${version}`,
      }}
      call={(reason) => ({
        method: "POST",
        path: `/v1/rules/${encodeURIComponent(id)}/roll-back`,
        body: { version, reason },
      })}
      command={(reason) => commandLine("tutti", "rule", "rollback", id, String(version), "--reason", reason)}
      onDone={() => {
        changed();
        onDone();
      }}
    />
  );
}
