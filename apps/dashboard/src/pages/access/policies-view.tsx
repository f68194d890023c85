import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Policy, PolicyVersion } from "@tutti/rest/types";
import { policiesQuery, policyVersionsQuery } from "../../data/governance-queries.ts";
import { ConfirmForm } from "../../elements/confirm-form.tsx";
import { Moment } from "../../elements/moment.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { BadgeMark } from "../../score/glyph.tsx";
import { badgeOf, enforcements } from "../../score/states.ts";
import { VersionEnd, VersionsFrame } from "../drafting/versions-frame.tsx";
import { useChanged } from "../policies/use-changed.ts";
import { principalText } from "./question.ts";

/** The current policies, and all earlier versions. */
export function PoliciesView() {
  const query = useQuery(policiesQuery());
  const { version = 0 } = query.data ?? {};
  return (
    <>
      <Part title="Policies" aside={version === 0 ? "no versions" : `version ${version} in force`}>
        <p className="listed-acts">
          <Link to="/policy" className="press main">
            Create policy
          </Link>
        </p>
        <QueryView query={query} label="policies" lines={5}>
          {({ policies }) =>
            policies.length === 0 ? (
              <Empty title="No policies yet.">
                Policies add conditions to roles. Example: no starts at night.
              </Empty>
            ) : (
              <ul className="listed">
                {policies.map((policy) => (
                  <li key={`${policy.namespace}/${policy.policyId}`}>
                    <Line policy={policy} />
                  </li>
                ))}
              </ul>
            )
          }
        </QueryView>
      </Part>
      <Versions present={version} />
    </>
  );
}

function Line({ policy }: { policy: Policy }) {
  const { namespace, policyId, description, enforcement, cases, updateTimeMs, updateCause } = policy;
  const isSystem = namespace === "system";
  return (
    <>
      <div>
        <Link to="/policy" search={{ id: policyId, ...(isSystem ? { of: "system" } : {}) }}>
          <code>{isSystem ? `system/${policyId}` : policyId}</code>
        </Link>
        <p className="small soft">{description}</p>
      </div>
      <BadgeMark badge={badgeOf(enforcements, enforcement)} />
      <span className="small soft">
        {counted(cases.length, "case")}, changed <Moment atMs={updateTimeMs} /> by{" "}
        {principalText(updateCause?.actor)}
      </span>
    </>
  );
}

function Versions({ present }: { present: number }) {
  const query = useQuery(policyVersionsQuery());
  return (
    <VersionsFrame
      list={(onRollBack) => (
        <QueryView query={query} label="versions" lines={3}>
          {({ versions }) =>
            versions.length === 0 ? (
              <Empty title="No versions yet.">Each change creates a version. Roll back to any version.</Empty>
            ) : (
              <ol className="listed">
                {versions.map((version) => (
                  <li key={version.number}>
                    <VersionLine
                      version={version}
                      isPresent={version.number === present}
                      onRollBack={() => onRollBack(version.number ?? 0)}
                    />
                  </li>
                ))}
              </ol>
            )
          }
        </QueryView>
      )}
      rollBack={(version, onDone) => <RollBack version={version} onDone={onDone} />}
    />
  );
}

function VersionLine(options: { version: PolicyVersion; isPresent: boolean; onRollBack: () => void }) {
  const { number = 0, createTimeMs, createCause, changedPolicyIds, removedPolicyIds } = options.version;
  return (
    <>
      <div>
        <strong>{number}</strong>{" "}
        {changedPolicyIds.map((id) => (
          <Link key={id} to="/policy" search={{ id, version: number }}>
            <code>{id} </code>
          </Link>
        ))}
        {removedPolicyIds.map((id) => (
          <span key={id} className="soft">
            without <code>{id}</code>{" "}
          </span>
        ))}
      </div>
      <span>{createCause?.reason || <span className="soft">no reason</span>}</span>
      <span className="small soft">
        <Moment atMs={createTimeMs} /> by {principalText(createCause?.actor)}
      </span>
      <VersionEnd isInForce={options.isPresent} onRollBack={options.onRollBack} />
    </>
  );
}

function RollBack({ version, onDone }: { version: number; onDone: () => void }) {
  const changed = useChanged();
  return (
    <ConfirmForm
      action={{
        label: "Roll back policies",
        weight: "grave",
        question: `Creates a new version with the policies of version ${version}. A reason is required.`,
        doneText: `Rolled back policies to version ${version}.`,
      }}
      needsReason
      call={(reason) => ({ method: "POST", path: "/v1/policies/roll-back", body: { version, reason } })}
      command={(reason) => commandLine("tutti", "policy", "rollback", String(version), "--reason", reason)}
      onDone={() => {
        changed();
        onDone();
      }}
    />
  );
}
