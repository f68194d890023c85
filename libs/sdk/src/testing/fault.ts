/**
 * Something is missing in a test, or will never happen in it. The message names the expected and the actual state,
 * and the fix.
 */
export class WorkflowTestError extends Error {
  override readonly name = "WorkflowTestError";
}
