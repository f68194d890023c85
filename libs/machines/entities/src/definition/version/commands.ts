import {
  ArchiveVersions,
  LabelPointed,
  PointLabel,
  RegisterVersion,
  VersionRegistered,
  VersionsArchived,
} from "@tutti/contracts/workflow/v1";
import type { Refusal } from "@tutti/kernel";
import { definitionErrors } from "../errors.ts";
import { type DefinitionCommand, type DefinitionView, labelsMax, latest, versionsMax } from "../state.ts";
import { labelPointed, versionArchived, versionRegistered } from "./events.ts";

/** The same content again is the version that is there. Labels are pointed to it all the same. */
export const register: DefinitionCommand<RegisterVersion, VersionRegistered> = {
  type: "register",
  codec: RegisterVersion,
  reply: VersionRegistered,
  decide(definition, { hash, facts, factsBlob, source, labels, searchLabels }, step) {
    const { id: name } = step.key;
    const existed = definition.versions.has(hash);
    if (!existed && definition.versions.size >= versionsMax)
      return definitionErrors.versionsFull.refusal({ name, max: versionsMax });
    // The first version is the latest one, whatever was said.
    const wanted = new Set(definition.labels.has(latest) ? labels : [latest, ...labels]);
    const refusal = noRoomFor(definition, wanted, name);
    if (refusal !== undefined) return refusal;
    if (!existed) {
      const kept = { hash, facts, factsBlob, source, registerMs: step.nowMs, cause: step.cause };
      step.emit(versionRegistered, { version: { ...kept, archived: false } });
    }
    for (const label of wanted)
      if (definition.labels.get(label) !== hash) step.emit(labelPointed, { label, hash, searchLabels });
    return { existed };
  },
};

export const point: DefinitionCommand<PointLabel, LabelPointed> = {
  type: "point_label",
  codec: PointLabel,
  reply: LabelPointed,
  decide(definition, { label, hash, searchLabels }, step) {
    const { id: name } = step.key;
    if (hash === "" && label === latest) return definitionErrors.latestStays.refusal({ name });
    if (step.events === 0 || (hash !== "" && !definition.versions.has(hash)))
      return definitionErrors.missing.refusal({ name, version: hash });
    const refusal = hash === "" ? undefined : noRoomFor(definition, new Set([label]), name);
    if (refusal !== undefined) return refusal;
    if ((definition.labels.get(label) ?? "") !== hash) step.emit(labelPointed, { label, hash, searchLabels });
    return {};
  },
};

export const archive: DefinitionCommand<ArchiveVersions, VersionsArchived> = {
  type: "archive",
  codec: ArchiveVersions,
  reply: VersionsArchived,
  decide(definition, { hash, restore }, step) {
    if (step.events === 0 || (hash !== "" && !definition.versions.has(hash)))
      return definitionErrors.missing.refusal({ name: step.key.id, version: hash || latest });
    const meant = hash === "" ? [...definition.versions.keys()] : [hash];
    const changed = meant.filter((each) => definition.versions.get(each)?.archived === restore);
    for (const each of changed) step.emit(versionArchived, { hash: each, archived: !restore });
    return { changed: changed.length };
  },
};

function noRoomFor(
  { labels }: DefinitionView,
  wanted: ReadonlySet<string>,
  name: string,
): Refusal | undefined {
  const added = [...wanted].filter((label) => !labels.has(label)).length;
  return labels.size + added > labelsMax
    ? definitionErrors.labelsFull.refusal({ name, max: labelsMax })
    : undefined;
}
