import {
  ArchiveVersions,
  LabelPointed,
  PointLabel,
  RegisterVersion,
  RollOutVersion,
  VersionRegistered,
  VersionRolledOut,
  VersionsArchived,
} from "@tutti/contracts/workflow/v1";
import type { Refusal } from "@tutti/kernel";
import { definitionErrors } from "../errors.ts";
import {
  type DefinitionCommand,
  type DefinitionStep,
  type DefinitionView,
  labelsMax,
  latest,
  rollsOut,
  versionsMax,
} from "../state.ts";
import { labelPointed, rolloutSet, versionArchived, versionRegistered } from "./events.ts";

/**
 * A registration with the same content returns the existing version. Its labels are set anyway, but its share of new
 * runs stays: a worker of an older version that restarts takes nothing from the newer one.
 */
export const register: DefinitionCommand<RegisterVersion, VersionRegistered> = {
  type: "register",
  codec: RegisterVersion,
  reply: VersionRegistered,
  decide(definition, { hash, facts, factsBlob, source, labels, searchLabels, percent }, step) {
    const { id: name } = step.key;
    const existed = definition.versions.has(hash);
    if (!existed && definition.versions.size >= versionsMax)
      return definitionErrors.versionsFull.refusal({ name, max: versionsMax });
    // The first version becomes the latest one, even if the request does not ask for it.
    const isAll = percent === 100 && !existed;
    const newLabels = new Set(definition.labels.has(latest) && !isAll ? labels : [latest, ...labels]);
    const refusal = noRoomFor(definition, newLabels, name);
    if (refusal !== undefined) return refusal;
    if (!existed) {
      const fields = { hash, facts, factsBlob, source, registerMs: step.nowMs, cause: step.cause };
      step.emit(versionRegistered, { version: { ...fields, archived: false, archiveCause: undefined } });
    }
    for (const label of newLabels)
      if (definition.labels.get(label) !== hash) step.emit(labelPointed, { label, hash, searchLabels });
    // Processes of an earlier release cannot divide runs: the version gets none until it is rolled out.
    if (newLabels.has(latest)) endRollout(definition, percent === undefined ? hash : "", step);
    else if (!existed && percent !== undefined && percent > 0 && step.behaviour >= rollsOut)
      step.emit(rolloutSet, { rollout: { hash, percent } });
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
    if (label === latest) endRollout(definition, hash, step);
    return {};
  },
};

export const rollOut: DefinitionCommand<RollOutVersion, VersionRolledOut> = {
  type: "roll_out",
  codec: RollOutVersion,
  reply: VersionRolledOut,
  decide(definition, { hash, percent, searchLabels }, step) {
    const { id: name } = step.key;
    if (!definition.versions.has(hash)) return definitionErrors.missing.refusal({ name, version: hash });
    const isLatest = definition.labels.get(latest) === hash;
    if (isLatest && percent < 100) return definitionErrors.rolloutOfLatest.refusal({ name, version: hash });
    if (percent === 100) {
      if (!isLatest) step.emit(labelPointed, { label: latest, hash, searchLabels });
      endRollout(definition, "", step);
      return {};
    }
    const { rollout } = definition;
    if (percent === 0) {
      endRollout(definition, hash, step);
      return {};
    }
    if (step.behaviour < rollsOut) return definitionErrors.rolloutPending.refusal({ name });
    if (rollout?.hash !== hash || rollout.percent !== percent)
      step.emit(rolloutSet, { rollout: { hash, percent } });
    return {};
  },
};

/** Ends the rollout of this version, or of any with an empty hash. */
function endRollout({ rollout }: DefinitionView, hash: string, step: DefinitionStep): void {
  if (rollout === undefined || (hash !== "" && rollout.hash !== hash)) return;
  step.emit(rolloutSet, { rollout: undefined });
}

export const archive: DefinitionCommand<ArchiveVersions, VersionsArchived> = {
  type: "archive",
  codec: ArchiveVersions,
  reply: VersionsArchived,
  decide(definition, { hash, restore }, step) {
    if (step.events === 0 || (hash !== "" && !definition.versions.has(hash)))
      return definitionErrors.missing.refusal({ name: step.key.id, version: hash || latest });
    const hashes = hash === "" ? [...definition.versions.keys()] : [hash];
    const changed = hashes.filter((each) => definition.versions.get(each)?.archived === restore);
    const cause = restore ? undefined : step.cause;
    for (const each of changed) step.emit(versionArchived, { hash: each, archived: !restore, cause });
    return { changed: changed.length };
  },
};

function noRoomFor(
  { labels }: DefinitionView,
  newLabels: ReadonlySet<string>,
  name: string,
): Refusal | undefined {
  const added = [...newLabels].filter((label) => !labels.has(label)).length;
  return labels.size + added > labelsMax
    ? definitionErrors.labelsFull.refusal({ name, max: labelsMax })
    : undefined;
}
