/** The claims of a token of this installation: a JWT, in the words of the contracts. */
import { enumName, enumValue } from "@tutti/contracts/enum";
import { Scope, TokenUse } from "@tutti/contracts/governance/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import type { JWTPayload } from "jose";

/** The content of an issued token. */
export interface TokenContent {
  /** Unique in the installation. */
  readonly tokenId: string;
  readonly actor: Actor;
  /** Namespace of the principal. */
  readonly namespace: string;
  readonly groups: readonly string[];
  readonly use: TokenUse;
  readonly scope: Scope;
  readonly createMs: number;
  readonly expireMs: number;
}

/** In the header, so that a token for another purpose, signed with the same key, is never accepted. */
export const tokenType = "tutti+jwt";
export const tokenAudience = "tutti";
export const tokenAlgorithm = "EdDSA";

const kinds: ReadonlyMap<string, ActorKind> = new Map([
  ["person", ActorKind.ACTOR_KIND_PERSON],
  ["service", ActorKind.ACTOR_KIND_SERVICE],
  ["agent", ActorKind.ACTOR_KIND_AGENT],
]);
const usePrefix = "TOKEN_USE_";

export function subjectOf({ kind, id }: Actor): string {
  const kindName = [...kinds].find(([, value]) => value === kind)?.[0];
  if (kindName === undefined) throw new RangeError(`expected a kind of actor, got ${kind}`);
  return `${kindName}:${id}`;
}

export function claimsOf({ namespace, groups, use, scope }: TokenContent): JWTPayload {
  return {
    namespace,
    ...(groups.length > 0 ? { groups } : {}),
    use: enumName(TokenUse, use).slice(usePrefix.length).toLowerCase(),
    scope: Scope.toJSON(scope),
  };
}

/** Returns the content. Undefined if the claims are not those of a token of this installation. */
export function contentOf(payload: JWTPayload): TokenContent | undefined {
  const { sub = "", jti = "", iat, exp, namespace, groups = [], use, scope } = payload;
  const colon = sub.indexOf(":");
  const kind = kinds.get(sub.slice(0, colon));
  const id = sub.slice(colon + 1);
  if (kind === undefined || id === "" || jti === "" || iat === undefined || exp === undefined) return;
  if (typeof namespace !== "string" || typeof use !== "string" || !isTexts(groups)) return;
  const tokenUse = enumValue(TokenUse, `${usePrefix}${use.toUpperCase()}`);
  const read = scopeOf(scope);
  if (read === undefined || tokenUse === TokenUse.UNRECOGNIZED || tokenUse === TokenUse.TOKEN_USE_UNSPECIFIED)
    return;
  const times = { createMs: iat * 1_000, expireMs: exp * 1_000 };
  return { tokenId: jti, actor: { kind, id }, namespace, groups, use: tokenUse, scope: read, ...times };
}

/** Unknown words are not ignored: a scope with a word of a later release is narrowed by that word too. */
function scopeOf(json: unknown): Scope | undefined {
  if (typeof json !== "object" || json === null) return;
  try {
    const scope = Scope.fromJSON(json);
    return isSameJson(Scope.toJSON(scope), json) ? scope : undefined;
  } catch {
    return;
  }
}

function isSameJson(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null)
    return Object.is(one, other);
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => isSameJson((one as Json)[key], (other as Json)[key]));
}

type Json = Readonly<Record<string, unknown>>;

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
