/** Arithmetic of what work uses up: that of runs. */
export {
  add,
  cleaned,
  inWords,
  isNothing,
  kinds,
  noAmounts,
  rounded,
  said,
  subtract,
} from "@tutti/machine-run/siblings";
