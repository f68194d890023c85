import type { ServiceDescription } from "@tutti/contracts/rpc";
import type { FileTable } from "../described/schema.ts";
import { describedRpc } from "../described/service.ts";

export type ReflectionVersion = "v1" | "v1alpha";

const messages = {
  ServerReflectionRequest: [
    { name: "host", number: 1, type: "string" },
    { name: "fileByFilename", number: 3, type: "string", oneof: "message_request" },
    { name: "fileContainingSymbol", number: 4, type: "string", oneof: "message_request" },
    {
      name: "fileContainingExtension",
      number: 5,
      type: "message",
      of: "ExtensionRequest",
      oneof: "message_request",
    },
    { name: "allExtensionNumbersOfType", number: 6, type: "string", oneof: "message_request" },
    { name: "listServices", number: 7, type: "string", oneof: "message_request" },
  ],
  ExtensionRequest: [
    { name: "containingType", number: 1, type: "string" },
    { name: "extensionNumber", number: 2, type: "int32" },
  ],
  ServerReflectionResponse: [
    { name: "validHost", number: 1, type: "string" },
    { name: "originalRequest", number: 2, type: "message", of: "ServerReflectionRequest" },
    {
      name: "fileDescriptorResponse",
      number: 4,
      type: "message",
      of: "FileDescriptorResponse",
      oneof: "message_response",
    },
    {
      name: "allExtensionNumbersResponse",
      number: 5,
      type: "message",
      of: "ExtensionNumberResponse",
      oneof: "message_response",
    },
    {
      name: "listServicesResponse",
      number: 6,
      type: "message",
      of: "ListServiceResponse",
      oneof: "message_response",
    },
    { name: "errorResponse", number: 7, type: "message", of: "ErrorResponse", oneof: "message_response" },
  ],
  FileDescriptorResponse: [{ name: "fileDescriptorProto", number: 1, type: "bytes", repeated: true }],
  ExtensionNumberResponse: [
    { name: "baseTypeName", number: 1, type: "string" },
    { name: "extensionNumber", number: 2, type: "int32", repeated: true },
  ],
  ListServiceResponse: [
    { name: "service", number: 1, type: "message", of: "ServiceResponse", repeated: true },
  ],
  ServiceResponse: [{ name: "name", number: 1, type: "string" }],
  ErrorResponse: [
    { name: "errorCode", number: 1, type: "int32" },
    { name: "errorMessage", number: 2, type: "string" },
  ],
} as const satisfies FileTable["messages"];

/** grpc/reflection/v1/reflection.proto. V1alpha is the same but for its name. */
export function reflectionFile(version: ReflectionVersion) {
  return {
    name: `grpc/reflection/${version}/reflection.proto`,
    package: `grpc.reflection.${version}`,
    messages,
    enums: {},
    services: {
      ServerReflection: {
        ServerReflectionInfo: {
          request: "ServerReflectionRequest",
          reply: "ServerReflectionResponse",
          requestStream: true,
          replyStream: true,
        },
      },
    },
  } as const satisfies FileTable;
}

export interface ReflectionRequest {
  readonly host?: string;
  readonly fileByFilename?: string;
  readonly fileContainingSymbol?: string;
  readonly fileContainingExtension?: { readonly containingType?: string; readonly extensionNumber?: number };
  readonly allExtensionNumbersOfType?: string;
  readonly listServices?: string;
}

export interface ReflectionReply {
  readonly validHost?: string;
  readonly originalRequest?: ReflectionRequest;
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Uint8Array[] };
  readonly allExtensionNumbersResponse?: {
    readonly baseTypeName: string;
    readonly extensionNumber: readonly number[];
  };
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly errorResponse?: { readonly errorCode: number; readonly errorMessage: string };
}

export function reflectionContract(version: ReflectionVersion) {
  return {
    name: `grpc.reflection.${version}.ServerReflection`,
    area: "reflection",
    methods: {
      serverReflectionInfo: describedRpc<ReflectionRequest, ReflectionReply, true, true>(
        reflectionFile(version),
        "ServerReflection",
        "ServerReflectionInfo",
        { requestStream: true, replyStream: true },
      ),
    },
  } satisfies ServiceDescription;
}
