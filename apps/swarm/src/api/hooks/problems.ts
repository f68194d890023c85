/** What is wrong with a hook before it is kept, with its place. */
import type { Hook } from "@tutti/contracts/swarm/v1";
import { urlProblem } from "@tutti/host/outgoing";
import { poolErrors } from "@tutti/machine-entities/pool";
import { compileHook, type HookProblem } from "@tutti/matching";

export function requireValid(hook: Hook, arePrivateAllowed: boolean): void {
  const { problems = [] } = compileHook(hook);
  const found = [...problems, ...webhookProblems(hook, arePrivateAllowed)];
  const [first] = found;
  if (first === undefined) return;
  const violations = found.map(({ field, message }) => ({ field: `hook.${field}`, message }));
  throw poolErrors.invalid(
    { problem: `hook ${hook.hookId}: ${first.field}: ${first.message}` },
    { violations },
  );
}

function webhookProblems({ action }: Hook, arePrivateAllowed: boolean): HookProblem[] {
  if (action?.$case !== "webhook") return [];
  const { url, secret } = action.value;
  const problems: HookProblem[] = [];
  const problem = urlProblem(url, arePrivateAllowed);
  if (problem !== undefined)
    problems.push({
      field: "webhook.url",
      message: `expected an address that may be called, found that ${problem}`,
    });
  if (secret !== "" && !/^(env|file):./.test(secret))
    problems.push({
      field: "webhook.secret",
      message: "expected a reference, env:NAME or file:/path, found none",
    });
  return problems;
}
