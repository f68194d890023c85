/** Gangs: tasks that start together or not at all. Refuses gangs that could never start. */
import type { TaskDocument } from "../language/document.ts";
import type { Building, Draft } from "./building.ts";

const membersMax = 100;
/** Each of these can skip one member, or start it at another time. */
const excluded: readonly (keyof TaskDocument)[] = [
  ...(["when", "maxParallel", "cache", "mayFail", "mayBeDoubled"] as const),
];

export function checkGangs(building: Building): void {
  const gangs = new Map<string, Draft[]>();
  for (const draft of building.drafts) {
    const { gang } = draft.document;
    if (gang === undefined) continue;
    const key = `${draft.scope} ${gang}`;
    gangs.set(key, [...(gangs.get(key) ?? []), draft]);
  }
  for (const [first, ...others] of gangs.values()) {
    if (first === undefined) continue;
    checkSize(building, first, others.length + 1);
    for (const draft of [first, ...others]) checkOptions(building, draft);
    for (const draft of others) checkNeeds(building, first, draft);
  }
}

function checkSize(building: Building, draft: Draft, size: number): void {
  // The entries of a list are members.
  if (size < 2 && draft.document.forEach === undefined)
    refuse(building, draft, "this gang has one member", "at least 2 members");
  if (size > membersMax)
    refuse(building, draft, `this gang has ${size} members`, `at most ${membersMax} members`);
}

function checkOptions(building: Building, draft: Draft): void {
  for (const key of excluded)
    if (draft.document[key] !== undefined)
      refuse(
        building,
        draft,
        `\`${draft.id}\` has \`${key}\`, which a member of a gang cannot have`,
        `no \`${key}\``,
      );
}

/** With the same needs, members become ready at the same time, and are skipped together. */
function checkNeeds(building: Building, first: Draft, draft: Draft): void {
  const { drafts } = building;
  for (const [one, other] of [
    [first, draft],
    [draft, first],
  ] as const)
    for (const [needed, condition] of one.needs) {
      const id = drafts[needed]?.id ?? "";
      if (other.needs.get(needed) === condition) continue;
      const isMember = drafts[needed]?.document.gang === draft.document.gang;
      const reason = isMember ? `\`${one.id}\` needs \`${id}\`, which is a member too` : "";
      refuse(
        building,
        draft,
        reason || `\`${one.id}\` needs \`${id}\`, and \`${other.id}\` does not need it in the same way`,
        "the same `needs` for all members",
      );
      return;
    }
}

function refuse({ findings }: Building, { path, document }: Draft, reason: string, expected: string): void {
  const message = `the members of the gang \`${document.gang}\` could not start together: ${reason}`;
  findings.error("wrong_value", [...path, "gang"], message, { expected });
}
