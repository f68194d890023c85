import { type CallContext, localAdministrator } from "../context/call-context.ts";
import { silentLogger } from "../ports/logger.ts";

/**
 * Returns the context of a call by the local administrator, without a deadline. Pass only the fields that matter to the
 * test.
 */
export function testContext(overrides: Partial<CallContext> = {}): CallContext {
  return {
    principal: localAdministrator,
    namespace: "default",
    deadlineMs: Number.POSITIVE_INFINITY,
    signal: new AbortController().signal,
    trace: { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled: true },
    idempotencyKey: "",
    logger: silentLogger,
    ...overrides,
  };
}
