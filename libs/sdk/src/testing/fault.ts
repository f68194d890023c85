/**
 * Something is missing in a test, or will never happen in it. The message says what was expected, what was found, and
 * what to add.
 */
export class WorkflowTestError extends Error {
  override readonly name = "WorkflowTestError";
}
