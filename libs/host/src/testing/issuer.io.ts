import assert from "node:assert/strict";
import { it } from "node:test";
import * as oauth from "oauth4webapi";
import { TestIssuer } from "./issuer.ts";

const redirect = "http://127.0.0.1:1/sign-in/back";
const plainHttp = { [oauth.allowInsecureRequests]: true } as const;

/**
 * The gateway's sign-in is tested with this issuer, so an independent client shows that the issuer follows the
 * standards.
 */
for (const clientSecret of ["", "p:w%"])
  it(`a certified client signs in at the test issuer ${clientSecret === "" ? "without" : "with"} a secret`, async () => {
    const client = { client_id: "tutti page" };
    await using issuer = await TestIssuer.open(() => [
      { clientId: client.client_id, clientSecret, redirect },
    ]);
    const url = new URL(issuer.url);
    const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, plainHttp));
    const verifier = oauth.generateRandomCodeVerifier();
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
    const authorizationUrl = new URL(server.authorization_endpoint ?? "");
    for (const [name, value] of Object.entries({
      ...{ client_id: client.client_id, redirect_uri: redirect, response_type: "code", scope: "openid" },
      ...{ code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" },
      ...{ state, nonce },
    }))
      authorizationUrl.searchParams.set(name, value);
    const sentOn = await fetch(authorizationUrl, { redirect: "manual" });
    const callbackUrl = new URL(sentOn.headers.get("location") ?? "");
    const answer = oauth.validateAuthResponse(server, client, callbackUrl, state);
    const shows = clientSecret === "" ? oauth.None() : oauth.ClientSecretBasic(clientSecret);
    const exchange = (code: string) =>
      oauth.authorizationCodeGrantRequest(server, client, shows, answer, redirect, code, plainHttp);
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, await exchange(verifier), {
      ...{ expectedNonce: nonce, requireIdToken: true },
    });
    assert.equal(oauth.getValidatedIdTokenClaims(tokens)?.sub, "ada");
    await assert.rejects(
      async () => oauth.processAuthorizationCodeResponse(server, client, await exchange(verifier)),
      /invalid_grant|server responded with an error/,
    );
  });
