import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Decision, PolicyReference } from "@tutti/rest/types";
import { policyQuery, rolesQuery } from "../../data/governance-queries.ts";
import { Action as Act } from "../../elements/action.tsx";
import { commandLine } from "../../elements/spelled.ts";
import { Glyph } from "../../score/glyph.tsx";
import { useChanged } from "../policies/use-changed.ts";
import "./access.css";
import { nameOf, principalText, rolesFor, sentenceOf } from "./question.ts";
import { statementOf } from "./statements.ts";
import type { Action } from "./vocabulary.ts";

/** The decision about a question: the deciding policies, and ways to permit a denied action. */
export function Decided({ decision, actions }: { decision: Decision; actions: readonly Action[] }) {
  const { allowed = false, policies, errors, shadowAllowed, shadowPolicies } = decision;
  return (
    <div className={`decided tone-${allowed ? "done" : "wrong"}`}>
      <p className="decided-word">
        <Glyph name={allowed ? "final" : "tacet"} /> {sentenceOf(decision)}
      </p>
      <References policies={policies} />
      {shadowAllowed === undefined || shadowAllowed === allowed ? null : (
        <div className="tone-held">
          <p>
            With policies in shadow mode enforced, it would be {shadowAllowed ? "allowed" : "denied"}
            {shadowPolicies.length === 0 ? "." : " by"}
          </p>
          <References policies={shadowPolicies} />
        </div>
      )}
      {errors.length === 0 ? null : (
        <ul className="tone-held">
          {errors.map((error) => (
            <li key={error}>Skipped a policy that failed to evaluate: {error}</li>
          ))}
        </ul>
      )}
      {allowed ? null : <WouldPermit decision={decision} actions={actions} />}
    </div>
  );
}

export function References({ policies }: { policies: readonly PolicyReference[] }) {
  if (policies.length === 0) return null;
  return (
    <ul className="references">
      {policies.map((policy) => (
        <li key={`${policy.namespace} ${policy.policyId} ${policy.statement} ${policy.reason}`}>
          <Reference policy={policy} />
        </li>
      ))}
    </ul>
  );
}

function Reference({ policy }: { policy: PolicyReference }) {
  const named = nameOf(policy);
  const reason = policy.reason ? <span className="soft">: {policy.reason}</span> : null;
  if (named.role !== undefined)
    return (
      <>
        the role <code>{named.role}</code>
        {reason}
      </>
    );
  const { policyId, namespace, statement } = named;
  return (
    <>
      the policy{" "}
      <Link to="/policy" search={{ id: policyId, ...(namespace === "system" ? { of: namespace } : {}) }}>
        <code>{namespace === "system" ? `system/${policyId}` : policyId}</code>
      </Link>
      {statement > 1 ? `, statement ${statement}` : ""}
      {reason}
      <Statement policyId={policyId} namespace={namespace} statement={statement} />
    </>
  );
}

function Statement(options: { policyId: string; namespace: string; statement: number }) {
  const { policyId, namespace, statement } = options;
  const { data } = useQuery(policyQuery(policyId, { namespace }));
  const text = statementOf(data?.text ?? "", statement);
  return text === "" ? null : <pre className="statement">{text}</pre>;
}

/** If a policy forbids the action, it needs an exception. If no policy permits it, a role can permit it. */
function WouldPermit({ decision, actions }: { decision: Decision; actions: readonly Action[] }) {
  const roles = useQuery(rolesQuery());
  const { question, policies } = decision;
  if (policies.length > 0)
    return (
      <p className="small">A forbid policy overrides all permissions. Add an exception to that policy.</p>
    );
  const suitable = rolesFor(question?.action ?? "", roles.data?.roles ?? [], actions).slice(0, 3);
  if (suitable.length === 0) return null;
  return (
    <div className="would-permit">
      <p>Ways to permit it</p>
      <ul>
        {suitable.map(({ role = "", description }) => (
          <li key={role}>
            <span>
              the role <code>{role}</code> <span className="small soft">{description}</span>
            </span>
            <Bind role={role} decision={decision} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Bind({ role, decision }: { role: string; decision: Decision }) {
  const changed = useChanged();
  const actor = decision.question?.actor;
  if (actor === undefined) return null;
  const bindingId = `${role}-${actor.kind}-${actor.id}`.replaceAll(/[^\w.-]/g, "-");
  return (
    <Act
      label={`Bind role ${role} to ${principalText(actor)}`}
      call={{ method: "POST", path: "/v1/role-bindings", body: { bindingId, role, actor } }}
      command={commandLine("tutti", "role", "bind", role, principalText(actor))}
      doneText={`${principalText(actor)} has the role ${role}.`}
      onDone={changed}
    />
  );
}
