/**
 * Agents without any right to the call: it is refused before its handler sees it. Their offering is still
 * worth showing to users whose tasks wait for it.
 */
import type { RpcDescription } from "@tutti/contracts/rpc";
import type { CallContext, TuttiError } from "@tutti/kernel";
import { installationNamespace, type RefusedListener } from "@tutti/mesh";

/**
 * Receives requests without the right if they fit their contract. A namespace does not learn of strangers who
 * try it.
 */
export function refusedListenerOf<Request>(
  { check }: Pick<RpcDescription<Request, unknown>, "check">,
  namespaceOf: (request: Request) => string | undefined,
  report: (request: Request, error: TuttiError) => void,
): RefusedListener {
  return (message, error, context) => {
    const request = message as Request;
    if (error.status !== "PERMISSION_DENIED" || !isOwnNamespace(context, namespaceOf(request))) return;
    const found: Parameters<typeof check>[1] = [];
    check(request, found);
    if (found.length === 0) report(request, error);
  };
}

function isOwnNamespace({ principal }: CallContext, namespace: string | undefined): boolean {
  const { namespace: own = "" } = principal.credential ?? {};
  return own === "" || own === installationNamespace || own === namespace;
}
