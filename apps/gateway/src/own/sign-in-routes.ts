/** Routes for sign-ins: the caller, its sign-ins and those of others, and the rights that it lacks. */
import { edgeActions, type Guard } from "@tutti/host";
import type { Principal } from "@tutti/kernel";
import { type RouteName, routeNamed, routes } from "@tutti/rest";
import { refusal } from "@tutti/rest/json";
import type { Access, Caller } from "../access/access.ts";
import { type EdgeGuard, requireAllowed } from "../access/edge.ts";
import type { SignIn } from "../access/sign-in.ts";
import { contracts } from "../calls/contracts.ts";
import type { OwnHandler } from "./own-handler.ts";

export interface SignInRoutesParts {
  readonly access: Access;
  readonly guard: (EdgeGuard & Pick<Guard, "missingRights" | "rolesOf">) | undefined;
  readonly version: string;
}

const principalName = ({ kind, id }: Pick<Principal, "kind" | "id">): string => `${kind}:${id}`;

export function signInHandlers({ access, guard, version }: SignInRoutesParts) {
  return {
    whoami: ({ caller }) => {
      const principal = caller?.principal ?? anonymous;
      const { kind, id, credential } = principal;
      const { signIn } = caller ?? {};
      // A credential without a namespace has other roles in each.
      const roles = credential?.namespace ? guard?.rolesOf(principal, credential.namespace) : undefined;
      return {
        kind,
        id,
        roles: roles ?? principal.roles,
        by: caller?.by,
        version,
        ...(credential !== undefined && credential.namespace !== "" && { namespace: credential.namespace }),
        ...(signIn !== undefined && { expiresMs: signIn.endMs, signInId: signIn.id }),
      };
    },
    waysToSignIn: () => ({
      issuers: access.signInMethods().map(({ issuer, title }) => ({
        issuer,
        title,
        path: `/sign-in/by?${new URLSearchParams({ issuer })}`,
      })),
    }),
    "signIns.list": ({ request, caller }) => {
      const { query, principal } = { query: queryOf(request.url), principal: principalOf(caller) };
      const isMine = query.get("mine") === "true";
      if (!isMine) requireAllowed(guard, principal, "seeSignIns", query.get("namespace") ?? undefined);
      const isMeant = isMine ? isOf(principal) : within(query.get("namespace"));
      return {
        signIns: access
          .signIns()
          .filter(isMeant)
          .map((signIn) => listedSignIn(signIn, caller?.signIn?.id)),
      };
    },
    "signIns.revoke": async ({ request, caller }) => {
      const principal = principalOf(caller);
      const namespace = queryOf(request.url).get("namespace");
      const selector = selectorIn(request.body);
      const ownId = caller?.signIn?.id;
      const isMeant = (signIn: SignIn): boolean =>
        (selector.all && signIn.id !== ownId) ||
        signIn.id === selector.id ||
        principalName(signIn.principal) === selector.who;
      const meant = access.signIns().filter((signIn) => within(namespace)(signIn) && isMeant(signIn));
      // Every user may end their own sign-ins.
      if (meant.length === 0 || !meant.every(isOf(principal)))
        requireAllowed(guard, principal, "endSignIns", namespace ?? undefined);
      const ids = new Set(meant.map(({ id }) => id));
      const reason = "ended by a caller with the right to end sign-ins";
      return { revoked: await access.endSignIns(({ id }) => ids.has(id), { by: principal, reason }) };
    },
    missingRights: ({ request, caller }) => {
      const namespace = queryOf(request.url).get("namespace") || "default";
      const principal = principalOf(caller);
      const { roles, lacks, givers } = guard?.missingRights(principal, namespace, routeActions()) ?? all;
      const byAction = new Map(lacks.map((lack) => [lack.action, lack]));
      const missing = routeActions().flatMap(({ route, method, path, action }) => {
        const lack = byAction.get(action);
        return lack === undefined ? [] : [{ ...lack, route, method, path }];
      });
      return { namespace, who: principalName(principal), roles, missing, givers };
    },
  } satisfies Readonly<Record<string, OwnHandler>>;
}

