/**
 * Finds the authorization server of an MCP server: RFC 9728 for the metadata of the server, RFC 8414 and OpenID Connect
 * Discovery for the metadata of the authorization server.
 *
 * 1. The metadata of a server is read at the origin of the server only, and must be for its address.
 * 2. The metadata of an authorization server must have the issuer that its address was built from.
 * 3. All addresses are https. If the server is on this machine, http to this machine is allowed too.
 */
import { isLoopbackHost } from "@tutti/kernel";
import { challengesIn } from "../adapters/http/challenges.ts";
import type { HttpAnswer } from "../adapters/http/wire.ts";
import { type Members, parsedMembers, textIn } from "../agents/models/wire.ts";

export interface Challenge {
  readonly error: string;
  readonly scopes: readonly string[];
  /** Address of the metadata of the server. Empty if the server does not name it. */
  readonly metadataUrl: string;
}

export interface AuthorizationServer {
  readonly issuer: string;
  readonly tokenUrl: string;
  /** Identifier of the MCP server, as published. */
  readonly resource: string;
  readonly scopes: readonly string[];
  /** Supported methods of client authentication. Empty if the server does not list them. */
  readonly clientAuths: readonly string[];
}

/** Metadata that cannot be used, and what to correct. */
export class Unusable extends Error {
  readonly remedy: string | undefined;

