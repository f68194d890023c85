// What is checked of proto/ besides that it can be generated: lint, format, and that nothing released breaks.
import { existsSync } from "node:fs";
import { buf, fromRoot } from "./buf.mjs";
import { readImage } from "./image.mjs";
import { imageFile, protoFolder } from "./places.mjs";
import { GenerationFailed } from "./problems.mjs";
import { readRules } from "./rules.mjs";

/** Packages that may never break; the others may until the first release, by a new image in the same commit. */
const neverBreaking = ["types", "agent", "events"];

export function lint() {
  buf("lint", protoFolder);
  readRules(readImage(protoFolder));
  return "proto/ passes buf lint and the rules for rpcs and fields";
}

export function format() {
  buf("format", protoFolder, "-w");
  return "proto/ is in buf's format";
}

export function checkFormat() {
  const difference = buf("format", protoFolder, "-d").toString();
  if (difference !== "")
    throw new GenerationFailed(
      `${difference}\nproto/ is not in buf's format. Run: node tools/generate.mjs --format`,
    );
  return "proto/ is in buf's format";
}

export function checkBreaking() {
  if (!existsSync(imageFile))
    throw new GenerationFailed(`${fromRoot(imageFile)} is missing. Run: node tools/generate.mjs --image`);
  try {
    buf("breaking", protoFolder, "--against", imageFile);
  } catch (error) {
    if (!(error instanceof GenerationFailed)) throw error;
    throw new GenerationFailed(
      `${error.message}\nThe contracts break what ${fromRoot(imageFile)} promises. Mend them; or, before the first release and ` +
        `not in ${neverBreaking.join(", ")}, run node tools/generate.mjs --image and commit the image with the change.`,
    );
  }
  return `proto/ breaks nothing that ${fromRoot(imageFile)} promises`;
}

export function writeImage() {
  readRules(readImage(protoFolder));
  if (existsSync(imageFile)) refuseBreakingForGood();
  buf("build", protoFolder, "--exclude-source-info", "-o", imageFile);
  return `${fromRoot(imageFile)} holds the contracts as they are`;
}

function refuseBreakingForGood() {
  const paths = neverBreaking
    .map((area) => `${protoFolder}/tutti/${area}`)
    .filter((path) => existsSync(path));
  try {
    buf("breaking", protoFolder, "--against", imageFile, ...paths.flatMap((path) => ["--path", path]));
  } catch (error) {
    if (!(error instanceof GenerationFailed)) throw error;
    throw new GenerationFailed(
      `${error.message}\n${neverBreaking.join(", ")} may never break: add fields and messages instead of changing them.`,
    );
  }
}
