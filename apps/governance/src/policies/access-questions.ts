/** Questions about access rights: single ones, and a matrix. They have no effect and leave no record. */
import type { AccessRow, AskAccessRequest, GetAccessMatrixRequest } from "@tutti/contracts/governance/v1";
import type { Actor } from "@tutti/contracts/types/v1";
import { type CallContext, pageOf } from "@tutti/kernel";
import { actorKey } from "@tutti/machine-entities/tenant";
import { builtInRoles, type Matrix, matrixOf, systemNamespace } from "@tutti/policy";
import { type TenantDependencies, tenantOf } from "../tenants/dependencies.ts";
import { decisionOf, questionOf } from "./questions.ts";
import { vocabulary } from "./vocabulary.ts";

export async function askAccess(
  dependencies: TenantDependencies,
  { questions }: AskAccessRequest,
  { namespace }: CallContext,
) {
  const { evaluator, content } = await dependencies.deciding.present();
  const nowMs = dependencies.foundation.clock.now();
  const decisions = questions.map((question, index) => {
    const verdict = evaluator.decide(questionOf(question, namespace, `questions[${index}]`), nowMs);
    return decisionOf({ question, verdict, bundle: content.number, nowMs });
  });
  return { decisions };
}

/** Returns the actions of all built-in roles except those with all actions. */
function usualActions(): readonly string[] {
  return vocabulary().matching(
    builtInRoles.filter(({ actions }) => !actions.includes("*")).flatMap(({ actions }) => actions),
  );
}

export async function matrix(
  dependencies: TenantDependencies,
  request: GetAccessMatrixRequest,
  context: CallContext,
) {
  const { page } = request;
  const { namespace } = context;
  const { cedar, content } = await dependencies.deciding.present();
  const judged = matrixOf(cedar, content, dependencies.foundation.clock.now());
  const actions =
    request.actions.length === 0
      ? usualActions()
      : request.actions.flatMap((action) =>
          action.includes("*") ? vocabulary().matching([action]) : [action],
        );
  const actors =
    request.actors.length > 0 ? request.actors : await allActors(dependencies, context, content.bindings);
  const all = [...new Map(actors.map((actor) => [actorKey(actor), actor])).values()].sort((one, other) =>
    actorKey(one) < actorKey(other) ? -1 : 1,
  );
  const list = ["matrix", namespace, request.actors, request.actions];
  const { items, nextToken } = pageOf(all, { list, keyOf: actorKey }, page);
  const rows = items.map((actor) => rowOf(judged, actor, namespace, actions));
  return { rows, page: { nextToken, total: all.length } };
}

function rowOf(judged: Matrix, actor: Actor, namespace: string, actions: readonly string[]): AccessRow {
  const identity = { actor, groups: [] };
  const row: AccessRow = {
    actor,
    roles: [...judged.rolesOf(identity, namespace)],
    allowed: [],
    conditional: [],
  };
  for (const action of actions) {
    const found = vocabulary()
      .resourcesOf(action)
      .map((resourceKind) => judged.mayDo(identity, action, { namespace, resourceKind }));
    if (found.length > 0 && found.every((answer) => answer === "always")) row.allowed.push(action);
    else if (found.some((answer) => answer !== "never")) row.conditional.push(action);
  }
  return row;
}

/** Returns principals, and other identities with a role. */
async function allActors(
  dependencies: TenantDependencies,
  context: CallContext,
  bindings: Awaited<ReturnType<TenantDependencies["deciding"]["present"]>>["content"]["bindings"],
): Promise<Actor[]> {
  const { principals } = await tenantOf(dependencies, context.namespace, context);
  const boundActors = bindings.flatMap(({ namespace, subject }) => {
    const isHere = namespace === context.namespace || namespace === systemNamespace;
    return isHere && subject?.$case === "actor" ? [subject.value] : [];
  });
  const known = [...principals.values()].flatMap(({ value: { actor } }) =>
    actor === undefined ? [] : [{ ...actor }],
  );
  return [...known, ...boundActors];
}
