/** The statuses of gRPC with their HTTP counterparts: one vocabulary for both transports. */
export const statuses = {
  CANCELLED: { grpc: 1, http: 499 },
  UNKNOWN: { grpc: 2, http: 500 },
  INVALID_ARGUMENT: { grpc: 3, http: 400 },
  DEADLINE_EXCEEDED: { grpc: 4, http: 504 },
  NOT_FOUND: { grpc: 5, http: 404 },
  ALREADY_EXISTS: { grpc: 6, http: 409 },
  PERMISSION_DENIED: { grpc: 7, http: 403 },
  RESOURCE_EXHAUSTED: { grpc: 8, http: 429 },
  FAILED_PRECONDITION: { grpc: 9, http: 409 },
  ABORTED: { grpc: 10, http: 409 },
  OUT_OF_RANGE: { grpc: 11, http: 400 },
  UNIMPLEMENTED: { grpc: 12, http: 501 },
  INTERNAL: { grpc: 13, http: 500 },
  UNAVAILABLE: { grpc: 14, http: 503 },
  DATA_LOSS: { grpc: 15, http: 500 },
  UNAUTHENTICATED: { grpc: 16, http: 401 },
} as const;

export type Status = keyof typeof statuses;

export function isStatus(text: unknown): text is Status {
  return typeof text === "string" && Object.hasOwn(statuses, text);
}

/** Returns the status with a gRPC number. UNKNOWN for a number that gRPC does not have, and for OK. */
export function statusOfGrpc(grpc: number): Status {
  return byGrpc.get(grpc) ?? "UNKNOWN";
}

/** Returns the nearest status of an HTTP answer that was not made by Tutti. */
export function statusOfHttp(http: number): Status {
  return byHttp.get(http) ?? (http >= 400 && http < 500 ? "FAILED_PRECONDITION" : "UNKNOWN");
}

const byGrpc = new Map(
  Object.keys(statuses)
    .filter(isStatus)
    .map((status) => [statuses[status].grpc as number, status]),
);

// For an HTTP status shared by several statuses, the most likely one of a foreign server.
const byHttp = new Map<number, Status>([
  [400, "INVALID_ARGUMENT"],
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
  [408, "DEADLINE_EXCEEDED"],
  [409, "ABORTED"],
  [413, "RESOURCE_EXHAUSTED"],
  [422, "INVALID_ARGUMENT"],
  [429, "RESOURCE_EXHAUSTED"],
  [499, "CANCELLED"],
  [500, "INTERNAL"],
  [501, "UNIMPLEMENTED"],
  [502, "UNAVAILABLE"],
  [503, "UNAVAILABLE"],
  [504, "DEADLINE_EXCEEDED"],
]);
