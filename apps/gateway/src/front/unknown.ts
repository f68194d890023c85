/** What is said of a path or a method that no route has. */
import { nearest } from "@tutti/kernel";
import { routes } from "@tutti/rest";
import type { FastifyReply, FastifyRequest } from "fastify";
import { gatewayErrors } from "../errors.ts";

const patterns = routes.map(({ method, path }) => ({
  method,
  path,
  isOf: new RegExp(`^${path.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`),
}));

export function refuseUnknown(request: FastifyRequest, reply: FastifyReply): never {
  const { method, url } = request;
  const [path = ""] = url.split("?", 1);
  const allowed = patterns.filter(({ isOf }) => isOf.test(path)).map((one) => one.method);
  if (allowed.length > 0) {
    reply.header("allow", [...new Set(allowed)].join(", "));
    throw gatewayErrors.methodUnknown({ method, path, allowed: [...new Set(allowed)].join(" or ") });
  }
  const near = nearest(
    path,
    patterns.map((one) => one.path),
  );
  throw gatewayErrors.pathUnknown({ path, hint: near === undefined ? "" : `; did you mean ${near}?` });
}
