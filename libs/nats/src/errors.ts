import { JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import { jserrors } from "@nats-io/jetstream/internal";
import { errors as clientErrors } from "@nats-io/transport-node";
import { defineErrors, reasonOf, TuttiError } from "@tutti/kernel";

interface Operation {
  /** The request as text: `update of instance.ins_1 in the bucket registry`. */
  readonly operation: string;
  readonly reason: string;
}

/** Errors between a process and its NATS servers. */
export const natsErrors = defineErrors("nats", {
  unavailable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "No server was reachable, or none replied in time. The server is unavailable or restarting, or the cluster elects a leader. The outcome of the operation is unknown. The connection restores itself. Retry the operation.",
    message: ({ operation, reason }: Operation) =>
      `NATS did not answer the ${operation} (${reason}), and its outcome is unknown`,
    remedy: "Retry the operation.",
  },
  stopped: {
    status: "UNAVAILABLE",
    retry: "elsewhere",
    help: "This process is shutting down and has closed its connection to NATS. Nothing was done. Retry the call at another instance.",
    message: ({ operation }: { operation: string }) =>
      `This process closed its connection to NATS before the ${operation}`,
    remedy: "Retry at another instance.",
  },
  serverTooOld: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The version of a NATS server is not supported. Before 2.10.27, compare-and-set on replicated streams has a race: the server can acknowledge two conflicting writers. Two owners could then hold the same lease. Install 2.10.27 or newer on every server of the cluster.",
    message: ({ server, found, least }: { server: string; found: string; least: string }) =>
      `The NATS server ${server} has ${found === "" ? "an unknown version" : `version ${found}`}, older than ${least}, and may acknowledge two conflicting writers`,
    remedy: "Upgrade every server of the cluster.",
  },
  jetstreamMissing: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The NATS server runs without JetStream, or the account has no right to it. Start the server with `-js` (or a `jetstream` block) and enable it for the account.",
    message: ({ server, reason }: { server: string; reason: string }) =>
      `JetStream is not available at the NATS server ${server}: ${reason}`,
    remedy: "Start it with `-js`, and enable JetStream for the account.",
  },
  notAuthenticated: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "The NATS server does not accept the credentials. Check `nats.user` and `nats.password`, `nats.token`, `nats.credentials` or `nats.nkey`, as the server requires.",
    message: ({ server, reason }: { server: string; reason: string }) =>
      `The NATS server ${server} rejected the credentials: ${reason}`,
    remedy: "Correct `nats.user` and `nats.password`, or the token, credentials or nkey.",
  },
  untrusted: {
    status: "UNAUTHENTICATED",
    retry: "never",
    help: "TLS with the NATS server fails. Its certificate has an unknown authority, is out of date or is for another host, or a file of `nats.tls` cannot be read. Check `nats.tls.caFile`, and the names and dates in the server's certificate. A server that requires a client certificate does not reply without it: then set `nats.tls.certFile` and `nats.tls.keyFile`.",
    message: ({ server, reason }: { server: string; reason: string }) =>
      `TLS with the NATS server ${server} failed: ${reason}`,
    remedy: "Check `nats.tls` and the certificate of the server.",
  },
  forbidden: {
    status: "PERMISSION_DENIED",
    retry: "never",
    help: "The NATS user may not do this. Grant it publish and subscribe rights on `tutti.>`, `$JS.API.>`, `$KV.>` and its inboxes.",
    message: ({ operation, reason }: Operation) => `The NATS user may not do the ${operation}: ${reason}`,
    remedy: "Extend the permissions of the NATS user.",
  },
  badKey: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Keys of a bucket consist of A–Z a–z 0–9 - / = . _ and do not start or end with a dot.",
    message: ({ key }: { key: string }) => `The key ${JSON.stringify(key)} is invalid`,
    remedy: "Use A–Z a–z 0–9 - / = . _ without dots at the ends or next to each other.",
  },
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "The stream, consumer or bucket was deleted after this process started. Restart the service to create it again. Its content is lost.",
    message: ({ operation, reason }: Operation) => `The stream of the ${operation} was deleted: ${reason}`,
    remedy: "Restart the service to create it again.",
  },
  storageDiffers: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A bucket or stream exists with another storage type, which NATS cannot change. Delete it (its content is lost) or configure the type it has.",
    message: ({ name, wanted, found }: { name: string; wanted: string; found: string }) =>
      `${name} has storage ${found} instead of ${wanted}, which cannot be changed`,
    remedy: "Configure the existing storage, or delete the stream.",
  },
  tooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "A message is larger than the server accepts. Raise `max_payload` in the server's configuration (8MB is its sensible limit) or send less.",
    message: ({ operation, reason }: Operation) =>
      `The message of the ${operation} exceeds \`max_payload\` of the NATS server: ${reason}`,
    remedy: "Send less, or raise it.",
  },
  noSpace: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "JetStream has no space left. Its storage or the limit of the account or stream is used up, or a stream reserves more than a server has. Free space, raise the limit, or reduce reservations. Then retry.",
    message: ({ operation, reason }: Operation) => `JetStream has no space for the ${operation}: ${reason}`,
    remedy: "Free disk space or raise its limits, then retry.",
  },
  wrongRevision: {
    status: "ABORTED",
    retry: "never",
    help: "The key has changed since it was read. Read it again and retry.",
    message: ({ key, expected, found }: { key: string; expected: number; found: number | undefined }) =>
      expected === 0
        ? `${key} already exists${found === undefined ? "" : ` at revision ${found}`}`
        : `${key} is at ${found === undefined ? "another revision" : `revision ${found}`}, not ${expected}`,
    remedy: "Read the key again and retry.",
  },
  revisionGone: {
    status: "OUT_OF_RANGE",
    retry: "never",
    help: "The bucket cannot resume a watch from this revision: later deletions were purged, or the bucket was created again. Start with a snapshot (no revision).",
    message: ({ bucket, after, known }: { bucket: string; after: number; known: string }) =>
      `The watch of ${bucket} cannot resume after revision ${after}: ${known}`,
    remedy: "Start with a snapshot.",
  },
  replaced: {
    status: "OUT_OF_RANGE",
    retry: "never",
    help: "A stream was deleted and created again while it was being read. Its numbers restart, so there is no position to continue from. Read it from the start.",
    message: ({ stream, last }: { stream: string; last: number }) =>
      `Stream ${stream} was deleted and created again, so it cannot be read after ${last}`,
    remedy: "Start from its beginning.",
  },
  failed: {
    status: "INTERNAL",
    retry: "never",
    help: "NATS refused an operation for a reason that no code expected. The message has its words. Check the server's log.",
    message: ({ operation, reason }: Operation) => `NATS rejected the ${operation}: ${reason}`,
    remedy: "See the log of the NATS server.",
  },
});

