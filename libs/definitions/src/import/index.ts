/** Importers of foreign files. */
export { type CrontabOptions, importCrontab } from "./crontab.ts";
export { importGithubActions } from "./github-actions.ts";
export { type Imported, NotImported, type Untranslated } from "./imported.ts";
export { importMakefile } from "./makefile.ts";
export { importServerlessWorkflow } from "./serverless-workflow.ts";
export { importStepFunctions } from "./step-functions.ts";
