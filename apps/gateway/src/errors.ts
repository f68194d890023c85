import { defineErrors } from "@tutti/kernel";

/** Errors of the gateway itself. Refusals of services keep their own codes. */
export const gatewayErrors = defineErrors("gateway", {
  keyNeeded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The port can be reached from other machines, and no key protects it. Set `gateway.key` to a secret, as `env:NAME` or `file:/path`, or `operations.host` to a loopback address, or `gateway.enabled` to false.",
    message: ({ host }: { host: string }) =>
      `\`gateway.key\` is not set, and other machines can reach ${host} (\`operations.host\`)`,
    remedy: "Set `gateway.key` to `env:NAME` or `file:/path`, or set `operations.host` to 127.0.0.1.",
  },
  agentCardKeyInvalid: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "`gateway.agentCardKey` refers to something that is no private key of Ed25519 in PEM. Agent cards are signed with it.",
    message: () => "`gateway.agentCardKey`: expected a private key of Ed25519 in PEM",
    remedy: "Create one with `openssl genpkey -algorithm ed25519`.",
  },
  hostUnknown: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The request names a host that is not this machine. A page of another site may have led the browser here (DNS rebinding). Use `127.0.0.1` or `localhost` in the address. To be reached by another name, set `operations.host` and `gateway.key`.",
    message: ({ host }: { host: string }) =>
      `The Host header ${JSON.stringify(host)} is not a name of this machine (127.0.0.1, localhost or [::1])`,
    remedy: "Use http://127.0.0.1 in the URL.",
  },
  originForeign: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The request comes from a page of another site. Only pages that the gateway serves may call it.",
    message: ({ origin }: { origin: string }) => `The request comes from a page of another site: ${origin}`,
    remedy: "Open the dashboard at the URL of this installation.",
  },
  signInNeeded: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The request does not identify its caller. In a browser, open the link in the terminal, or a new one from `tutti sign-in`. As a program on another machine, send `Authorization: Bearer KEY`.",
    message: () => "The request needs a sign-in",
    remedy: ({ how }: { how: string }) => how,
  },
  signInExpired: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The sign-in of the browser has expired (`gateway.signInMs`) or was ended. Sign in again, as with `gateway.sign_in_needed`.",
    message: () => "The sign-in has expired",
    remedy: ({ how }: { how: string }) => how,
  },
  keyWrong: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "`Authorization` has something else than `Bearer` and the key of this installation (`gateway.key`).",
    message: () => "The key in the Authorization header is not the key of this installation (`gateway.key`)",
    remedy: "Correct the header.",
  },
  linkUnknown: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "This process did not issue the token of the link, or issued it before its last start. Get a new link with `tutti sign-in`, or restart the platform.",
    message: () => "The sign-in link is unknown",
    remedy: "Get a new link with `tutti sign-in`.",
  },
  linkUsed: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "A sign-in link is valid once, and this link was used. Get a new one with `tutti sign-in`.",
    message: () => "The sign-in link was already used",
    remedy: "Get a new link with `tutti sign-in`.",
  },
  linkExpired: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The sign-in link is older than `gateway.linkMs`. Get a new one with `tutti sign-in`.",
    message: () => "The sign-in link has expired",
    remedy: "Get a new link with `tutti sign-in`.",
  },
  issuerUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "`gateway.signIn` does not name this issuer. `GET /v1/sign-in` lists the issuers that it names.",
    message: () => "The identity provider is not configured in `gateway.signIn`",
    remedy: "Start at the sign-in page of this installation.",
  },
  issuerUntrusted: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "`gateway.signIn` lists an issuer whose tokens are not accepted. Add it to `access.issuers` as well, with its audiences and the prefix of its ids.",
    message: ({ issuer }: { issuer: string }) =>
      `${issuer} of \`gateway.signIn\` is missing in \`access.issuers\``,
    remedy: "Add it there with its audiences and `idPrefix`.",
  },
  urlNeeded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Issuers redirect users to an address of the dashboard, and the port has several addresses. Set `gateway.url` to the public address, as it is registered at the issuer: `https://tutti.example`.",
    message: ({ host }: { host: string }) =>
      `\`gateway.url\` is not set, and sign-in by identity providers (\`gateway.signIn\`) needs it when \`operations.host\` is ${host}`,
    remedy: "Set it to the public URL, such as https://tutti.example.",
  },
  signInLost: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "A browser returned from an issuer without a matching sign-in of the last ten minutes at this process, or with the answer of another issuer. Open the dashboard and sign in again. If several gateways share one address, route each browser to the same gateway.",
    message: () => "No sign-in of this browser from the last ten minutes matches",
    remedy: "Open the dashboard and sign in again.",
  },
  issuerRefused: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The issuer redirected the user back without a sign-in. The reason is the issuer's own code. `access_denied` means that the user cancelled, or may not sign in here.",
    message: ({ issuer, reason }: { issuer: string; reason: string }) =>
      `${issuer} rejected the sign-in: ${reason}`,
    remedy: "Sign in again, or ask the administrator of the accounts.",
  },
  issuerAway: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The issuer cannot be reached, or its answer is invalid: its metadata at `/.well-known/openid-configuration`, or the exchange of a code. Check that its address is right and that it knows `clientId`, `clientSecret` and the address `/sign-in/back`.",
    message: ({ issuer, reason }: { issuer: string; reason: string }) =>
      `${issuer} did not answer correctly: ${reason}`,
    remedy: "Sign in again, and check `gateway.signIn` if it fails again.",
  },
  tooManyTries: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "Wrong keys or links were tried too often. Wait a moment.",
    message: () => "Too many wrong keys or links within a minute",
    remedy: "Wait a minute, then try again.",
  },
  signInsAway: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The gateways of a cluster store sign-ins in NATS. This gateway cannot reach NATS at the moment, or others change the same sign-in. Open sign-ins continue.",
    message: () => "The sign-ins of the cluster in NATS cannot be reached",
    remedy: "Try again in a moment.",
  },
  signInUnrecorded: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Each sign-in needs an audit record, which failed: governance does not answer, or its disk is full. Signed-in browsers continue. To find the cause without a sign-in, run `tutti status` and `tutti doctor` on the machine itself, or with a key in `TUTTI_API_KEY`. Fix the cause, then sign in again. The link is still valid.",
    message: () => "The sign-in was rejected because the audit log did not record it",
    remedy: "Check governance and its disk with `tutti status`, then sign in again.",
  },
  pathUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The route does not exist. `/v1/openapi.json` and docs/reference/rest.md list all routes.",
    message: ({ path, hint }: { path: string; hint: string }) => `Path ${path} not found${hint}`,
    remedy: "See `/v1/openapi.json` for all paths.",
  },
  methodUnknown: {
    status: "UNIMPLEMENTED",
    retry: "never",
    help: "The path is there, with other methods: the header `Allow` names them.",
    message: ({ method, path }: { method: string; path: string; allowed: string }) =>
      `Path ${path} does not support ${method}`,
    remedy: ({ allowed }: { method: string; path: string; allowed: string }) => `Use ${allowed}.`,
  },
  addressMalformed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The address has an escape that is none, such as `%zz`.",
    message: ({ path }: { path: string }) => `The URL has an invalid escape: ${path}`,
    remedy: "Correct the URL.",
  },
  addressNotPlain: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An address has one spelling: its path from the first slash on, without escapes in the names of the API (`/v1/status`, not `/%761/status` or `http://host/v1/status`). Only ids may contain escapes.",
    message: ({ path, expected }: { path: string; expected: string }) =>
      `The URL is not in its plain form: expected ${expected}, got ${path}`,
    remedy: "Send the path without a host and without escapes in its names.",
  },
  parameterTooLong: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A part of the address, such as the id of a run, has at most 1,000 characters. Answered over HTTP with 414.",
    message: ({ most }: { most: number }) => `A part of the address has more than ${most} characters`,
    remedy: "Correct the id.",
  },
  upgradeUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "WebSockets open at two addresses: `/v1/events` for clients, `/v1/link` for agents.",
    message: ({ path }: { path: string }) => `Path ${path} opens no WebSocket`,
    remedy: "Open `/v1/events` or `/v1/link`.",
  },
  handshakeInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request opens a WebSocket, and its headers do not follow RFC 6455, version 13. Open the address with a WebSocket client.",
    message: ({ reason }: { reason: string }) => `The WebSocket handshake is invalid: ${reason}`,
    remedy: "Open the address with a WebSocket client.",
  },
  bodyTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The body is larger than `gateway.bodyBytesMax`, or than 64 KiB at routes of the gateway itself, such as `/v1/sign-in`. Send a smaller request. Put data larger than 1 MiB into the blob store.",
    message: ({ most }: { most: number }) =>
      `The body is larger than the maximum of ${most} bytes (\`gateway.bodyBytesMax\`)`,
    remedy: "Send a smaller request.",
  },
  mediaTypeUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The body is not declared as JSON, or is compressed. Send it uncompressed, with `Content-Type: application/json`.",
    message: ({ found }: { found: string }) =>
      `\`Content-Type\`: expected uncompressed application/json, got ${found}`,
    remedy: "Correct the header.",
  },
  uploadIdle: {
    status: "DEADLINE_EXCEEDED",
    retry: "same-key",
    help: "No byte of an upload arrived for ten minutes, or the store accepted none. An upload that moves has no other limit than a `Request-Timeout`. Check the connection and the disk of the blob store, then upload again.",
    message: ({ minutes }: { minutes: number }) => `The upload did not move for ${minutes} minutes`,
    remedy: "Upload the file again.",
  },
  timeoutInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "`Request-Timeout` is a number of seconds above 0 and up to 3600, `requestTimeoutMs` in the query the same in milliseconds.",
    message: ({ found }: { found: string }) =>
      `\`Request-Timeout\`: expected seconds from 0.001 to 3600 (\`requestTimeoutMs\` in the query), got ${JSON.stringify(found)}`,
    remedy: "Correct the value.",
  },
  pushFailed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The receiver of push notifications of an A2A task did not answer with 2xx. The notification is sent again for a day, with the same body and id. The URL is not named, because it may be a secret: list the configurations of the task.",
    message: ({ reason }: { reason: string }) =>
      `The receiver of the push notification did not accept it: ${reason}`,
    remedy: "Check the receiver.",
  },
  pushRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The receiver of push notifications of an A2A task answered with a status that a repetition does not change: a redirect, or 4xx other than 408, 425 and 429. The notifications of this configuration have ended. Correct the receiver, delete the configuration, and create it again.",
    message: ({ status }: { status: number }) =>
      `The receiver of the push notification refused it with status ${status}`,
    remedy: "Correct the receiver, and create the configuration again.",
  },
  pushUrlRefused: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The name in the URL of a push notification configuration resolves to a private network. If clients of this installation are in one, allow it with `integration.gateway.privatePushUrls`.",
    message: () => "The URL of the push notification leads into a private network",
    remedy: "Use a public https address.",
  },
  pushUnreadable: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A push notification configuration was not sealed for its run, or is not as it was. Create it again.",
    message: ({ runId }: { runId: string }) =>
      `The push notification configuration of run \`${runId}\` cannot be read`,
    remedy: "Delete the configuration, and create it again.",
  },
  pushKeyMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The secret `a2a-push` of the namespace seals push notification configurations. The secret or one of its versions was removed, or its users were changed. Remove the whole secret: the next configuration creates a new one. Create the earlier configurations again.",
    message: ({ secret }: { secret: string }) =>
      `The secret \`${secret}\`, which seals push notification configurations, cannot be used`,
    remedy: "Remove the secret with `tutti secret remove a2a-push`, and create the configurations again.",
  },
  pushRunForeign: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The capabilities `a2a.observe` and `a2a.post` are reserved for runs that the gateway starts.",
    message: ({ runId }: { runId: string }) => `Run \`${runId}\` was not started by the gateway`,
    remedy: "Create a push notification configuration over A2A.",
  },
  notReady: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The process is starting or stopping. Retry when `/readyz` reports that it is ready.",
    message: ({ state }: { state: string }) => `The process is ${state}`,
    remedy: "Try again in a moment.",
  },
});
