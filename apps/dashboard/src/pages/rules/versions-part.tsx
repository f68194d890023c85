import { useQuery } from "@tanstack/react-query";
import type { RuleVersion } from "@tutti/rest/types";
import { ruleVersionsQuery } from "../../data/governance-queries.ts";
import { ConfirmForm } from "../../elements/confirm-form.tsx";
import { Moment } from "../../elements/moment.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { principalText } from "../access/question.ts";
import { VersionEnd, VersionsFrame } from "../drafting/versions-frame.tsx";
import { useRulesChanged } from "./use-rules-changed.ts";

/** The versions of a rule: author, time, reason and changed fields of each, with a rollback. */
export function VersionsPart({ id }: { id: string }) {
  const query = useQuery(ruleVersionsQuery(id));
  return (
    <VersionsFrame
      list={(onRollBack) => (
        <QueryView query={query} label="versions" lines={3}>
          {({ versions }) => (
            <ol className="listed">
              {versions.map((version) => (
                <li key={version.number}>
                  <VersionLine version={version} onRollBack={() => onRollBack(version.number ?? 0)} />
                </li>
              ))}
            </ol>
          )}
        </QueryView>
      )}
      rollBack={(version, onDone) => <RollBack id={id} version={version} onDone={onDone} />}
    />
  );
}

function VersionLine({ version, onRollBack }: { version: RuleVersion; onRollBack: () => void }) {
  const { number = 0, rule, changes, endTimeMs, endCause, removed } = version;
  return (
    <>
      <div>
        <strong>{number}</strong>{" "}
        <span className="small soft">
          <Moment atMs={rule?.updateTimeMs} /> by {principalText(rule?.updateCause?.actor)}
        </span>
        {removed ? <p className="small">deleted by {principalText(endCause?.actor)}</p> : null}
      </div>
      <div>
        <p>{rule?.updateCause?.reason || <span className="soft">no reason</span>}</p>
        {changes.map(({ path, before, after }) => (
          <p className="small" key={path}>
            <code>{path}</code> {before ? <del className="code">{before}</del> : null}{" "}
            {after ? <ins className="code">{after}</ins> : null}
          </p>
        ))}
      </div>
      <VersionEnd isInForce={endTimeMs === undefined} onRollBack={onRollBack} />
    </>
  );
}

function RollBack({ id, version, onDone }: { id: string; version: number; onDone: () => void }) {
  const changed = useRulesChanged();
  return (
    <ConfirmForm
      needsReason
      action={{
        label: "Roll back rule",
        weight: "main",
        question: `Creates a new version with the content of version ${version}.`,
        doneText: `Rolled back ${id} to version ${version}.`,
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