const anonymous: Pick<Principal, "kind" | "id" | "roles" | "credential"> = {
  kind: "person",
  id: "",
  roles: [],
};
const all = { roles: ["admin"], lacks: [], givers: [] };

function principalOf(caller: Caller | undefined): Principal {
  if (caller === undefined) throw new Error("expected a caller where the route is not open");
  return caller.principal;
}

const queryOf = (url: string): URLSearchParams => new URL(url, "http://gateway").searchParams;

const within =
  (namespace: string | null) =>
  ({ principal }: SignIn): boolean =>
    namespace === null || principal.credential?.namespace === namespace;

/** Whether both are the same identity. Ids are unique within a namespace. */
const isOf =
  (principal: Principal) =>
  (signIn: SignIn): boolean =>
    principalName(signIn.principal) === principalName(principal) &&
    signIn.principal.credential?.namespace === principal.credential?.namespace;

function listedSignIn(signIn: SignIn, ownId: string | undefined) {
  const { id, principal, by, address, browser, startMs, useMs, endMs } = signIn;
  const namespace = principal.credential?.namespace ?? "";
  return {
    id,
    who: principalName(principal),
    by,
    expiresMs: endMs,
    own: id === ownId,
    ...(namespace !== "" && { namespace }),
    ...(address !== "" && { address }),
    ...(browser !== "" && { browser }),
    ...(startMs > 0 && { startMs }),
    ...(useMs > 0 && { useMs }),
  };
}

interface RevocationSelector {
  readonly id: string | undefined;
  readonly who: string | undefined;
  readonly all: boolean;
}

/** Exactly one of them is set. */
function selectorIn(body: unknown): RevocationSelector {
  const {
    id,
    who,
    all: isAll,
    ...others
  }: Partial<Record<string, unknown>> = typeof body === "object" && body !== null ? body : {};
  const wrong = Object.keys(others)
    .slice(0, 20)
    .map((field) => ({ field, message: "expected id, who or all" }));
  const selectors = [isText(id), isText(who), isAll === true].filter(Boolean).length;
  const setCount = [id, who, isAll].filter((value) => value !== undefined).length;
  if (selectors !== 1 || setCount !== 1)
    wrong.push({ field: "id", message: "expected one of: id, who (person:ada), all (true)" });
  if (wrong.length > 0) throw refusal(routeNamed("signIns.revoke"), wrong);
  return { id: isText(id) ? id : undefined, who: isText(who) ? who : undefined, all: isAll === true };
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

interface RouteAction {
  readonly route: RouteName;
  readonly method: string;
  readonly path: string;
  readonly action: string;
  /** The kind of the resource. */
  readonly resource: string;
}

const ownByRoute: Readonly<Partial<Record<RouteName, (typeof edgeActions)[keyof typeof edgeActions]>>> = {
  status: edgeActions.status,
  signInLink: edgeActions.signInLink,
  events: edgeActions.events,
  "signIns.list": edgeActions.seeSignIns,
  "signIns.revoke": edgeActions.endSignIns,
};

let cachedActions: readonly RouteAction[] | undefined;

/** The action and resource of each route, for roles and policies. Created on first use: the CLI does not need it. */
function routeActions(): readonly RouteAction[] {
  cachedActions ??= routes.flatMap((route): RouteAction[] => {
    const rule = "rpc" in route ? ruleOf(route.rpc) : ownByRoute[route.name];
    if (rule === undefined) return [];
    const { name, method, path } = route;
    return [{ route: name, method, path, action: rule.action, resource: rule.resource }];
  });
  return cachedActions;
}

function ruleOf(rpc: string): { readonly action: string; readonly resource: string } | undefined {
  const [contract = "", name = ""] = rpc.split("/");
  return Object.values(contracts.get(contract)?.methods ?? {}).find((candidate) => candidate.name === name);
}
