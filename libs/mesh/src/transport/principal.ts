/** Encoding of an identity between processes: `person/local-admin?admin`, and its credential, if there is one. */
import { Scope } from "@tutti/contracts/governance/v1";
import { type CredentialClaims, localAdministrator, type Principal } from "@tutti/kernel";

const printed = new WeakMap<Principal, string>();

/** Returns kind, id and roles. Then, after a semicolon, the credential. */
export function printPrincipal(principal: Principal): string {
  let text = printed.get(principal);
  if (text === undefined) {
    const { kind, id, roles, credential } = principal;
    text = `${kind}/${safe(id)}?${roles.map(safe).join("&")}${credential === undefined ? "" : `;${printCredential(credential)}`}`;
    printed.set(principal, text);
  }
  return text;
}

const kinds: Readonly<Record<string, Principal["kind"]>> = {
  person: "person",
  service: "service",
  agent: "agent",
};
const administrator = printPrincipal(localAdministrator);

/** An identity without rights: an unreadable identity must not have more rights than before. */
const unreadable: Principal = { kind: "person", id: "unreadable", roles: [] };

export function readPrincipal(text: string): Principal {
  if (text === administrator) return localAdministrator;
  const [, kindName = "", id = "", roles = "", credential] = form.exec(text) ?? [];
  const kind = kinds[kindName];
  if (kind === undefined || id === "") return unreadable;
  const identity = { kind, id: unescaped(id), roles: roles === "" ? [] : roles.split("&").map(unescaped) };
  if (credential === undefined) return identity;
  const read = readCredential(credential);
  return read === undefined ? unreadable : { ...identity, credential: read };
}

const form = /^([a-z]+)\/([^?]*)\?([^;]*)(?:;(.*))?$/;

function printCredential({ id, namespace, groups, scope }: CredentialClaims): string {
  const narrowed = Buffer.from(Scope.encode(scope).finish()).toString("base64url");
  return [safe(id), safe(namespace), groups.map(safe).join("&"), narrowed].join(";");
}

function readCredential(text: string): CredentialClaims | undefined {
  const [id, namespace, groups, narrowed, ...others] = text.split(";");
  if (id === undefined || namespace === undefined || groups === undefined || narrowed === undefined) return;
  if (others.length > 0) return;
  try {
    return {
      id: unescaped(id),
      namespace: unescaped(namespace),
      groups: groups === "" ? [] : groups.split("&").map(unescaped),
      scope: Scope.decode(Buffer.from(narrowed, "base64url")),
    };
  } catch {
    return;
  }
}

/**
 * Headers contain printable ASCII only. Half a character is invalid, as in the messages' strings: their check refuses
 * it.
 */
export function safe(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

export function unescaped(text: string): string {
  // Most have nothing to unescape, and every call has several.
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
