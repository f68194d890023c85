/**
 * The impact of a change of policies: every recorded decision is made again by the new policies. Each decision that
 * differs from the recorded and from the present one is reported. A denial by a bearer's own restriction stays.
 */
import type { Flip, PreviewImpactReply, PreviewImpactRequest } from "@tutti/contracts/governance/v1";
import { spanOf } from "@tutti/host";
import type { CallContext } from "@tutti/kernel";
import { PolicyEvaluator } from "@tutti/policy";
import { contentAfter, problemsOf } from "../policies/change.ts";
import { questionOf } from "../policies/questions.ts";
import type { TenantDependencies } from "../tenants/dependencies.ts";
import { placeOf, recordedIn } from "./recording.ts";

const rangeDefaultMs = 7 * 86_400_000;
/** Maximum of decisions that are repeated before a reply is sent. */
const decisionsPerReply = 500;

export async function* previewImpact(
  dependencies: TenantDependencies,
  { change, span, cursor }: PreviewImpactRequest,
  context: CallContext,
): AsyncGenerator<PreviewImpactReply, void> {
  const { namespace } = context;
  const { cedar, content, evaluator: present } = await dependencies.deciding.present();
  const problems = problemsOf(cedar, namespace, change);
  if (problems.length > 0) {
    yield { flips: [], examined: 0, total: 0, problems, cursor: "" };
    return;
  }
  const nowMs = dependencies.foundation.clock.now();
  const { from, to } = spanOf(span);
  const fromMs = span === undefined ? nowMs - rangeDefaultMs : from;
  const all = await recordedIn(dependencies, context, { fromMs, toMs: to });
  const after = new PolicyEvaluator(cedar, contentAfter(content, namespace, change));
  // The position of the caller. Later records are before it, and belong to another preview.
  const start = cursor === "" ? 0 : all.findIndex((decision) => placeOf(decision) > cursor);
  for (let at = start === -1 ? all.length : start; ; at += decisionsPerReply) {
    const some = all.slice(at, at + decisionsPerReply);
    const flips = some.flatMap((before): Flip[] => {
      if (before.question === undefined) return [];
      const question = questionOf(before.question, namespace, "");
      const { allowed, policies } = after.decide(question, nowMs);
      const isOther = allowed !== before.allowed && allowed !== present.decide(question, nowMs).allowed;
      return isOther ? [{ before, allowed, policies: [...policies] }] : [];
    });
    const examined = Math.min(at + some.length, all.length);
    const last = some.at(-1);
    yield {
      flips,
      examined,
      total: all.length,
      problems: [],
      cursor: last === undefined ? cursor : placeOf(last),
    };
    if (examined >= all.length || context.signal.aborted) return;
  }
}
