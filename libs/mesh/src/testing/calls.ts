import { localAdministrator } from "@tutti/kernel";
import { recordingLogger } from "@tutti/kernel/testing";
import { type Method, methodsOf } from "../calls/method.ts";
import { ClientCall } from "../client/client-call.ts";
import { Requests } from "../client/requests.ts";
import { Chain, type Interceptor } from "../interceptors/chain.ts";
import { type Incoming, ServerCall } from "../server/server-call.ts";
import { type Note, note, noteService } from "./note-contract.ts";

type MethodName = keyof typeof noteService.methods;

function methodOf(name: MethodName): Method {
  const method = methodsOf(noteService).find(([key]) => key === name)?.[1];
  if (method === undefined) throw new Error(`expected a method of the note contract, got ${name}`);
  return method;
}

/** Returns a call for the parts of the client side. */
export function clientCall(
  name: MethodName,
  options: { request?: Partial<Note>; deadlineMs?: number } = {},
): ClientCall {
  const method = methodOf(name);
  const request = note(options.request);
  async function* requests() {
    yield request;
  }
  return new ClientCall(
    {
      method,
      context: undefined,
      trace: undefined,
      namespace: "default",
      startedMs: 0,
      deadlineMs: options.deadlineMs ?? Number.POSITIVE_INFINITY,
      ...{ idempotencyKey: request.key, affinity: "", instance: "" },
    },
    method.rpc.requestStream ? new Requests(requests()) : request,
  );
}

/** Returns a call that a server receives over gRPC at time 0, and the chain of these interceptors. */
export function serverCall(
  name: MethodName,
  interceptors: readonly Interceptor<ServerCall>[],
  overrides: Partial<Incoming> = {},
): { readonly call: ServerCall; readonly chain: Chain<ServerCall> } {
  const method = methodOf(name);
  const chain = new Chain<ServerCall>(method);
  for (const interceptor of interceptors) interceptor.run(chain);
  const incoming: Incoming = {
    ...{ transport: "grpc", presented: undefined, credential: "", namespace: "default" },
    ...{ deadlineMs: Number.POSITIVE_INFINITY, parent: undefined, idempotencyKey: "", hosted: "" },
    ...{ ownerEpoch: 0, peer: undefined, address: undefined },
    ...overrides,
  };
  const trace = { traceId: "", spanId: "", sampled: false };
  const defaults = { principal: localAdministrator, trace, logger: recordingLogger() };
  return { call: new ServerCall(method, incoming, defaults, 0), chain };
}
