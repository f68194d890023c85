/**
 * What an issuer says of itself (OpenID Connect Discovery 1.0), as far as signing in needs it. It is believed only
 * where no party between it and here can have changed it: by https, or on this machine.
 */
export interface DiscoveredIssuer {
  /** Where people sign in. */
  readonly authorizationAddress: string;
  /** Where a code is exchanged for who signed in. */
  readonly tokenAddress: string;
  readonly keysAddress: string;
  /** How a client with a secret shows it there. */
  readonly clientShows: "header" | "body";
  /** Whether it says who it is when it sends people back, so that another issuer cannot pass for it. */
  readonly namesItself: boolean;
}

/** Addresses whose answers cannot be changed on the way. */
export const securedAddress = /^(https:\/\/[^\s/]+|http:\/\/(127(\.\d{1,3}){3}|localhost|\[::1\])(:\d+)?)\//;

export function discoveryAddress(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

/** Throws where the document is not that of the issuer, or leads where it may not. */
export function readDiscovery(document: unknown, issuer: string): DiscoveredIssuer {
  const metadata: Readonly<Record<string, unknown>> =
    typeof document === "object" && document !== null ? { ...document } : {};
  if (metadata["issuer"] !== issuer)
    throw new RangeError(`expected the document of ${issuer}, found one of ${String(metadata["issuer"])}`);
  const addressAt = (name: string): string => {
    const address = metadata[name];
    if (typeof address === "string" && securedAddress.test(address)) return address;
    throw new RangeError(`expected ${name} of ${issuer} to be an https address, found ${String(address)}`);
  };
  const challenges = metadata["code_challenge_methods_supported"];
  if (Array.isArray(challenges) && !challenges.includes("S256"))
    throw new RangeError(`expected ${issuer} to take challenges by S256, found ${challenges.join(", ")}`);
  const ways = metadata["token_endpoint_auth_methods_supported"];
  const isBodyAlone =
    Array.isArray(ways) && !ways.includes("client_secret_basic") && ways.includes("client_secret_post");
  return {
    authorizationAddress: addressAt("authorization_endpoint"),
    tokenAddress: addressAt("token_endpoint"),
    keysAddress: addressAt("jwks_uri"),
    clientShows: isBodyAlone ? "body" : "header",
    namesItself: metadata["authorization_response_iss_parameter_supported"] === true,
  };
}