/** `wrong last sequence`, with and without the number that was found. */
const wrongSequenceCodes: readonly number[] = [
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
];
const missingCodes: readonly number[] = [
  JetStreamApiCodes.StreamNotFound,
  JetStreamApiCodes.ConsumerNotFound,
];
/** Memory and storage used up, limits of stream and account. */
const noSpaceCodes: readonly number[] = [10023, 10028, 10047, 10077];
const noPeersCode = 10005;
const tooLargeCodes: readonly number[] = [10054];
const noJetStreamCodes: readonly number[] = [JetStreamApiCodes.JetStreamNotEnabledForAccount, 10076];

/** Returns the conflict of a compare-and-set that lost. `found` is the revision in its way, if the server names it. */
export function wrongRevisionOf(error: unknown): { readonly found: number | undefined } | undefined {
  if (!(error instanceof JetStreamApiError) || !wrongSequenceCodes.includes(error.code)) return undefined;
  const found = /wrong last sequence: (\d+)/.exec(error.message)?.[1];
  return { found: found === undefined ? undefined : Number(found) };
}

/** No server has the storage that a stream must reserve. */
function lacksStorage({ code, message }: JetStreamApiError): boolean {
  return code === noPeersCode && message.includes("insufficient storage");
}

/** Turns any error of the client into an error of the catalogue. */
export function natsErrorOf(operation: string, error: unknown, server = "the configured server"): TuttiError {
  if (error instanceof TuttiError) return error;
  const reason = reasonOf(error);
  const extras = { cause: error };
  if (error instanceof JetStreamApiError) {
    if (missingCodes.includes(error.code)) return natsErrors.missing({ operation, reason }, extras);
    if (noSpaceCodes.includes(error.code) || lacksStorage(error))
      return natsErrors.noSpace({ operation, reason }, extras);
    if (tooLargeCodes.includes(error.code)) return natsErrors.tooLarge({ operation, reason }, extras);
    if (noJetStreamCodes.includes(error.code)) return natsErrors.jetstreamMissing({ server, reason }, extras);
    // No leader, temporarily unavailable, shutting down. Too few servers (yet) for the requested replicas.
    if (error.status === 503 || error.status === 408 || error.code === noPeersCode) {
      return natsErrors.unavailable({ operation, reason }, extras);
    }
    return natsErrors.failed({ operation, reason }, extras);
  }
  if (
    error instanceof clientErrors.AuthorizationError ||
    error instanceof clientErrors.UserAuthenticationExpiredError
  ) {
    return natsErrors.notAuthenticated({ server, reason }, extras);
  }
  if (tlsCode.test(codeOf(error))) return natsErrors.untrusted({ server, reason }, extras);
  if (causedBy(error, clientErrors.PermissionViolationError)) {
    return natsErrors.forbidden({ operation, reason }, extras);
  }
  if (error instanceof clientErrors.InvalidArgumentError && reason.includes("max_payload")) {
    return natsErrors.tooLarge({ operation, reason }, extras);
  }
  if (passing.some((kind) => error instanceof kind) || isNetworkError(error)) {
    return natsErrors.unavailable({ operation, reason: reasonText(error, reason) }, extras);
  }
  return natsErrors.failed({ operation, reason }, extras);
}

const passing = [
  clientErrors.TimeoutError,
  clientErrors.RequestError,
  clientErrors.ConnectionError,
  clientErrors.ClosedConnectionError,
  clientErrors.DrainingConnectionError,
  clientErrors.NoRespondersError,
  clientErrors.ProtocolError,
  jserrors.JetStreamNotEnabled,
];

function causedBy(error: unknown, kind: abstract new (...given: never) => Error): boolean {
  let at = error;
  for (let depth = 0; depth < 8 && at instanceof Error; depth++) {
    if (at instanceof kind) return true;
    at = (at as Error).cause;
  }
  return false;
}

function isNetworkError(error: unknown): boolean {
  return /^E[A-Z]+$/.test(codeOf(error));
}

/** Node's codes of invalid certificates. */
const tlsCode = /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH)/;

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Translates the client's text for a timeout. */
function reasonText(error: unknown, reason: string): string {
  if (error instanceof clientErrors.TimeoutError) return "no answer in time";
  if (error instanceof jserrors.JetStreamNotEnabled) return "JetStream does not answer";
  return reason;
}
