/** The bytes of a blob as an answer: whatever they are, a browser neither runs nor shows them. */
import { Readable } from "node:stream";
import { blobService } from "@tutti/contracts/blob/v1";
import type { Mesh } from "@tutti/mesh";
import { routeNamed } from "@tutti/rest";
import { refusal } from "@tutti/rest/json";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Asked } from "./asked.ts";

const mediaType = /^[\w!#$&^.+-]{1,100}\/[\w!#$&^.+-]{1,100}$/;

export function blobAnswer(mesh: Pick<Mesh, "client">) {
  const blobs = mesh.client(blobService);
  return async (request: FastifyRequest, reply: FastifyReply, asked: Asked, query: URLSearchParams) => {
    const { sha256, namespace, type } = wantedOf(request, query);
    const replies = blobs.get({ namespace, sha256, offset: 0, length: 0 }, { context: asked });
    // What it fails with before its first bytes is a problem like any other.
    const first = await replies.next();
    reply.header("content-type", type).header("content-disposition", "attachment");
    const bytes = async function* () {
      if (!first.done) yield first.value.chunk;
      for await (const { chunk } of replies) yield chunk;
    };
    await reply.send(Readable.from(bytes(), { objectMode: false }));
  };
}

function wantedOf({ params }: FastifyRequest, query: URLSearchParams) {
  const { sha256 = "" } = params as { readonly sha256?: string };
  const wrong: { field: string; message: string }[] = [];
  const add = (field: string, message: string) => wrong.push({ field, message });
  if (!/^[0-9a-f]{64}$/i.test(sha256)) add("sha256", "expected 64 hexadecimal digits");
  const type = query.get("mediaType") ?? "application/octet-stream";
  if (!mediaType.test(type)) add("mediaType", "expected a media type such as image/png");
  for (const name of query.keys()) {
    if (name !== "namespace" && name !== "mediaType") add(name, "expected namespace or mediaType alone");
  }
  if (wrong.length > 0) throw refusal(routeNamed("blobs.get"), wrong);
  return { sha256: Buffer.from(sha256, "hex"), namespace: query.get("namespace") ?? "", type };
}