  constructor(message: string, remedy?: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** Reads a document. Throws if there is no answer, the answer is too large, or a redirect is not allowed. */
export type ReadDocument = (url: URL) => Promise<Pick<HttpAnswer, "status" | "body">>;

const scopesMax = 100;
const scopeLengthMax = 256;

export function challengeIn(header: string): Challenge {
  const {
    error = "",
    scope = "",
    resource_metadata: metadataUrl = "",
  } = challengesIn(header, "bearer")[0] ?? {};
  return { error, scopes: scopesOf(scope.split(" ")), metadataUrl };
}

/** Returns the scopes of a list. A scope that the protocol does not permit is left out. */
function scopesOf(list: unknown): readonly string[] {
  const listed = (Array.isArray(list) ? list : []).filter(
    (scope) => typeof scope === "string" && scope.length <= scopeLengthMax && /^[!#-[\]-~]+$/.test(scope),
  );
  return [...new Set<string>(listed)].slice(0, scopesMax);
}

/** @param issuer of the options. If it is not set, the server names its authorization server. */
export async function discoverAuthorization(
  server: URL,
  { metadataUrl }: Pick<Challenge, "metadataUrl">,
  issuer: string | undefined,
  read: ReadDocument,
): Promise<AuthorizationServer> {
  const found = await resourceMetadata(server, metadataUrl, read);
  const { resource } = found ?? { resource: server.href };
  if (typeof resource !== "string" || !isCovered(resource, server))
    throw new Unusable(
      `its metadata is for another server (\`resource\`: ${JSON.stringify(resource)})`,
      "Set `url` to the address that the server publishes, or correct `resource` in the metadata of the server.",
    );
  const named = issuerIn(found?.["authorization_servers"], server, issuer);
  const metadata = await issuerMetadata(named, server, read);
  const tokenUrl = textIn(metadata, "token_endpoint");
  requireProtected(tokenUrl, server, "the token endpoint");
  const methods = metadata["token_endpoint_auth_methods_supported"];
  return {
    resource,
    tokenUrl,
    issuer: textIn(metadata, "issuer"),
    scopes: scopesOf(found?.["scopes_supported"]),
    clientAuths: Array.isArray(methods) ? methods.map(String) : [],
  };
}

/** Reads the metadata of the server. Undefined if the server has none. */
async function resourceMetadata(
  server: URL,
  metadataUrl: string,
  read: ReadDocument,
): Promise<Members | undefined> {
  if (metadataUrl !== "") {
    const url = URL.canParse(metadataUrl, server.href) ? new URL(metadataUrl, server) : undefined;
    if (url?.origin !== server.origin)
      throw new Unusable(
        `its metadata is at another origin (\`resource_metadata\`: ${JSON.stringify(metadataUrl)})`,
        "Correct `resource_metadata` in the answer of the server with status 401.",
      );
    const found = await readMetadata([url], read);
    if (found === undefined) throw new Unusable(`there is no metadata at ${url.href}`);
    return found.metadata;
  }
  const name = "oauth-protected-resource";
  const path = pathOf(server);
  const urls = [...(path === "" ? [] : [`/.well-known/${name}${path}`]), `/.well-known/${name}`];
  return (
    await readMetadata(
      urls.map((each) => new URL(each, server)),
      read,
    )
  )?.metadata;
}

/** Whether the identifier is the address of the server, or of a folder above it. */
function isCovered(resource: string, server: URL): boolean {
  if (!URL.canParse(resource)) return false;
  const url = new URL(resource);
  const isSameQuery = url.search === "" || url.search === server.search;
  const isAbove = `${pathOf(server)}/`.startsWith(`${pathOf(url)}/`);
  return url.origin === server.origin && url.hash === "" && isSameQuery && isAbove;
}

const pathOf = ({ pathname }: URL): string => pathname.replace(/\/$/, "");

/** A server without metadata is its own authorization server, as in the version `2025-03-26`. */
function issuerIn(listed: unknown, server: URL, issuer: string | undefined): string {
  const servers = (Array.isArray(listed) ? listed : []).filter((each) => typeof each === "string");
  if (issuer === undefined) return servers[0] ?? server.origin;
  if (servers.length === 0 || servers.some((each) => isSameIssuer(each, issuer))) return issuer;
  throw new Unusable(
    `the authorization server ${issuer} is not among the servers that it names (${servers.slice(0, 10).join(", ")})`,
    "Correct `auth.issuer`, if the server is right.",
  );
}

/** Servers disagree about a slash at the end. */
export function isSameIssuer(one: string, other: string): boolean {
  return one.replace(/\/$/, "") === other.replace(/\/$/, "");
}

async function issuerMetadata(issuer: string, server: URL, read: ReadDocument): Promise<Members> {
  requireProtected(issuer, server, "the authorization server");
  const url = new URL(issuer);
  const path = pathOf(url);
  const [oauth, openid] = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];
  const places = path === "" ? [oauth, openid] : [oauth + path, openid + path, path + openid];
  const found = await readMetadata(
    places.map((place) => new URL(place, url.origin)),
    read,
  );
  if (found === undefined)
    throw new Unusable(
      `the authorization server ${issuer} has no metadata`,
      "Check `authorization_servers` in the metadata of the server, and the authorization server.",
    );
  const stated = textIn(found.metadata, "issuer");
  if (isSameIssuer(stated, issuer)) return found.metadata;
  throw new Unusable(
    `the metadata at ${found.url.href} is of another authorization server (\`issuer\`: ${JSON.stringify(stated)})`,
    "Correct `issuer` in the metadata of the authorization server.",
  );
}

/** Reads the first address that exists. */
async function readMetadata(
  urls: readonly URL[],
  read: ReadDocument,
): Promise<{ readonly url: URL; readonly metadata: Members } | undefined> {
  for (const url of urls) {
    const { status, body } = await read(url);
    if (status >= 400 && status < 500) continue;
    const metadata = status === 200 ? parsedMembers(body.toString("utf8")) : undefined;
    if (metadata === undefined)
      throw new Unusable(`there is no JSON object at ${url.href} (status ${status})`);
    return { url, metadata };
  }
  return undefined;
}

/** Whether a secret may be sent to the address. */
export function isProtected(address: string, server: URL): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  if (username !== "" || password !== "") return false;
  const isHere = isLoopbackHost(hostname) && isLoopbackHost(server.hostname);
  return protocol === "https:" || (protocol === "http:" && isHere);
}

function requireProtected(address: string, server: URL, place: string): void {
  if (isProtected(address, server)) return;
  throw new Unusable(
    `${place} ${JSON.stringify(address)} is no https address`,
    "Secrets are sent only over https, or within this machine. Correct the metadata.",
  );
}
