/**
 * The metadata of an issuer (OpenID Connect Discovery 1.0) that a sign-in needs. It is trusted only over a
 * connection that no third party can change: https, or this machine.
 */
export interface DiscoveredIssuer {
  /** Address where people sign in. */
  readonly authorizationAddress: string;
  /** Address where a code is exchanged for the identity. */
  readonly tokenAddress: string;
  readonly keysAddress: string;
  /** How a client sends its secret there. */
  readonly clientShows: "header" | "body";
  /** Whether it names itself when it sends people back, so that another issuer cannot pass for it. */
  readonly namesItself: boolean;
}

/** Addresses whose answers cannot be changed on the way. */
export const securedAddress = /^(https:\/\/[^\s/]+|http:\/\/(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?)\//;

export function discoveryAddress(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

/** Throws if the document belongs to another issuer, or contains a forbidden address. */
export function readDiscovery(document: unknown, issuer: string): DiscoveredIssuer {
  const metadata: Readonly<Record<string, unknown>> =
    typeof document === "object" && document !== null ? { ...document } : {};
  if (metadata["issuer"] !== issuer)
    throw new RangeError(`expected the document of ${issuer}, got one of ${String(metadata["issuer"])}`);
  const addressAt = (name: string): string => {
    const address = metadata[name];
    if (typeof address === "string" && securedAddress.test(address)) return address;
    throw new RangeError(`expected ${name} of ${issuer} to be an https address, got ${String(address)}`);
  };
  const challenges = metadata["code_challenge_methods_supported"];
  if (Array.isArray(challenges) && !challenges.includes("S256"))
    throw new RangeError(`expected ${issuer} to take challenges by S256, got ${challenges.join(", ")}`);
  const authMethods = metadata["token_endpoint_auth_methods_supported"];
  const isBodyAlone =
    Array.isArray(authMethods) &&
    !authMethods.includes("client_secret_basic") &&
    authMethods.includes("client_secret_post");
  return {
    authorizationAddress: addressAt("authorization_endpoint"),
    tokenAddress: addressAt("token_endpoint"),
    keysAddress: addressAt("jwks_uri"),
    clientShows: isBodyAlone ? "body" : "header",
    namesItself: metadata["authorization_response_iss_parameter_supported"] === true,
  };
}
