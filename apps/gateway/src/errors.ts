import { defineErrors } from "@tutti/kernel";

/** What the front door itself says; what services refuse keeps its own code. */
export const gatewayErrors = defineErrors("gateway", {
  keyNeeded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The port can be reached from other machines, and nothing says who may come in. Set `gateway.key` to a secret, as `env:NAME` or `file:/path`, or `operations.host` to a loopback address, or `gateway.enabled` to false.",
    message: ({ host }: { host: string }) =>
      `expected gateway.key (env:NAME or file:/path) where operations.host is ${host}, which other machines reach, found none; set it, or set operations.host to 127.0.0.1`,
  },
  hostUnknown: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The request names a host that is not this machine. A page of somebody else may have led the browser here (DNS rebinding). Use `127.0.0.1` or `localhost` in the address; to be reached by another name, set `operations.host` and `gateway.key`.",
    message: ({ host }: { host: string }) =>
      `expected the name of this machine (127.0.0.1, localhost or [::1]) as Host, found ${JSON.stringify(host)}; use http://127.0.0.1 in the address`,
  },
  originForeign: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The request comes from a page of another site. Pages may call the gateway only that it serves itself.",
    message: ({ origin }: { origin: string }) =>
      `expected a request of a page that was served here, or of a program, found one of ${origin}; open the page at this address`,
  },
  signInNeeded: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "Nothing says who the caller is. In a browser: open the link that the terminal shows, or one that `tutti sign-in` gives. As a program on another machine: send `Authorization: Bearer KEY`.",
    message: ({ how }: { how: string }) => `expected a caller who has signed in, found none; ${how}`,
  },
  signInExpired: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The browser was signed in, and is no longer: the time is over (`gateway.signInMs`), or it was signed out. Sign in again, as with `gateway.sign_in_needed`.",
    message: ({ how }: { how: string }) =>
      `expected a sign-in that is still good, found one that has ended; ${how}`,
  },
  keyWrong: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "`Authorization` has something else than `Bearer` and the key of this installation (`gateway.key`).",
    message: () =>
      "expected Authorization: Bearer and the key of this installation (gateway.key), found another; mend the header",
  },
  linkUnknown: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The token of the link was never given out by this process, or was given out before its last start. Get a new link with `tutti sign-in`, or start again with `npm start`.",
    message: () =>
      "expected a link for signing in that was given out here, found an unknown one; get a new one with tutti sign-in",
  },
  linkUsed: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "A link for signing in is good once, and this one was used. Get a new one with `tutti sign-in`.",
    message: () =>
      "expected a link for signing in that was not used yet, found one that was; get a new one with tutti sign-in",
  },
  linkExpired: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The link for signing in is older than `gateway.linkMs`. Get a new one with `tutti sign-in`.",
    message: () =>
      "expected a link for signing in that is still good, found one that is too old; get a new one with tutti sign-in",
  },
  issuerUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "Nobody signs in by this issuer: `gateway.signIn` does not name it. `GET /v1/sign-in` lists those that it names.",
    message: () =>
      "expected an issuer that people sign in by (gateway.signIn), found another; begin at the page of this installation",
  },
  issuerUntrusted: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "People are to sign in by an issuer whose tokens are not taken. Name it in `access.issuers` as well: its audiences, and what comes before its ids.",
    message: ({ issuer }: { issuer: string }) =>
      `expected ${issuer} of gateway.signIn in access.issuers, found it missing; say there what its audiences are and what comes before its ids (idPrefix)`,
  },
  urlNeeded: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Issuers send people back to an address of the page, and the port can be reached under many. Set `gateway.url` to the one that people open, as it is registered at the issuer: `https://tutti.example`.",
    message: ({ host }: { host: string }) =>
      `expected gateway.url where people sign in by issuers (gateway.signIn) and operations.host is ${host}, found none; set it to the address that people open, such as https://tutti.example`,
  },
  signInLost: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "Somebody came back from an issuer, and this browser was not sent there in the last ten minutes, or by another process, or the answer is of another issuer. Open the page and sign in again. Where several gateways stand behind one address, a browser has to come to the same one.",
    message: () =>
      "expected a sign-in that was begun in this browser in the last ten minutes, found none that fits; open the page and sign in again",
  },
  issuerRefused: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The issuer sent somebody back without signing them in; the reason is its own word for it. `access_denied` is what it says where they gave up, or may not sign in here.",
    message: ({ issuer, reason }: { issuer: string; reason: string }) =>
      `expected ${issuer} to say who signed in, found that it did not: ${reason}; sign in again, or ask whoever keeps the accounts there`,
  },
  issuerAway: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The issuer could not be asked, or its answer is none that counts: what it says of itself at `/.well-known/openid-configuration`, or the exchange of a code. See that its address is right and that it knows `clientId`, `clientSecret` and the address `/sign-in/back`.",
    message: ({ issuer, reason }: { issuer: string; reason: string }) =>
      `expected an answer of ${issuer} that counts, found: ${reason}; sign in again, and see gateway.signIn if it stays so`,
  },
  tooManyTries: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "Wrong keys or links were tried too often. Wait a moment.",
    message: () => "expected fewer wrong keys and links in a minute; wait a moment, then try again",
  },
  signInsAway: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The gateways of a cluster keep who has signed in in NATS, which this one cannot reach at the moment, or others change the same sign-in. Who is signed in goes on.",
    message: () =>
      "expected the place where the gateways of this cluster keep who has signed in, found that it does not answer; repeat in a moment",
  },
  signInUnrecorded: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Nobody signs in without a record in the audit, and nothing took it: the service governance does not answer, or the disk that it writes to is full. A browser that is signed in goes on, and nobody has to sign in to look why: `tutti status` and `tutti doctor` ask at the machine itself, or with a key in `TUTTI_KEY`. When it is mended, sign in again; a link that was tried is still good.",
    message: () =>
      "expected the audit to take the record of this sign-in, found that it does not, so nobody is signed in; see why with tutti status at the machine or with TUTTI_KEY (is governance running, is its disk full?), then sign in again",
  },
  pathUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no such route. `/v1/openapi.json` and docs/reference/rest.md list all of them.",
    message: ({ path, hint }: { path: string; hint: string }) =>
      `expected a path of docs/reference/rest.md, found ${path}${hint}`,
  },
  methodUnknown: {
    status: "UNIMPLEMENTED",
    retry: "never",
    help: "The path is there, with other methods: the header `Allow` names them.",
    message: ({ method, path, allowed }: { method: string; path: string; allowed: string }) =>
      `expected ${allowed} for ${path}, found ${method}; use another method`,
  },
  addressMalformed: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The address has an escape that is none, such as `%zz`.",
    message: ({ path }: { path: string }) => `expected an address with whole escapes, found ${path}; mend it`,
  },
  addressNotPlain: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "An address has one spelling: its path alone, from the first slash on, without escapes in the names of the API (`/v1/status`, not `/%761/status` or `http://host/v1/status`). Only ids may contain escapes.",
    message: ({ path, expected }: { path: string; expected: string }) =>
      `expected the address as ${expected}, found ${path}; send the path without a host, and without escapes in its names`,
  },
  parameterTooLong: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A part of the address, such as the id of a run, has at most 1,000 characters. Answered over HTTP with 414.",
    message: ({ most }: { most: number }) =>
      `expected each part of the address to have at most ${most} characters, found a longer one. Correct the id.`,
  },
  upgradeUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "WebSockets open at two addresses: `/v1/events` for clients, `/v1/link` for agents.",
    message: ({ path }: { path: string }) =>
      `expected /v1/events or /v1/link for a WebSocket, found ${path}. Correct the address.`,
  },
  handshakeInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The request asks for a WebSocket, and its headers are not those of RFC 6455, version 13. Open it with a WebSocket client.",
    message: ({ reason }: { reason: string }) =>
      `expected a WebSocket handshake, found: ${reason}. Open the address with a WebSocket client.`,
  },
  bodyTooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The body is larger than `gateway.bodyBytesMax`, or than 64 KiB at routes of the gateway itself, such as `/v1/sign-in`. Send less at once; data that is larger than 1 MiB belongs in the blob store.",
    message: ({ most }: { most: number }) =>
      `expected a body of at most ${most} bytes, found more; send less at once (see gateway.bodyBytesMax)`,
  },
  mediaTypeUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The body is not said to be JSON, or is compressed. Send it plainly, with `Content-Type: application/json`.",
    message: ({ found }: { found: string }) =>
      `expected a body with Content-Type: application/json, not compressed, found ${found}; mend the header`,
  },
  timeoutInvalid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "`Request-Timeout` is a number of seconds above 0 and up to 3600, `requestTimeoutMs` in the query the same in milliseconds.",
    message: ({ found }: { found: string }) =>
      `expected Request-Timeout as seconds from 0.001 to 3600 (or requestTimeoutMs in the query), found ${JSON.stringify(found)}; mend it`,
  },
  notReady: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The process is starting or stopping. `/readyz` says when it is ready; come again then.",
    message: ({ state }: { state: string }) =>
      `expected a process that is ready, found one that is ${state}; come again in a moment`,
  },
});
