// Further checks of proto/: lint, format, and no breaking change of released contracts.
import { existsSync } from "node:fs";
import { buf, fromRoot } from "./buf.mjs";
import { readImage } from "./image.mjs";
import { imageFile, protoFolder } from "./places.mjs";
import { GenerationFailed } from "./problems.mjs";
import { readRules } from "./rules.mjs";

/** Packages that may never break. Others may break until the first release, with a new image in the same commit. */
const neverBreaking = ["types", "agent", "events"];

export function lint(folder = protoFolder) {
  buf("lint", folder);
  readRules(readImage(folder));
  return `${fromRoot(folder)} passes buf lint and the rules for rpcs and fields`;
}

export function format(folder = protoFolder) {
  buf("format", folder, "-w");
  return `${fromRoot(folder)} is in buf's format`;
}

export function checkFormat(folder = protoFolder) {
  const difference = buf("format", folder, "-d").toString();
  if (difference !== "") {
    throw new GenerationFailed(
      `${difference}\n${fromRoot(folder)} is not in buf's format. Run: node tools/generate.mjs --format`,
    );
  }
  return `${fromRoot(folder)} is in buf's format`;
}

export function checkBreaking(folder = protoFolder, image = imageFile) {
  if (!existsSync(image)) {
    throw new GenerationFailed(`${fromRoot(image)} is missing. Run: node tools/generate.mjs --image`);
  }
  const broken = breaks(folder, image);
  if (broken.length > 0) {
    throw new GenerationFailed(
      `${broken.join("\n")}\nThe contracts have breaking changes compared with ${fromRoot(image)}. Fix them. Before the first ` +
        `release and not in ${neverBreaking.join(", ")}, run node tools/generate.mjs --image and commit the image ` +
        "with the change.",
    );
  }
  return `${fromRoot(folder)} has no breaking change compared with ${fromRoot(image)}`;
}

export function writeImage(folder = protoFolder, image = imageFile) {
  readRules(readImage(folder));
  const forGood = new RegExp(`\\btutti/(${neverBreaking.join("|")})/`);
  const broken = existsSync(image) ? breaks(folder, image).filter((line) => forGood.test(line)) : [];
  if (broken.length > 0) {
    throw new GenerationFailed(
      `${broken.join("\n")}\nThe image was not changed: ${neverBreaking.join(", ")} may never break. Add fields and ` +
        "messages instead.",
    );
  }
  buf("build", folder, "--exclude-source-info", "-o", image);
  return `${fromRoot(image)} matches the contracts`;
}

/** Returns one line per breaking change, `file:line:column:what`, from the output of buf. */
function breaks(folder, image) {
  try {
    buf("breaking", folder, "--against", image);
    return [];
  } catch (error) {
    if (!(error instanceof GenerationFailed)) throw error;
    return error.message.split("\n");
  }
}
