import type { FieldViolation } from "@tutti/contracts/rpc";
import { meshErrors } from "../errors.ts";
import type { Interceptor } from "./chain.ts";

/** Refuses requests that violate the rules of their contract, with the path of each field. */
export function validateInterceptor(): Interceptor<unknown> {
  return {
    name: "validate",
    scope: "core",
    run(binding) {
      const { rpc, label } = binding.method;
      let found: FieldViolation[] = [];
      binding.add({
        request(_call, message) {
          rpc.check(message, found);
          const [first] = found;
          if (first === undefined) return undefined;
          const violations = found;
          found = [];
          throw meshErrors.invalidRequest(
            { rpc: label, first: `${first.field}: ${first.message}`, count: violations.length },
            { violations },
          );
        },
      });
    },
  };
}
