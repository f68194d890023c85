import { defineErrors } from "@tutti/kernel";

/** Why the work of a part cannot be had. */
export const partWorkErrors = defineErrors("session", {
  childTaken: {
    status: "ALREADY_EXISTS",
    retry: "never",
    help: "A run or mission that belongs to nobody, or to another parent, has the id that the part of the session was to have.",
    message: ({ child }: { child: string }) =>
      `expected no ${child} but the part's, found one of somebody else; remove it, or start the session under another id`,
  },
});
