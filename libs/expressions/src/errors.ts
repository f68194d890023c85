import { defineErrors } from "@tutti/kernel";

/** Errors of evaluations, for callers. */
export const expressionErrors = defineErrors("expressions", {
  failed: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "An expression could not be evaluated with the values it met: a key that is not there, a division by zero, a type that does not fit. The details have the expression, the place in it and what it worked on.",
    message: ({ message, expression }: { message: string; expression: string }) =>
      `The expression \`${expression}\` failed: ${message}`,
    remedy: "Guard it with `has()`, or correct what it reads.",
  },
  stepsExhausted: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "An expression needed more steps than one evaluation may take: it goes over too much, or goes over it too often. Give it smaller lists, or have a task do the work.",
    message: ({ message, expression }: { message: string; expression: string }) =>
      `The expression \`${expression}\` needs too many steps: ${message}`,
    remedy: "Use smaller lists, or let a task do the work.",
  },
});
