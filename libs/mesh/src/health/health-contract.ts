import type { ServiceDescription } from "@tutti/contracts/rpc";
import type { FileTable } from "../described/schema.ts";
import { describedRpc } from "../described/service.ts";

/** grpc/health/v1/health.proto */
export const healthFile = {
  name: "grpc/health/v1/health.proto",
  package: "grpc.health.v1",
  messages: {
    HealthCheckRequest: [{ name: "service", number: 1, type: "string" }],
    HealthCheckResponse: [
      { name: "status", number: 1, type: "enum", of: "HealthCheckResponse.ServingStatus" },
    ],
  },
  enums: { "HealthCheckResponse.ServingStatus": ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"] },
  services: {
    Health: {
      Check: {
        request: "HealthCheckRequest",
        reply: "HealthCheckResponse",
        requestStream: false,
        replyStream: false,
      },
      Watch: {
        request: "HealthCheckRequest",
        reply: "HealthCheckResponse",
        requestStream: false,
        replyStream: true,
      },
    },
  },
} as const satisfies FileTable;

export const servingStatus = { unknown: 0, serving: 1, notServing: 2, serviceUnknown: 3 } as const;
export type ServingStatus = (typeof servingStatus)[keyof typeof servingStatus];

export interface HealthRequest {
  /** Full name of a contract. Empty for the process as a whole. */
  readonly service?: string;
}

export interface HealthReply {
  readonly status?: ServingStatus;
}

export const healthContract = {
  name: "grpc.health.v1.Health",
  area: "health",
  methods: {
    check: describedRpc<HealthRequest, HealthReply, false, false>(healthFile, "Health", "Check", {
      requestStream: false,
      replyStream: false,
    }),
    watch: describedRpc<HealthRequest, HealthReply, false, true>(healthFile, "Health", "Watch", {
      requestStream: false,
      replyStream: true,
    }),
  },
} satisfies ServiceDescription;
