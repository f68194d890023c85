/**
 * `grpc.reflection`: shows tools such as grpcurl the served contracts, from their descriptors. They are loaded on first
 * use.
 */
import { statuses } from "@tutti/kernel";
import { fileDescriptor } from "../described/descriptor.ts";
import { healthFile } from "../health/health-contract.ts";
import type { MeshServer } from "../server/mesh-server.ts";
import { FileIndex } from "./file-index.ts";
import {
  type ReflectionReply,
  type ReflectionRequest,
  reflectionContract,
  reflectionFile,
} from "./reflection-contract.ts";

const versions = ["v1", "v1alpha"] as const;

export function serveReflection(server: MeshServer, load: () => Promise<FileIndex> = loadIndex): void {
  let index: Promise<FileIndex> | undefined;
  const serverReflectionInfo = async function* (requests: AsyncIterable<ReflectionRequest>) {
    for await (const request of requests) {
      index ??= load();
      yield {
        validHost: request.host ?? "",
        originalRequest: request,
        ...answer(await index, server, request),
      };
    }
  };
  for (const version of versions)
    server.serve(reflectionContract(version), { serverReflectionInfo }, { builtin: true });
}

async function loadIndex(): Promise<FileIndex> {
  const { fileDescriptorSet } = await import("@tutti/contracts/descriptors");
  const index = new FileIndex();
  index.addSet(fileDescriptorSet());
  index.add(fileDescriptor(healthFile));
  for (const version of versions) index.add(fileDescriptor(reflectionFile(version)));
  return index;
}

function answer(index: FileIndex, server: MeshServer, request: ReflectionRequest): ReflectionReply {
  if (request.listServices !== undefined) {
    return { listServicesResponse: { service: server.contracts.map((name) => ({ name })).sort(byName) } };
  }
  if (request.fileByFilename !== undefined)
    return files(index, request.fileByFilename, request.fileByFilename);
  if (request.fileContainingSymbol !== undefined) {
    const symbol = request.fileContainingSymbol;
    return files(index, index.fileOfSymbol(symbol), symbol);
  }
  if (request.fileContainingExtension !== undefined) {
    const { containingType = "", extensionNumber = 0 } = request.fileContainingExtension;
    const subject = `extension ${extensionNumber} of ${containingType}`;
    return files(index, index.fileOfExtension(containingType, extensionNumber), subject);
  }
  if (request.allExtensionNumbersOfType !== undefined) {
    const baseTypeName = request.allExtensionNumbersOfType;
    const extensionNumber = index.extensionsOf(baseTypeName);
    if (extensionNumber === undefined) return notFound(baseTypeName);
    return { allExtensionNumbersResponse: { baseTypeName, extensionNumber } };
  }
  return {
    errorResponse: {
      errorCode: statuses.INVALID_ARGUMENT.grpc,
      errorMessage: "expected one of the questions of message_request, got none",
    },
  };
}

function files(index: FileIndex, file: string | undefined, subject: string): ReflectionReply {
  const fileDescriptorProto = file === undefined ? undefined : index.withImports(file);
  return fileDescriptorProto === undefined
    ? notFound(subject)
    : { fileDescriptorResponse: { fileDescriptorProto } };
}

function notFound(subject: string): ReflectionReply {
  return {
    errorResponse: {
      errorCode: statuses.NOT_FOUND.grpc,
      errorMessage: `expected a known name, got ${subject}`,
    },
  };
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}
