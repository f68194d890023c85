/** Recorded decisions: listed, and explained by the statements that decided them. */
import type {
  Decision,
  ExplainDecisionRequest,
  ListDecisionsRequest,
  PolicyReference,
} from "@tutti/contracts/governance/v1";
import { spanOf } from "@tutti/host";
import { type CallContext, fromTimestamp, pageOf } from "@tutti/kernel";
import { actorKey, policiesAt, type TenantView, tenantErrors } from "@tutti/machine-entities/tenant";
import { type Cedar, matchesAction, statementTexts } from "@tutti/policy";
import { type TenantDependencies, tenantOf } from "../tenants/dependencies.ts";
import { placeOf, recordedIn } from "./recording.ts";

const ever = { fromMs: 0, toMs: Number.POSITIVE_INFINITY };

export async function listDecisions(
  dependencies: TenantDependencies,
  request: ListDecisionsRequest,
  context: CallContext,
) {
  const { actor, action, allowed, shadowDiffers, decided, page } = request;
  const { from, to } = spanOf(decided);
  const all = (await recordedIn(dependencies, context, { fromMs: from, toMs: to })).filter(
    (decision) =>
      (actor === undefined || actorKey(decision.question?.actor) === actorKey(actor)) &&
      (action === "" || matchesAction(action, decision.question?.action ?? "")) &&
      (allowed === undefined || decision.allowed === allowed) &&
      (!shadowDiffers || decision.shadowAllowed !== undefined),
  );
  const list = ["decisions", context.namespace, actor, action, allowed, shadowDiffers, decided];
  const { items, nextToken } = pageOf(all, { list, keyOf: placeOf }, page);
  return { decisions: items, page: { nextToken, total: all.length } };
}

export async function explainDecision(
  dependencies: TenantDependencies,
  { decisionId }: ExplainDecisionRequest,
  context: CallContext,
) {
  const decision = (await recordedIn(dependencies, context, ever)).find(
    (candidate) => candidate.decisionId === decisionId,
  );
  if (decision === undefined) throw tenantErrors.missing({ name: "decision", id: decisionId });
  const { cedar, content } = await dependencies.deciding.present();
  const tenant = await tenantOf(dependencies, context.namespace, context);
  const statements = decision.policies.flatMap((reference) => {
    const { namespace, policyId } = reference;
    const own = namespace === context.namespace ? textThen(tenant, policyId, decision) : undefined;
    const shared = content.policies.find(
      (policy) => policy.namespace === namespace && policy.policyId === policyId,
    );
    const text = own ?? shared?.text;
    return text === undefined ? [] : statementIn(cedar, text, reference);
  });
  return { decision, statements, summary: summarize(decision) };
}

/** Returns the text of a policy at the time of a decision. */
function textThen(tenant: TenantView, policyId: string, { decideTime }: Decision): string | undefined {
  const timeMs = decideTime === undefined ? Number.POSITIVE_INFINITY : fromTimestamp(decideTime);
  const version = tenant.versions.findLast((candidate) => candidate.timeMs <= timeMs);
  return policiesAt(tenant, version?.version ?? 0)?.get(policyId)?.text;
}

function statementIn(cedar: Cedar, text: string, { statement }: PolicyReference): string[] {
  const found = statementTexts(cedar, text)[statement - 1];
  return found === undefined ? [] : [found];
}

function summarize({ question, allowed, policies, shadowAllowed, count, errors }: Decision): string {
  const { actor, action = "", resourceKind = "", resourceId = "" } = question ?? {};
  const about = resourceId === "" ? `any ${resourceKind}` : `the ${resourceKind} ${resourceId}`;
  const names = policies.map(({ namespace, policyId, reason }) =>
    reason === "" ? `${namespace}/${policyId}` : `${namespace}/${policyId} (${reason})`,
  );
  const because =
    names.length === 0
      ? "nothing permitted it"
      : `${allowed ? "permitted" : "forbidden"} by ${names.join(", ")}`;
  const often = count > 1 ? `, ${count} times` : "";
  const shadowNote =
    shadowAllowed === undefined
      ? ""
      : `; the shadow policy would have ${shadowAllowed ? "allowed" : "denied"} it`;
  const faults = errors.length === 0 ? "" : `; faults: ${errors.join("; ")}`;
  return `${actor?.id ?? "an unknown caller"} was ${allowed ? "allowed" : "denied"} ${action} on ${about}${often}: ${because}${shadowNote}${faults}`;
}
