/** Importers of foreign files. */

export { importAirflow } from "./airflow.ts";
export { importBpmn } from "./bpmn.ts";
export { type CrontabOptions, importCrontab } from "./crontab.ts";
export { importGithubActions } from "./github-actions.ts";
export { type Imported, NotImported, type Untranslated } from "./imported.ts";
export { importMakefile } from "./makefile.ts";
export { importN8n } from "./n8n.ts";
export { importServerlessWorkflow } from "./serverless-workflow.ts";
export { importStepFunctions } from "./step-functions.ts";
export { importTemporal } from "./temporal.ts";
