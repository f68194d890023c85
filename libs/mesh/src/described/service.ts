import { checkNothing, noKey, noNamespace, type RpcDescription } from "@tutti/contracts/rpc";
import { describedCodec } from "./codec.ts";
import type { FileTable, MethodTable } from "./schema.ts";

/** Returns an rpc of a described service. It is part of the mesh itself: exempt from policy, safe to repeat. */
export function describedRpc<
  Request extends object,
  Reply extends object,
  const RequestStream extends boolean,
  const ReplyStream extends boolean,
>(
  file: FileTable,
  service: string,
  name: string,
  streams: { readonly requestStream: RequestStream; readonly replyStream: ReplyStream },
): RpcDescription<Request, Reply, RequestStream, ReplyStream> {
  const table: MethodTable | undefined = file.services[service]?.[name];
  if (table === undefined) throw new Error(`expected a method of ${file.package}.${service}, got ${name}`);
  return {
    name,
    path: `/${file.package}.${service}/${name}`,
    ...streams,
    action: `mesh.${service.toLowerCase()}.${name.toLowerCase()}`,
    resource: "instance",
    repeat: streams.requestStream || streams.replyStream ? "resumes" : "safe",
    route: undefined,
    request: describedCodec<Request>(file, table.request),
    reply: describedCodec<Reply>(file, table.reply),
    check: checkNothing,
    namespaceOf: noNamespace,
    idempotencyKeyOf: noKey,
  };
}
