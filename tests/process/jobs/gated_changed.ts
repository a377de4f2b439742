/** A job of the name and the options of gated.ts with other code: this comment. */
export { default } from "./gated.ts";
