import { defineErrors } from "@tutti/kernel";

/** Errors of evaluations, for callers. */
export const expressionErrors = defineErrors("expressions", {
  failed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An expression could not be evaluated with its values: a missing key, a division by zero, or a value of the wrong type. The details contain the expression, the position in it and its inputs.",
    message: ({ message, expression }: { message: string; expression: string }) =>
      `The expression \`${expression}\` failed: ${message}`,
    remedy: "Guard the value with `has()`, or correct the input of the expression.",
  },
  stepsExhausted: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "An expression needed more steps than one evaluation allows: its lists are too large, or it iterates over them too often. Use smaller lists, or compute the value in a task.",
    message: ({ message, expression }: { message: string; expression: string }) =>
      `The expression \`${expression}\` needs too many steps: ${message}`,
    remedy: "Use smaller lists, or compute the value in a task.",
  },
});
