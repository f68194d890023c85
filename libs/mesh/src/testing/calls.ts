import { methodsOf } from "../calls/method.ts";
import { ClientCall } from "../client/client-call.ts";
import { Requests } from "../client/requests.ts";
import { type Note, note, noteService } from "./note-contract.ts";

type MethodName = keyof typeof noteService.methods;

/** A call as the parts of the client's side see it. */
export function clientCall(
  name: MethodName,
  given: { request?: Partial<Note>; deadlineMs?: number } = {},
): ClientCall {
  const method = methodsOf(noteService).find(([key]) => key === name)?.[1];
  if (method === undefined) throw new Error(`expected a method of the note contract, found ${name}`);
  const request = note(given.request);
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
      deadlineMs: given.deadlineMs ?? Number.POSITIVE_INFINITY,
      ...{ idempotencyKey: request.key, affinity: "", instance: "" },
    },
    method.rpc.requestStream ? new Requests(requests()) : request,
  );
}
